package loaders_test

import (
	"compress/gzip"
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"nerbench/datasets"
	"nerbench/internal/reference"
	"nerbench/loaders"
	"nerbench/ner"
)

// officialText is one text of a UniversalNER test file: its gold strings by type.
type officialText struct {
	text string
	gold map[ner.EntityType][]string
}

// officialFile reads a test file of the UniversalNER project: one item for each
// (text, type); a new text begins when the text changes or a type repeats.
func officialFile(t *testing.T, name string) []officialText {
	t.Helper()
	file, err := os.Open(reference.Path(t, "vectors", "official", name))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	in, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	var items []struct{ Conversations []struct{ Value string } }
	if err := json.NewDecoder(in).Decode(&items); err != nil {
		t.Fatal(err)
	}
	var texts []officialText
	for _, item := range items {
		text := strings.TrimPrefix(item.Conversations[0].Value, "Text: ")
		question := strings.TrimPrefix(item.Conversations[2].Value, "What describes ")
		asked := ner.EntityType(strings.TrimSuffix(question, " in the text?"))
		var gold []string
		if err := json.Unmarshal([]byte(item.Conversations[3].Value), &gold); err != nil {
			t.Fatal(err)
		}
		last := len(texts) - 1
		if last < 0 || texts[last].text != text || texts[last].gold[asked] != nil {
			texts = append(texts, officialText{text, map[ner.EntityType][]string{}})
			last++
		}
		texts[last].gold[asked] = append([]string{}, gold...)
	}
	return texts
}

// The gold rule of a dataset gives the same strings as the official test file.
func TestOfficialGold(t *testing.T) {
	ds, err := datasets.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		row, file          string
		texts, lost, items int // lost: last queries that the authors' parser left out
	}{
		{"crossner-ai", "CrossNER_AI.json.gz", 431, 0, 1624},
		{"mit-restaurant", "mit-restaurant.json.gz", 1520, 1, 3150},
	} {
		t.Run(tc.row, func(t *testing.T) {
			official := officialFile(t, tc.file)
			equal(t, "texts", len(official), tc.texts)
			dataset, err := datasets.Find(ds, tc.row)
			if err != nil {
				t.Fatal(err)
			}
			o := loaders.Options{Split: ner.Test, Gold: dataset.UniNERGold}
			docs, _, err := readAll(t, os.DirFS(reference.Path(t, "data")), dataset, o)
			if err != nil {
				t.Fatal(err)
			}
			equal(t, "documents", len(docs), tc.texts+tc.lost)
			items := 0
			for i, want := range official {
				got := officialText{docs[i].Text, map[ner.EntityType][]string{}}
				for _, typ := range dataset.Types() {
					got.gold[typ] = []string{}
				}
				for _, s := range docs[i].Spans {
					got.gold[s.Type] = append(got.gold[s.Type], docs[i].Surface(s))
					items++
				}
				if got.text != want.text || !maps.EqualFunc(got.gold, want.gold, slices.Equal) {
					t.Errorf("text %d: got %q, official %q", i, got, want)
				}
			}
			equal(t, "items", items, tc.items)
		})
	}
}

// The counts of the official test files that are not available here are recorded.
func TestOfficialGoldCounts(t *testing.T) {
	data := os.DirFS(reference.Path(t, "data"))
	ds, err := datasets.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]struct{ lost, items int }{
		"crossner-literature": {0, 2025}, "crossner-music": {0, 3163}, "crossner-politics": {1, 3943},
	} {
		dataset, err := datasets.Find(ds, id)
		if err != nil {
			t.Fatal(err)
		}
		docs, _, err := readAll(t, data, dataset, loaders.Options{Split: ner.Test, Gold: dataset.UniNERGold})
		if err != nil {
			t.Fatal(err)
		}
		items := 0
		for _, d := range docs[:len(docs)-want.lost] {
			items += len(d.Spans)
		}
		equal(t, id, items, want.items)
	}
}
