package sweeps

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"nerbench/harness"
	"nerbench/ner"
	"nerbench/results"
	"nerbench/runners/open"
)

// Run sends the queries of the sweep that have no answer yet, and scores its runs.
// Passages that stay incomplete are counted, and do not stop the sweep.
func (p *Prepared) Run(ctx context.Context) (incomplete int, err error) {
	for i, r := range p.runs {
		p.note("sweep %s: run %d of %d: %s", p.Sweep.Name, i+1, len(p.runs), r.name)
		summary, err := p.bench.Run(ctx, r.request)
		var partial *harness.PartialError
		if err != nil && !errors.As(err, &partial) {
			return incomplete, fmt.Errorf("sweep %s: %s: %w", p.Sweep.Name, r.name, err)
		}
		r.id = summary.Runs[0].Run
		incomplete += summary.Incomplete
	}
	return incomplete, nil
}

func (p *Prepared) note(format string, args ...any) {
	if p.bench.Notify != nil {
		p.bench.Notify(harness.Event{Note: fmt.Sprintf(format, args...)})
	}
}

// find looks up the runs in the store that were not asked now, by the keys that do
// not depend on their models. Of several that fit, such as those of an older build
// of a model, the last one counts.
func (p *Prepared) find(ctx context.Context, store *results.Store) error {
	all, err := store.Runs(ctx, nil)
	if err != nil {
		return err
	}
	byDataset := map[string][]results.RunInfo{}
	for _, r := range all {
		byDataset[r.Keys["dataset"]] = append(byDataset[r.Keys["dataset"]], r)
	}
	ofModel := ner.KeyNames(ner.InPart(ner.ModelPart, ner.DecodingPart))
	for _, r := range p.runs {
		if r.id != "" {
			continue
		}
		model := open.StoredName(r.model())
		for _, stored := range byDataset[r.Dataset.ID] {
			if stored.Keys["model"] == model && fits(r.keys, stored.Keys, ofModel) {
				r.id = stored.ID
			}
		}
	}
	return nil
}

// fits reports whether a run in the store has these keys, and no others but keys of
// its model that are left open.
func fits(keys, stored map[string]string, ofModel []string) bool {
	for k, v := range stored {
		if keys[k] != v && !(slices.Contains(ofModel, k) && keys[k] == "") {
			return false
		}
	}
	for k, v := range keys {
		// A model that is trained at start has its seed among the settings of its training.
		trained := k == "sampling_seed" && strings.Contains(stored["training"]+" ", " seed="+v+" ")
		if stored[k] != v && !trained {
			return false
		}
	}
	return true
}
