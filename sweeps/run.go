package sweeps

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"nerbench/harness"
	"nerbench/ner"
	"nerbench/results"
	"nerbench/runners/open"
)

// Run sends the queries of the sweep that have no answer yet, and scores its runs.
// Incomplete passages are counted, and are no error.
func (p *Prepared) Run(ctx context.Context) (incomplete int, err error) {
	kept := &open.Kept{} // a model is loaded once, not for each run
	defer kept.Close()
	for i, r := range p.runs {
		r.request.Kept = kept
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

// Elsewhere lets the models of the sweep be opened on other machines.
func (p *Prepared) Elsewhere(e open.Elsewhere) {
	for _, r := range p.runs {
		r.request.Elsewhere = e
	}
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
// several match, such as those of an older build of a model, the last one counts. Of
// several models in files with one name, the one with the digest of the file counts.
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
		names := open.StoredNames(r.model())
		var matching []results.RunInfo
		for _, stored := range byDataset[r.Dataset.ID] {
			if open.IsStored(stored.Keys["model"], names) && fits(r.keys, stored.Keys, ofModel) {
				matching = append(matching, stored)
			}
		}
		if digest := p.digestOf(ctx, r.model(), matching); digest != "" {
			matching = slices.DeleteFunc(matching, func(s results.RunInfo) bool { return s.Keys["digest"] != digest })
		}
		if n := len(matching); n > 0 {
			r.id = matching[n-1].ID
		}
	}
	return nil
}

// digestOf returns the digest of a model in a file, if runs of several models match it.
// Reading a large file takes seconds, so it is read once, and only in this case. Empty:
// there is one model only, or no file.
func (p *Prepared) digestOf(ctx context.Context, model string, matching []results.RunInfo) string {
	several := slices.ContainsFunc(matching, func(r results.RunInfo) bool { return r.Keys["digest"] != matching[0].Keys["digest"] })
	if !several || !open.InFile(model) {
		return ""
	}
	if digest, known := p.digests[model]; known {
		return digest
	}
	digest, err := open.FileDigest(ctx, model)
	if err != nil {
		p.note("model %s: %v: its last run in the store counts", model, err)
	}
	if p.digests == nil {
		p.digests = map[string]string{}
	}
	p.digests[model] = digest
	return digest
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
		if ner.KeyValue(stored, k) != v {
			return false
		}
	}
	return true
}
