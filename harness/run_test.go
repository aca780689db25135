package harness

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"testing"

	"nerbench/ner"
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
