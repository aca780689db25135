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

// modelFacts returns the metadata of an open model, by the names of [ner.Facts].
func modelFacts(m *open.Model) map[string]string {
	texts := mergeKeys(map[string]string{"identity": "digest", "quantisation": m.Identity.Quantisation}, m.Facts())
	if m.Identity.Digest == "" {
		texts["identity"] = "by name"
	}
	return texts
}

// keepCounts stores the counts and metadata of a run. Unless an earlier call did so,
// it sends some queries again, to check that answers are deterministic. A failure
// of this probe is noted, and is no failure of the run.
func (b *Bench) keepCounts(ctx context.Context, store *results.Store, runID string, m *open.Model, queries []ner.Query) (err error) {
	counts := m.Counts()               // before the probe
	kept := context.WithoutCancel(ctx) // counts are stored even if the run is interrupted
	var texts map[string]string
	if ctx.Err() == nil {
		if texts, err = m.After(ctx); err != nil {
			b.note("%v (the answers of the run are stored)", err)
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
			b.note("%v (the answers of the run are stored)", err)
		} else {
			counts["probe_queries"], counts["probe_differ"] = int64(len(queries)), int64(differ)
		}
		if differ > 0 {
			b.note("%s: %d of %d queries are answered differently when they are sent again: another run may have other scores", m.Identity.Model, differ, len(queries))
		}
	}
	return store.AddFacts(kept, runID, texts, counts)
}

// probeQueries returns up to n queries of the first passage that has any.
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
