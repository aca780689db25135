package datasets

import (
	"slices"
	"strings"
	"testing"

	"nerbench/internal/latextest"
)

// TestReferences: each dataset of the benchmark has an entry, whose year its citation
// names, and each entry belongs to a dataset or is the paper.
func TestReferences(t *testing.T) {
	ds, err := Embedded()
	if err != nil {
		t.Fatal(err)
	}
	known, err := EmbeddedReferences()
	if err != nil {
		t.Fatal(err)
	}
	used := []string{PaperKey}
	for _, d := range ds {
		used = append(used, d.Citation.Key)
		r, err := findReference(known, d.Citation.Key)
		if err != nil {
			t.Errorf("%s: %v", d.ID, err)
			continue
		}
		if !strings.Contains(d.Citation.Text, r.Field("year")) || !strings.Contains(r.Key, r.Field("year")) {
			t.Errorf("%s: year %s is not in %q, %s", d.ID, r.Field("year"), d.Citation.Text, r.Key)
		}
		first, _, _ := strings.Cut(r.Field("author"), ",")
		plain := strings.NewReplacer("{", "", "}", "", `\u`, "", `\'`, "", "-", "").Replace(first)
		if !strings.HasPrefix(r.Key, strings.ToLower(plain)) && !strings.Contains(r.Key, "uzuner") {
			t.Errorf("%s: the key %s does not begin with the first author, %s", d.ID, r.Key, plain)
		}
	}
	for _, r := range known {
		if !slices.Contains(used, r.Key) {
			t.Errorf("no dataset has the key %s", r.Key)
		}
	}
}

// TestReferencesCompile: bibtex reads all entries without a warning, and those of own
// datasets.
func TestReferencesCompile(t *testing.T) {
	ds, err := Embedded()
	if err != nil {
		t.Fatal(err)
	}
	ds = append(ds, valid(func(d *Dataset) { d.Title = "Own {data} 100% & more_" }))
	references, err := References(ds)
	if err != nil {
		t.Fatal(err)
	}
	paper, err := Paper()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, r := range append(references, paper) {
		b.WriteString(r.String())
	}
	latextest.Bibliography(t, b.String())
}

func TestParseBibTeX(t *testing.T) {
	const good = "@misc{a1,\n  author = {A, B},\n  title = {C},\n  howpublished = {D},\n  year = {2020},\n}\n"
	for _, test := range []struct{ name, in, want string }{
		{"entry", good, ""},
		{"comment", "% remark\n\n" + good, ""},
		{"accent", strings.Replace(good, "A, B", `{\"O}z, {\u{g}} \& \{`, 1), ""},
		{"twice", good + good, "line 12: a1: the key is used twice"},
		{"no end", strings.TrimSuffix(good, "\n}\n"), "does not end"},
		{"no entry", "title = {C}", "line 1"},
		{"string", "@string(a = 1)", "want @type{key,"},
		{"value without braces", strings.Replace(good, "{2020}", "2020", 1), "want name = {value}"},
		{"type", strings.Replace(good, "misc", "paper", 1), `type "paper": unknown`},
		{"author", strings.Replace(good, "author", "editor", 1), "author: missing"},
		{"year", strings.Replace(good, "2020", "20", 1), "want four digits"},
		{"venue", strings.Replace(good, "misc", "article", 1), "journal: missing"},
		{"field twice", strings.Replace(good, "},\n}", "},\n  year = {2021},\n}", 1), "year: twice"},
		{"braces", strings.Replace(good, "{C}", "{C{}", 1), "braces do not match"},
		{"closing brace", strings.Replace(good, "{C}", "{C}{}", 1), "braces do not match"},
		{"percent", strings.Replace(good, "{C}", "{100%}", 1), "not escaped"},
		{"letter", strings.Replace(good, "A, B", "Ö, B", 1), "not ASCII"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := ParseBibTeX(test.in)
			if test.want != "" {
				if err == nil || !strings.Contains(err.Error(), test.want) {
					t.Errorf("error %v, want %q", err, test.want)
				}
				return
			}
			if err != nil || len(got) != 1 {
				t.Fatalf("%d entries, error %v", len(got), err)
			}
			if again, err := ParseBibTeX(got[0].String()); err != nil || again[0].String() != got[0].String() {
				t.Errorf("printed and parsed again: %v, error %v", again, err)
			}
		})
	}
}

func FuzzParseBibTeX(f *testing.F) {
	f.Add("@misc{a1,\n  author = {A},\n  title = {C},\n  howpublished = {D},\n  year = {2020},\n}\n")
	f.Fuzz(func(t *testing.T, text string) {
		references, err := ParseBibTeX(text)
		if err != nil {
			return
		}
		for _, r := range references {
			if again, err := ParseBibTeX(r.String()); err != nil || len(again) != 1 || again[0].String() != r.String() {
				t.Errorf("%q: printed and parsed again: %v, error %v", r.String(), again, err)
			}
		}
	})
}

// TestOwnReference: an own dataset has its own BibTeX, or an entry from its citation.
func TestOwnReference(t *testing.T) {
	const entry = "@misc{own2026,\n  author = {A, B},\n  title = {C},\n  howpublished = {D},\n  year = {2026},\n}\n"
	own := valid(func(d *Dataset) { d.Citation.BibTeX = entry })
	if faults := Lint(own); len(faults) > 0 {
		t.Fatal(faults)
	}
	got, err := References([]*Dataset{own, own})
	if err != nil || len(got) != 1 || got[0].String() != entry {
		t.Errorf("references %v, error %v", got, err)
	}
	plain := valid(func(*Dataset) {})
	got, err = References([]*Dataset{plain})
	if err != nil || len(got) != 1 || got[0].Field("note") != "Own, 2026" {
		t.Errorf("references %v, error %v", got, err)
	}
	if _, err := References([]*Dataset{own, plain}); err == nil || !strings.Contains(err.Error(), "another entry") {
		t.Errorf("two entries with one key: %v", err)
	}
	for name, bad := range map[string]string{"key": strings.Replace(entry, "own2026", "x2026", 1), "two": entry + strings.Replace(entry, "own2026", "x2026", 1), "syntax": "x"} {
		if faults := Lint(valid(func(d *Dataset) { d.Citation.BibTeX = bad })); len(faults) != 1 || !strings.Contains(faults[0].Error(), "citation.bibtex") {
			t.Errorf("%s: faults %v", name, faults)
		}
	}
}
