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
	}{
		{"split", ner.Plan{Split: "foo"}},
		{"cap", ner.Plan{Cap: -3}},
		{"limit", ner.Plan{Limit: -1}},
		{"temperature", ner.Plan{Temperature: &nan}},
		{"shard", ner.Plan{Shard: ner.Shard{Index: 2, Of: 1}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := &Bench{Store: filepath.Join(t.TempDir(), "results.db"), Notify: func(e Event) { t.Errorf("event %+v", e) }}
			c.plan.Model, c.plan.Dataset = "tagger", "sample-law"
			if _, err := b.Run(t.Context(), Request{Plan: c.plan}); !errors.As(err, new(*UsageError)) {
				t.Errorf("error is %v, want a usage error", err)
			}
			if _, err := os.Stat(b.Store); err == nil {
				t.Error("there is a store")
			}
		})
	}
}
