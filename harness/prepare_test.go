package harness

import (
	"maps"
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

// TestSettingsWithoutEffect checks that settings that change no answer of a model make
// no new run of it, and that others do.
func TestSettingsWithoutEffect(t *testing.T) {
	b := &Bench{Store: filepath.Join(t.TempDir(), "results.db")}
	dataset, err := SampleDataset("law")
	if err != nil {
		t.Fatal(err)
	}
	run := func(keys map[string]string) Result {
		t.Helper()
		keys["model"], keys["limit"] = "tagger", "2"
		plan, err := ner.PlanOf(keys)
		if err != nil {
			t.Fatal(err)
		}
		summary, err := b.Run(t.Context(), Request{Plan: plan, Datasets: []*datasets.Dataset{dataset}})
		if err != nil {
			t.Fatal(err)
		}
		return summary.Runs[0]
	}
	first := run(map[string]string{})
	for _, keys := range []map[string]string{
		{"seed": "7"}, {"seed": "7", "order": "shuffle:document"}, {"order": "name"}, {"wording": "upper"}, {"paraphrase": "person=somebody"},
		{"temperature": "0.7"}, {"think": "on"}, {"context": "512"}, {"max_tokens": "5"}, {"stop": `["x"]`}, {"as": "chat"},
		{"sample_seed": "3"}, {"gold": "native"}, {"view": "all"}, {"sampling_seed": "0"},
	} {
		if again := run(maps.Clone(keys)); again.Run != first.Run || again.Asked != 0 {
			t.Errorf("%v: run %s with %d new queries, want run %s and none", keys, again.Run, again.Asked, first.Run)
		}
	}
	for _, keys := range []map[string]string{{"sampling_seed": "1"}, {"queries": "gold"}} {
		if other := run(maps.Clone(keys)); other.Run == first.Run {
			t.Errorf("%v: the same run, want another", keys)
		}
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
