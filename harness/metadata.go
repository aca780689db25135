package harness

import (
	"context"
	"errors"

	"nerbench/datasets"
	"nerbench/ner"
	"nerbench/prompts"
	"nerbench/results"
	"nerbench/runners"
	"nerbench/runners/open"
)

// modelFacts are the metadata of a model that are known from the start, by the
// names of [ner.Facts].
func modelFacts(m *open.Model) map[string]string {
	texts := mergeKeys(m.Facts(), map[string]string{"identity": "digest", "quantisation": m.Identity.Quantisation})
	if m.Identity.Digest == "" {
		texts["identity"] = "by name"
	}
	return texts
}

// keepCounts keeps what was counted while a run was asked, and asks a few of its
// questions twice, once in the life of a run. What the probe finds is a fact, its
// failure none of the run's.
func (b *Bench) keepCounts(ctx context.Context, store *results.Store, runID string, m *open.Model, queries []ner.Query) (err error) {
	counts := m.Counts()               // before the probe
	kept := context.WithoutCancel(ctx) // what was counted is kept also when the run is being stopped
	var texts map[string]string
	if ctx.Err() == nil {
		if texts, err = m.After(ctx); err != nil {
			b.note("%v (the run has its answers)", err)
		}
	}
	info, err := store.Find(kept, runID)
	if err != nil {
		return err
	}
	if info.Facts["probe_queries"] == "" && len(queries) > 0 && ctx.Err() == nil {
		differ, err := runners.Repeatability(ctx, m.Runner, queries)
		if ctx.Err() != nil {
			return errors.Join(store.AddFacts(kept, runID, texts, counts), ctx.Err())
		}
		if err != nil {
			b.note("%v (the run has its answers)", err)
		} else {
			counts["probe_queries"], counts["probe_differ"] = int64(len(queries)), int64(differ)
		}
		if differ > 0 {
			b.note("%s: %d of %d questions are answered differently when they are asked again: scores are as repeatable as that", m.Identity.Model, differ, len(queries))
		}
	}
	return store.AddFacts(kept, runID, texts, counts)
}

// probeQueries are up to n questions about the first passage that has any.
func (b *Bench) probeQueries(ctx context.Context, dataset *datasets.Dataset, found survey, renderer *prompts.Renderer, n int) ([]ner.Query, error) {
	if n <= 0 {
		return nil, nil
	}
	docs, err := b.asked(ctx, dataset, found.part)
	if err != nil {
		return nil, err
	}
	for d, err := range docs {
		if err != nil {
			return nil, err
		}
		queries, err := renderer.Queries(d)
		if err != nil || len(queries) > 0 {
			return queries[:min(n, len(queries))], err
		}
	}
	return nil, nil
}
