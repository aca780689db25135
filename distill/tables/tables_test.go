package tables

import (
	"bytes"
	"encoding/csv"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"nerbench/distill"
	"nerbench/reports"
	"nerbench/reports/paper"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// teachers are the invented answers of two teachers about the same passages.
func teachers() *Statistics {
	passage := func(id, source, text string, entities ...distill.Entity) *distill.Kept {
		return &distill.Kept{Passage: distill.Passage{ID: id, Source: source, Text: text}, Entities: entities}
	}
	mira := distill.Folder{Name: "mira", Data: &distill.Data{
		Corpus:   distill.Corpus{Teacher: distill.Teacher{Model: "ollama/mira", Variant: "type"}, Removed: distill.Removed{Parts: 9, Blank: 1, Contaminated: 2, Repeated: 1}},
		Passages: 5,
		Kept: []*distill.Kept{
			passage("a/0", "letters", "Ada Voss met Bo in Essa", distill.Entity{Text: "Ada Voss", Type: "person"}, distill.Entity{Text: "Bo", Type: "person"}, distill.Entity{Text: "Essa", Type: "location"}),
			passage("b/0", "letters", "Quarn AG is in Essa", distill.Entity{Text: "Quarn AG", Type: "company"}, distill.Entity{Text: "Essa", Type: "location"}),
			passage("c/0", "=news", "Bo left", distill.Entity{Text: "Bo", Type: "person"}),
		},
		Dropped: []distill.Dropped{{Passage: "a/0", Why: distill.ElseType, Entity: "met", Type: "ELSE"}, {Passage: "d/0", Why: distill.Unparseable}, {Passage: "a/0", Why: distill.Conflict, Kept: true}},
	}}
	tess := distill.Folder{Name: "tess", Data: &distill.Data{
		Corpus:   distill.Corpus{Teacher: distill.Teacher{Model: "ollama/tess", Variant: "type"}},
		Passages: 5,
		Kept: []*distill.Kept{
			passage("a/0", "letters", "Ada Voss met Bo in Essa", distill.Entity{Text: "Ada Voss", Type: "Person"}, distill.Entity{Text: "Essa", Type: "city"}),
			passage("b/0", "letters", "Quarn AG is in Essa", distill.Entity{Text: "Quarn AG", Type: "company"}, distill.Entity{Text: "Essa", Type: "city"}),
			passage("d/0", "=news", "Ada ran", distill.Entity{Text: "Ada", Type: "person"}),
		},
		Dropped: []distill.Dropped{{Passage: "c/0", Why: distill.NoEntityLeft}, {Passage: "e/0", Why: distill.Unparseable}},
	}}
	s := &Statistics{Published: Published()}
	var passages []distill.Passage
	for _, k := range append(slices.Clone(mira.Kept), tess.Kept[2]) {
		passages = append(passages, k.Passage)
	}
	for _, f := range []distill.Folder{mira, tess} {
		summary := distill.Summarize(f)
		summary.Sources = distill.BySource(passages, f.Kept)
		s.Folders = append(s.Folders, summary)
	}
	a := distill.Agree(mira, tess)
	s.Agreement = &a
	return s
}

func TestFormats(t *testing.T) {
	s := teachers()
	for _, format := range reports.ExhibitFormats() {
		t.Run(format, func(t *testing.T) {
			var got bytes.Buffer
			if err := s.Write(&got, format, reports.Latex{}); err != nil {
				t.Fatal(err)
			}
			golden := filepath.Join("testdata", "stats."+format)
			if *update {
				if err := os.WriteFile(golden, got.Bytes(), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got.Bytes(), want) {
				t.Errorf("differs from %s (-update rewrites it); got:\n%s", golden, got.String())
			}
		})
	}
}

// TestCountsAddUp: each passage and each entity is in one line.
func TestCountsAddUp(t *testing.T) {
	for _, f := range teachers().Folders {
		dropped := 0
		for _, x := range f.Filters {
			if x.Of == "passages" {
				dropped += x.Count
			}
		}
		if f.Unanswered+dropped+f.Table1.Passages != f.Passages {
			t.Errorf("%s: %d unanswered, %d dropped and %d kept are not %d", f.Dir, f.Unanswered, dropped, f.Table1.Passages, f.Passages)
		}
		passages, entities := 0, 0
		for _, x := range f.Sources {
			passages += x.Kept
			entities += x.Entities
		}
		if passages != f.Table1.Passages || entities != f.Table1.Entities {
			t.Errorf("%s: the sources have %d passages and %d entities, table 1 has %d and %d", f.Dir, passages, entities, f.Table1.Passages, f.Table1.Entities)
		}
		if n := f.Ranks[len(f.Ranks)-1].Rank; n != f.Table1.Types {
			t.Errorf("%s: the last rank is %d of %d types", f.Dir, n, f.Table1.Types)
		}
	}
}

func TestAgreement(t *testing.T) {
	a := teachers().Agreement
	want := distill.Agreement{
		A: "mira", B: "tess", Both: 2, OnlyA: 1, OnlyB: 1, EntitiesA: 5, EntitiesB: 4, Equal: 2, Strings: 4, StringsA: 5, StringsB: 4, Types: 2, TypesA: 3, TypesB: 3,
		Pairs: []distill.TypePair{{A: "location", B: "city", Count: 2}},
	}
	if a.Pairs[0] != want.Pairs[0] || len(a.Pairs) != 1 {
		t.Errorf("pairs are %+v, want %+v", a.Pairs, want.Pairs)
	}
	got := *a
	got.Pairs = nil
	want.Pairs = nil
	if got.Both != want.Both || got.OnlyA != want.OnlyA || got.OnlyB != want.OnlyB || got.EntitiesA != want.EntitiesA || got.EntitiesB != want.EntitiesB ||
		got.Equal != want.Equal || got.Strings != want.Strings || got.StringsA != want.StringsA || got.StringsB != want.StringsB || got.Types != want.Types || got.TypesA != want.TypesA || got.TypesB != want.TypesB {
		t.Errorf("agreement is %+v, want %+v", got, want)
	}
}

// TestPublishedEqualsThePaper: the published Table 1 is that of "paper table1".
func TestPublishedEqualsThePaper(t *testing.T) {
	items, err := paper.Select("table1")
	if err != nil {
		t.Fatal(err)
	}
	p, item := Published(), items[0]
	types := 0
	for i, r := range p.Ranges {
		line := item.Fixed[i]
		if line[1] != reports.OneDecimal(r.Share * 100)[:strings.Index(reports.OneDecimal(r.Share*100), ".")]+" %" || line[2] != names(r.Top) {
			t.Errorf("range %d is %v, the paper prints %v", i, r, line)
		}
		types += r.Types
	}
	if types != p.Types {
		t.Errorf("the ranges have %d types of %d", types, p.Types)
	}
	for _, n := range []int{p.Passages, p.Entities, p.Types} {
		text := strconv.Itoa(n)
		text = text[:len(text)-3] + "," + text[len(text)-3:]
		if !strings.Contains(item.Note, text) {
			t.Errorf("the note of table1 has no %s: %s", text, item.Note)
		}
	}
}

// TestCSV: spreadsheets and programs read the lines.
func TestCSV(t *testing.T) {
	var b bytes.Buffer
	if err := teachers().Write(&b, "csv", reports.Latex{}); err != nil {
		t.Fatal(err)
	}
	lines, err := csv.NewReader(&b).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range lines {
		if strings.HasPrefix(l[2], "=") {
			t.Errorf("a spreadsheet would compute %v", l)
		}
	}
}

// TestShortNames: a type of any length takes a part of a line, cut between characters.
func TestShortNames(t *testing.T) {
	got := shortNames([]string{"person", strings.Repeat("é", 500)})
	if want := "person, " + strings.Repeat("é", longestName/2) + "…"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
