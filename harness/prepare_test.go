package harness

import (
	"path/filepath"
	"testing"

	"nerbench/datasets"
	"nerbench/ner"
)

// TestPrepare checks that a prepared run has all keys of the run but those of its model.
func TestPrepare(t *testing.T) {
	b := &Bench{Store: filepath.Join(t.TempDir(), "results.db")}
	dataset, err := SampleDataset("law")
	if err != nil {
		t.Fatal(err)
	}
	r := Request{Plan: ner.Plan{Model: "tagger", Limit: 3}, Datasets: []*datasets.Dataset{dataset}}
	prepared, err := (&Preparer{Bench: b}).Prepare(t.Context(), r, dataset)
	if err != nil {
		t.Fatal(err)
	}
	summary, err := b.Run(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	store, err := b.ReadStore(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	run, err := store.Find(t.Context(), summary.Runs[0].Run)
	if err != nil {
		t.Fatal(err)
	}
	keys := prepared.Keys()
	for _, k := range ner.Keys {
		if k.Part != ner.ModelPart && keys[k.Name] != run.Keys[k.Name] {
			t.Errorf("key %s is %q, that of the run %q", k.Name, keys[k.Name], run.Keys[k.Name])
		}
	}
	if prepared.Passages != 3 || run.Passages != 3 {
		t.Errorf("%d passages are prepared, %d were asked about, want 3", prepared.Passages, run.Passages)
	}
}

// TestPreparerShares checks that the passages of several runs are read once.
func TestPreparerShares(t *testing.T) {
	p := &Preparer{Bench: &Bench{}}
	for _, c := range []struct {
		dataset string
		plan    ner.Plan
		passes  int // so far
	}{
		{"law", ner.Plan{}, 1},
		{"law", ner.Plan{Wording: "upper"}, 1},
		{"law", ner.Plan{Limit: 3}, 2},
		{"law", ner.Plan{Limit: 3, Order: "name"}, 2},
		{"biomed", ner.Plan{}, 3},
	} {
		dataset, err := SampleDataset(c.dataset)
		if err != nil {
			t.Fatal(err)
		}
		c.plan.Model = "ollama/x"
		if _, err := p.Prepare(t.Context(), Request{Plan: c.plan}, dataset); err != nil {
			t.Fatal(err)
		}
		if len(p.surveys) != c.passes {
			t.Errorf("%s %+v: %d passes over the data, want %d", c.dataset, c.plan.Keys(), len(p.surveys), c.passes)
		}
	}
}
