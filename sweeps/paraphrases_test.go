package sweeps_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"nerbench/harness"
	"nerbench/runners/ollama/ollamatest"
	"nerbench/sweeps"
)

// TestParaphrases asks for locations by three names. Gold has four locations in
// three passages: the model finds three of them by the type's own name, one by
// "place", none by "area".
func TestParaphrases(t *testing.T) {
	found := map[string][]string{"location": {"Dayton", "Ohio", "Springvale"}, "place": {"Dayton"}}
	server := ollamatest.New(t, func(f *ollamatest.Fake) {
		f.Answer = func(prompt string) string {
			for name, mentions := range found {
				if !strings.Contains(prompt, "describes "+name) {
					continue
				}
				var there []string
				for _, m := range mentions {
					if strings.Contains(prompt, m) {
						there = append(there, `"`+m+`"`)
					}
				}
				return "[" + strings.Join(there, ", ") + "]"
			}
			return "[]"
		}
	})
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "types"), 0o700); err != nil {
		t.Fatal(err)
	}
	types := "[[type]]\nname = \"location\"\nparaphrases = [\"place\", \"area\"]\n"
	if err := os.WriteFile(filepath.Join(dir, "types", "sample-law.toml"), []byte(types), 0o600); err != nil {
		t.Fatal(err)
	}
	const plan = "title = \"Names\"\ndatasets = [\"sample-law\"]\n[fixed]\nmodel = \"ollama/tiny\"\nfamily = \"uniner\"\n[grid]\nparaphrase = [\"\", \"*\"]\n"
	s, err := sweeps.Read(fstest.MapFS{"p.toml": {Data: []byte(plan)}}, "p.toml")
	if err != nil {
		t.Fatal(err)
	}
	bench := &harness.Bench{Store: filepath.Join(dir, "results.db"), Families: dir}
	p, err := sweeps.Prepare(t.Context(), bench, s, harness.Request{Servers: []string{server.URL}})
	if err != nil {
		t.Fatal(err)
	}
	work, err := p.Workload(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	// Only the query for the paraphrased type is new.
	if work.Points != 3 || work.Queries != 3*72 || work.ToAsk != 72+2*12 {
		t.Errorf("%d points, %d queries, %d to ask", work.Points, work.Queries, work.ToAsk)
	}
	if _, err := p.Run(t.Context()); err != nil || server.Asked() != work.ToAsk {
		t.Fatalf("%d queries are sent, %v", server.Asked(), err)
	}
	r, err := p.Result(t.Context(), sweeps.Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := []struct {
		name                  string
		f1, spread, agreement float64 // -1: none
	}{
		{"location", 6.0 / 7, 6.0 / 7, -1},
		{"place", 2.0 / 5, -1, 0.25}, // half of one passage, nothing of another one
		{"area", 0, -1, 0},
	}
	if len(r.Paraphrases) != len(want) {
		t.Fatalf("paraphrases %+v", r.Paraphrases)
	}
	for i, w := range want {
		l := r.Paraphrases[i]
		if l.Name != w.name || !is(l.F1, w.f1) || !is(l.Spread, w.spread) || !is(l.Agreement, w.agreement) {
			t.Errorf("line %d is %+v, want %+v", i, l, w)
		}
	}
	x := r.Exhibit()
	var text strings.Builder
	if err := x.Write(&text, "csv"); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"sample-law,location,location,true,0.857", "sample-law,location,place,false,0.4,,0.25\n", "sample-law,location,area,false,0,,0\n"} {
		if !strings.Contains(text.String(), line) {
			t.Errorf("no line %q in\n%s", line, text.String())
		}
	}
}

// is compares a number that may be absent (-1).
func is(v *float64, want float64) bool {
	if v == nil || want < 0 {
		return v == nil && want < 0
	}
	return *v-want < 1e-12 && want-*v < 1e-12
}
