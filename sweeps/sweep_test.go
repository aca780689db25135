package sweeps_test

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"nerbench/datasets"
	"nerbench/metrics"
	"nerbench/reports/paper"
	"nerbench/sweeps"
)

// TestPlans lints the plans of the program.
func TestPlans(t *testing.T) {
	for _, name := range sweeps.Names() {
		t.Run(name, func(t *testing.T) {
			s, err := sweeps.Named(name)
			if err != nil {
				t.Fatal(err)
			}
			if s.Meaning == "" {
				t.Error("meaning: missing")
			}
			bases := 0
			for _, p := range s.All() {
				if p.Baseline {
					bases++
				}
			}
			if bases != 1 {
				t.Errorf("%d baselines", bases)
			}
		})
	}
}

// TestPublished: the items of the paper and the datasets that plans name exist, and
// so do their metrics.
func TestPublished(t *testing.T) {
	ds, err := datasets.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	items, err := paper.Items()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range sweeps.Names() {
		s, err := sweeps.Named(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, named := range s.Published {
			if !slices.ContainsFunc(items, func(i paper.Item) bool { return i.Name == named }) {
				t.Errorf("%s: published %q: the paper has no such item", name, named)
			}
		}
		for _, id := range s.Datasets {
			if _, err := datasets.Find(ds, id); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		for _, id := range s.Metrics {
			if _, _, err := metrics.ParseID(id); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

func TestFaults(t *testing.T) {
	const title = "title = \"t\"\n"
	for _, c := range []struct{ name, text, want string }{
		{"unknown field", title + "titel = 3\n[grid]\norder = [\"name\"]\n", `p.toml:2: key "titel": unknown`},
		{"former name", title + "rows = [\"mit-movie\"]\n[grid]\norder = [\"name\"]\n", `p.toml:2: rows: unknown key, it is now "datasets"`},
		{"unknown key", title + "[grid]\nordr = [\"name\"]\n", `p.toml:3: grid.ordr: unknown key; did you mean "order"?`},
		{"unknown fixed key", title + "[fixed]\nx = 1\n[grid]\norder = [\"name\"]\n", "p.toml:3: fixed.x: unknown key"},
		{"nothing varies", title, "nothing varies"},
		{"no title", "[grid]\norder = [\"name\"]\n", "title: want one line"},
		{"no values", title + "[grid]\norder = []\n", "p.toml:3: grid.order: no values"},
		{"uneven zip", title + "[zip]\norder = [\"name\", \"listed\"]\nwording = [\"upper\"]\n", "p.toml:4: zip.wording: 1 values, but another key has 2"},
		{"fixed and varied", title + "[fixed]\norder = \"name\"\n[grid]\norder = [\"listed\"]\n", "order: occurs in fixed and grid"},
		{"seed twice", title + "seeds = [1]\n[grid]\nseed = [1]\n", "seed: occurs in grid and seeds"},
		{"seeds that repeat", title + "seeds = [0, 1, 0]\n[grid]\norder = [\"name\"]\n", "p.toml:2: seeds: 0 occurs twice"},
		{"datasets that repeat", title + "datasets = [\"a\", \"a\"]\n[grid]\norder = [\"name\"]\n", "p.toml:2: datasets: a occurs twice"},
		{"metrics that repeat", title + "metrics = [\"span_f1\", \"span_f1\"]\n[grid]\norder = [\"name\"]\n", "p.toml:2: metrics: span_f1 occurs twice"},
		{"too many points", title + "[grid]\n" + strings.Join([]string{"shots", "cap", "limit", "sample_seed", "max_tokens", "context"}, " = [1, 2, 3, 4, 5, 6, 7, 8, 9]\n") + " = [1]\n", "p.toml: more than 10000 combinations of values"},
		{"same point", title + "[grid]\norder = [\"name\", \"name\"]\n", "two points are the same: order=name"},
		{"no such baseline", title + "[grid]\norder = [\"name\"]\n[baseline]\norder = \"listed\"\n", "p.toml:5: baseline: no point has these values"},
		{"baseline of another key", title + "[grid]\norder = [\"name\"]\n[baseline]\nshots = 3\n", "p.toml:5: baseline.shots: the key does not vary"},
		{"a list as value", title + "[fixed]\norder = [\"name\"]\n[grid]\nshots = [1]\n", "p.toml:3: fixed.order: [name]: want a string or a number"},
		{"all values of another key", title + "[grid]\norder = [\"*\"]\n", `is valid for paraphrase only`},
		{"negatives unsaid", title + "[grid]\nqueries = [\"all\", \"gold\"]\n", `want negatives = "inference"`},
		{"negatives misnamed", title + "negatives = \"training\"\n[grid]\nqueries = [\"all\", \"gold\"]\n", "p.toml:2: negatives: a sweep over query sets is about inference"},
		{"negatives mixed", title + "negatives = \"inference\"\n[grid]\nqueries = [\"all\", \"gold\"]\nmodel = [\"a\", \"b\"]\n", "must not share a table"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := sweeps.Read(fstest.MapFS{"p.toml": {Data: []byte(c.text)}}, "p.toml")
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is %v\nwant %s", err, c.want)
			}
		})
	}
}

// TestPoints holds the order of the points, and which is the baseline.
func TestPoints(t *testing.T) {
	const text = `title = "t"
[grid]
order = ["listed", "name"]
[zip]
shots = [0, 3]
wording = ["native", "upper"]
[[point]]
temperature = 0
[[point]]
temperature = 0.5
sampling_seed = 2
[baseline]
order = "name"
temperature = 0.5
`
	s, err := sweeps.Read(fstest.MapFS{"p.toml": {Data: []byte(text)}}, "p.toml")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range s.All() {
		name := p.Name(s.Varied())
		if p.Baseline {
			name += " (baseline)"
		}
		got = append(got, name)
	}
	want := []string{
		"order=listed shots=0 wording=native temperature=0 sampling_seed=–",
		"order=listed shots=0 wording=native temperature=0.5 sampling_seed=2",
		"order=listed shots=3 wording=upper temperature=0 sampling_seed=–",
		"order=listed shots=3 wording=upper temperature=0.5 sampling_seed=2",
		"order=name shots=0 wording=native temperature=0 sampling_seed=–",
		"order=name shots=0 wording=native temperature=0.5 sampling_seed=2 (baseline)",
		"order=name shots=3 wording=upper temperature=0 sampling_seed=–",
		"order=name shots=3 wording=upper temperature=0.5 sampling_seed=2",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("points\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
