package harness

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"testing"

	"nerbench/internal/tinymodel"
	"nerbench/ner"
	"nerbench/runners/open"
)

// TestRunRefuses: a plan with a malformed value is a usage error before anything is
// trained, asked, or stored.
func TestRunRefuses(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		name string
		plan ner.Plan
		part ner.Shard
	}{
		{name: "split", plan: ner.Plan{Split: "foo"}},
		{name: "cap", plan: ner.Plan{Cap: -3}},
		{name: "limit", plan: ner.Plan{Limit: -1}},
		{name: "temperature", plan: ner.Plan{Temperature: &nan}},
		{name: "shard", plan: ner.Plan{Shard: ner.Shard{Index: 2, Of: 1}}},
		{name: "shard of an older version", plan: ner.Plan{Shard: ner.Shard{Index: 1, Of: 2}}},
		{name: "part", part: ner.Shard{Index: 3, Of: 2}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := &Bench{Store: filepath.Join(t.TempDir(), "results.db"), Notify: func(e Event) { t.Errorf("event %+v", e) }}
			c.plan.Model, c.plan.Dataset = "tagger", "sample-law"
			if _, err := b.Run(t.Context(), Request{Plan: c.plan, Part: c.part}); !errors.As(err, new(*UsageError)) {
				t.Errorf("error is %v, want a usage error", err)
			}
			if _, err := os.Stat(b.Store); err == nil {
				t.Error("there is a store")
			}
		})
	}
}

// TestRunLoadsOnce: a model in the process is loaded once for all datasets of a call, also
// if its labels match no type of one of them.
func TestRunLoadsOnce(t *testing.T) {
	t.Chdir(t.TempDir())
	c := tinymodel.Classifier{
		Labels: []string{"O", "B-PERSON"}, Tokens: map[string]string{"Mira": "B-PERSON"}, Order: []string{"Mira"}, Positions: 64,
	}
	if err := c.WriteFolder("classifier"); err != nil {
		t.Fatal(err)
	}
	b := &Bench{Store: "results.db"}
	kept := &open.Kept{}
	defer kept.Close()
	r := Request{Plan: ner.Plan{Model: "onnx/classifier"}, Kept: kept}
	for _, id := range []string{"sample-general", "sample-programming", "sample-law", "sample-finance"} {
		d, err := b.FindDataset(id)
		if err != nil {
			t.Fatal(err)
		}
		r.Datasets = append(r.Datasets, d)
	}
	for range 2 {
		summary, err := b.Run(t.Context(), r)
		if err == nil || len(summary.Runs) != 3 || len(summary.NotRun) != 1 || kept.Loads() != 1 {
			t.Errorf("%d runs, %d not run, %d loads, %v", len(summary.Runs), len(summary.NotRun), kept.Loads(), err)
		}
	}
}
