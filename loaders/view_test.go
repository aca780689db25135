package loaders_test

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"nerbench/datasets"
	"nerbench/internal/reference"
	"nerbench/loaders"
	"nerbench/ner"
)

// ids are the ids of the documents of a split.
func ids(t *testing.T, dataset *datasets.Dataset, data fstest.MapFS, o loaders.Options) []string {
	t.Helper()
	docs, _, err := loaders.Documents(t.Context(), data, dataset, o)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for d, err := range docs {
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Check(true); err != nil && d.Text != "" {
			t.Error(err)
		}
		all = append(all, d.ID)
	}
	return all
}

// viewDataset is a dataset of columns with three sentences in two documents.
func viewDataset(view datasets.View) (*datasets.Dataset, fstest.MapFS) {
	dataset := familyDataset("conll", "sentence", "a.tsv")
	dataset.Conll = &datasets.Conll{Separator: "tab", TagColumn: 1, Scheme: "iob2", SkipPrefix: []string{"-DOC"}}
	dataset.CountRule.View = map[ner.Split]datasets.View{ner.Test: view}
	return dataset, fstest.MapFS{"own/a.tsv": {Data: []byte("-DOC\nBo\tB-PER\nleft\tO\n.\tO\nEssa\tB-LOC\n\n.\tO\n\n-DOC\nLi\tB-PER\n")}}
}

func TestViews(t *testing.T) {
	for view, want := range map[datasets.View]string{
		datasets.ViewAll:        "[own/test/0 own/test/1 own/test/2]",
		datasets.ViewAllButLast: "[own/test/0 own/test/1]",
		datasets.ViewMarks:      "[own/test/mark0 own/test/0 own/test/1 own/test/mark1 own/test/2 own/test/mark2]",
	} {
		t.Run(string(view), func(t *testing.T) {
			dataset, data := viewDataset(view)
			equal(t, "units", fmt.Sprint(ids(t, dataset, data, loaders.Options{Split: ner.Test, View: loaders.Table6View})), want)
			equal(t, "without view", len(ids(t, dataset, data, loaders.Options{Split: ner.Test})), 3)
		})
	}
	t.Run("same as test", func(t *testing.T) {
		dataset, data := viewDataset(datasets.ViewAllButLast)
		dataset.CountRule.View[ner.Dev] = datasets.ViewSameAsTest
		equal(t, "units", fmt.Sprint(ids(t, dataset, data, loaders.Options{Split: ner.Dev, View: loaders.Table6View})), "[own/test/0 own/test/1]")
	})
	t.Run("sentences of joined documents", func(t *testing.T) {
		dataset, data := viewDataset(datasets.ViewSplitter)
		dataset.CountRule.Cut, dataset.CountRule.Join = "sentences", true
		equal(t, "units", fmt.Sprint(ids(t, dataset, data, loaders.Options{Split: ner.Test, View: loaders.Table6View})), "[own/test/0/0 own/test/0/1 own/test/2/0]")
	})
	t.Run("lines", func(t *testing.T) {
		dataset := familyDataset("documents", "document", "a.jsonl")
		dataset.CountRule.Cut, dataset.CountRule.View = "lines", map[ner.Split]datasets.View{ner.Test: datasets.ViewUnknown}
		data := fstest.MapFS{"own/a.jsonl": {Data: []byte(`{"text": "Zoë left\n \n Bo and\nEssa\n", "spans": [{"start": 0, "end": 3, "type": "PER"}, {"start": 12, "end": 14, "type": "PER"}, {"start": 15, "end": 23, "type": "LOC"}]}`)}}
		docs, tally, err := loaders.Documents(t.Context(), data, dataset, loaders.Options{Split: ner.Test, View: loaders.Table6View})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for d, err := range docs {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, fmt.Sprintf("%q", d.Text))
			for _, s := range d.Spans {
				got = append(got, string(s.Type)+"="+d.Surface(s))
			}
		}
		equal(t, "lines", strings.Join(got, " "), `"Zoë left" person=Zoë "Bo and" person=Bo "Essa"`)
		equal(t, "over a line end", tally.Repairs["over_piece_end"], 1)
	})
	t.Run("unknown", func(t *testing.T) {
		dataset, data := viewDataset(datasets.ViewAll)
		if _, _, err := loaders.Documents(t.Context(), data, dataset, loaders.Options{Split: ner.Test, View: "table7"}); err == nil {
			t.Error("no error")
		}
	})
}

// Documents are divided into splits by a seed: each document is in one split at
// most, the sizes are those of Table 6 or 80, 10 and 10 percent, and the same seed
// gives the same split.
func TestMadeSplits(t *testing.T) {
	dataset := familyDataset("documents", "document", "a.jsonl")
	dataset.Sets[0].Splits[0].Name = "all"
	var lines strings.Builder
	for i := range 57 {
		fmt.Fprintf(&lines, "{\"text\": \"document %d\", \"spans\": []}\n", i)
	}
	data := fstest.MapFS{"own/a.jsonl": {Data: []byte(lines.String())}}
	for name, tc := range map[string]struct {
		table6 datasets.Table6
		want   [3]int
	}{
		"80, 10, 10": {datasets.Table6{}, [3]int{45, 5, 7}},
		"table 6":    {datasets.Table6{Train: 30, Dev: 10, Test: 9}, [3]int{30, 10, 9}},
		"too few":    {datasets.Table6{Train: 300, Dev: 10, Test: 9}, [3]int{45, 5, 7}},
	} {
		t.Run(name, func(t *testing.T) {
			dataset.Table6 = tc.table6
			var all []string
			for i, split := range ner.Splits {
				o := loaders.Options{Split: split, Seed: 7}
				if !loaders.Made(dataset, o) {
					t.Errorf("%s is not a made split", split)
				}
				in := ids(t, dataset, data, o)
				equal(t, string(split), len(in), tc.want[i])
				if !slices.Equal(in, ids(t, dataset, data, o)) {
					t.Error("another split with the same seed")
				}
				o.Seed = 8
				if slices.Equal(in, ids(t, dataset, data, o)) {
					t.Error("the same split with another seed")
				}
				all = append(all, in...)
			}
			slices.Sort(all)
			if len(slices.Compact(all)) != tc.want[0]+tc.want[1]+tc.want[2] {
				t.Error("a document is in two splits")
			}
		})
	}
}

// TestTable6 compares the views of real files with the counts that the reference
// measured, and with Table 6 if the dataset file marks the counts as verified.
func TestTable6(t *testing.T) {
	var expected struct {
		Rows []struct {
			ID       string
			Measured map[string]json.RawMessage
		}
	}
	referenceFile(t, &expected, "benchmark", "rows.json")
	data := os.DirFS(reference.Path(t, "data"))
	ds, err := datasets.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	tested := 0
	for _, r := range expected.Rows {
		dataset, err := datasets.Find(ds, r.ID)
		if err != nil {
			t.Fatal(err)
		}
		for _, split := range ner.Splits {
			var measured struct {
				View *struct{ Units, Entities int } `json:"table6_view"`
			}
			if json.Unmarshal(r.Measured[string(split)], &measured) != nil || measured.View == nil || !loaders.Supported(dataset, "") {
				continue
			}
			tested++
			t.Run(r.ID+"/"+string(split), func(t *testing.T) {
				t.Parallel()
				docs, _, err := loaders.Documents(t.Context(), data, dataset, loaders.Options{Split: split, View: loaders.Table6View})
				if err != nil {
					t.Fatal(err)
				}
				units, spans := 0, 0
				for d, err := range docs {
					if err != nil {
						t.Fatal(err)
					}
					units++
					spans += len(d.Spans)
				}
				equal(t, "units", units, measured.View.Units)
				equal(t, "entities", spans, measured.View.Entities)
				if n, _ := dataset.Table6.Count(split); dataset.CountRule.Verified == "yes" {
					equal(t, "Table 6", units, n)
				}
			})
		}
	}
	if tested < 40 {
		t.Errorf("%d splits have a view that was measured", tested)
	}
}
