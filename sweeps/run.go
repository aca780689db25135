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
// Incomplete passages are counted, and are no error.
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

// Begun reports whether a run of the sweep is complete, or was stopped by a failed query.
func (p *Prepared) Begun() bool {
	return slices.ContainsFunc(p.runs, func(r *run) bool { return r.id != "" })
}

func (p *Prepared) note(format string, args ...any) {
	if p.bench.Notify != nil {
		p.bench.Notify(harness.Event{Note: fmt.Sprintf(format, args...)})
	}
}

// find finds the runs in the store by the keys that do not depend on their models. If
// several match, such as those of an older build of a model, the last one counts.
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

// fits reports whether a run in the store has these keys. It may have other keys of
// its model.
func fits(keys, stored map[string]string, ofModel []string) bool {
	for k, v := range stored {
		if keys[k] != v && !(slices.Contains(ofModel, k) && keys[k] == "") {
			return false
		}
	}
	for k, v := range keys {
		// A model that is trained when it is opened has its seed in the key training.
		trained := k == "sampling_seed" && strings.Contains(stored["training"]+" ", " seed="+v+" ")
		if stored[k] != v && !trained {
			return false
		}
	}
	return true
}
