package sweeps_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"nerbench/harness"
	"nerbench/runners/ollama/ollamatest"
	"nerbench/sweeps"
)

// TestRun plans, asks and counts a sweep over a model with a card and a tagger.
func TestRun(t *testing.T) {
	server := ollamatest.New(t)
	dir := t.TempDir()
	card := "title = \"House\"\nmodel = \"ollama/tiny\"\nfamily = \"uniner\"\nshape = \"completion\"\ntraining = [\"sample-law\"]\nprice_in = 2.0\nprice_out = 3.0\n"
	if err := os.WriteFile(filepath.Join(dir, "house.toml"), []byte(card), 0o600); err != nil {
		t.Fatal(err)
	}
	bench := &harness.Bench{Data: filepath.Join(dir, "data"), Store: filepath.Join(dir, "results.db"), Cards: dir}
	prepare := func() *sweeps.Prepared {
		t.Helper()
		const plan = "title = \"Models\"\nmodels = \"size\"\ndatasets = [\"sample-law\"]\n[fixed]\nlimit = 5\n"
		s, err := sweeps.Read(fstest.MapFS{"p.toml": {Data: []byte(plan)}}, "p.toml")
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Override(sweeps.Overrides{Models: []string{"house", "tagger"}}); err != nil {
			t.Fatal(err)
		}
		p, err := sweeps.Prepare(t.Context(), bench, s, harness.Request{Servers: []string{server.URL}, Connections: 1})
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	p := prepare()
	work, err := p.Workload(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if work.Points != 2 || len(work.Runs) != 2 || !work.Exact || work.ToAsk == 0 || work.ToAsk != work.Queries {
		t.Errorf("workload %+v", work)
	}
	if err := p.Estimate(t.Context(), work, 2); err != nil {
		t.Fatal(err)
	}
	if e := work.Estimate; e == nil || e.Model != "ollama/tiny, tagger" || e.Probes[0].Queries == 0 || e.Probes[1].Queries == 0 {
		t.Errorf("estimate %+v", work.Estimate)
	}
	if _, err := os.Stat(bench.Store); !os.IsNotExist(err) {
		t.Errorf("a plan makes a store: %v", err)
	}
	if _, err := p.Result(t.Context(), sweeps.Options{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a result without a store: %v", err)
	}
	if incomplete, err := p.Run(t.Context()); err != nil || incomplete != 0 {
		t.Fatalf("%d incomplete, %v", incomplete, err)
	}
	now, err := p.Result(t.Context(), sweeps.Options{})
	if err != nil {
		t.Fatal(err)
	}
	p, asked := prepare(), server.Asked() // finds its runs in the store
	later, err := p.Result(t.Context(), sweeps.Options{Price: harness.Price{In: 4, Out: 6}})
	if err != nil {
		t.Fatal(err)
	}
	for i := range now.Lines {
		a, b := now.Lines[i], later.Lines[i]
		if a.Used != 1 || len(a.Runs) != 1 || len(b.Runs) != 1 || a.Runs[0] != b.Runs[0] {
			t.Errorf("line %d: %+v\nlater %+v", i, a, b)
		}
	}
	// The card says that the model has seen the dataset.
	for i, want := range []string{"seen in training", ""} {
		if note := now.Lines[i].Remarks["sample-law"]; !strings.HasSuffix(note, want) || want == "" && strings.Contains(note, "seen") {
			t.Errorf("line %d has the note %q, want %q at its end", i, note, want)
		}
	}
	var text strings.Builder
	if x := now.Exhibit(); x.Write(&text, "text") != nil || !strings.Contains(text.String(), " (a) ") || !strings.Contains(text.String(), "; seen in training\n") && !strings.Contains(text.String(), ", seen in training\n") {
		t.Errorf("the table does not mark what was seen:\n%s", text.String())
	}
	// The price of the card, unless another is named.
	if a, b := now.Lines[0].Cost.Money, later.Lines[0].Cost.Money; a == nil || b == nil || *a <= 0 || *b != 2**a {
		t.Errorf("costs %v, later %v", a, b)
	}
	if now.Lines[1].Cost.Money != nil {
		t.Error("the tagger has a price")
	}
	if work, err = p.Workload(t.Context()); err != nil || work.ToAsk != 0 {
		t.Errorf("%d to ask, %v", work.ToAsk, err)
	}
	if err := p.Estimate(t.Context(), work, 2); err != nil || work.Estimate != nil {
		t.Errorf("estimate %+v, %v", work.Estimate, err)
	}
	if _, err := p.Run(t.Context()); err != nil || server.Asked() != asked {
		t.Errorf("%d queries are sent again, %v", server.Asked()-asked, err)
	}
}

// TestOverride holds the requests that a plan refuses.
func TestOverride(t *testing.T) {
	const (
		title  = "title = \"t\"\n"
		order  = title + "[grid]\norder = [\"listed\", \"name\"]\n"
		models = title + "models = \"size\"\n"
	)
	one, ds := []string{"ollama/x"}, []string{"sample-law"}
	for _, c := range []struct {
		name, plan string
		overrides  sweeps.Overrides
		want       string // of the error; empty: accepted
	}{
		{"complete", order, sweeps.Overrides{Models: one, Datasets: ds, Keys: map[string]string{"limit": "3"}}, ""},
		{"key that varies", order, sweeps.Overrides{Models: one, Datasets: ds, Keys: map[string]string{"order": "name"}}, "order varies and cannot be set"},
		{"seed beside seeds", "seeds = [1, 2]\n" + order, sweeps.Overrides{Models: one, Datasets: ds, Keys: map[string]string{"seed": "3"}}, "seed varies and cannot be set"},
		{"no model", order, sweeps.Overrides{Datasets: ds}, "no model: want -m MODEL"},
		{"two models", order, sweeps.Overrides{Models: []string{"ollama/x", "ollama/y"}, Datasets: ds}, "want one model, not 2"},
		{"model that varies", title + "[grid]\nmodel = [\"a\", \"b\"]\n", sweeps.Overrides{Models: one, Datasets: ds}, "model varies and cannot be set"},
		{"one of two models", models, sweeps.Overrides{Models: one, Datasets: ds}, "compares models: want all of them"},
		{"no datasets", order, sweeps.Overrides{Models: one}, "no datasets: want -d"},
		{"unknown metric", order, sweeps.Overrides{Models: one, Datasets: ds, Metrics: []string{"f1"}}, `metric "f1": unknown`},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := sweeps.Read(fstest.MapFS{"p.toml": {Data: []byte(c.plan)}}, "p.toml")
			if err != nil {
				t.Fatal(err)
			}
			err = s.Override(c.overrides)
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("error is %v\nwant %s", err, c.want)
			}
		})
	}
}
