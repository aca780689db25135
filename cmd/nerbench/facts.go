package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"text/tabwriter"

	"nerbench/datasets"
	"nerbench/ner"
	"nerbench/prompts"
	"nerbench/results"
	"nerbench/runners"
)

// texts are what is known of a model from the start on (DESIGN.md §4), by the
// names of ner.Facts.
func (m *model) texts() map[string]string {
	texts := mergeKeys(m.facts, map[string]string{"identity": "digest", "quantisation": m.identity.Quantisation})
	if m.identity.Digest == "" {
		texts["identity"] = "by name"
	}
	return texts
}

// keepCounts keeps what was counted while a run was asked, and asks a few of its
// questions twice, once in the life of a run. What the probe finds is a fact, its
// failure none of the run's.
func (env *environment) keepCounts(ctx context.Context, store *results.Store, runID string, m *model, queries []ner.Query) (err error) {
	counts := map[string]int64{}
	if m.counts != nil {
		counts = m.counts() // before the probe
	}
	kept := context.WithoutCancel(ctx) // what was counted is kept also when the run is being stopped
	var texts map[string]string
	if m.after != nil && ctx.Err() == nil {
		if texts, err = m.after(ctx); err != nil {
			env.note("%v (the run has its answers)", err)
		}
	}
	info, err := store.Find(kept, runID)
	if err != nil {
		return err
	}
	if info.Facts["probe_queries"] == "" && len(queries) > 0 && ctx.Err() == nil {
		differ, err := runners.Repeatability(ctx, m.runner, queries)
		if ctx.Err() != nil {
			return errors.Join(store.AddFacts(kept, runID, texts, counts), ctx.Err())
		}
		if err != nil {
			env.note("%v (the run has its answers)", err)
		} else {
			counts["probe_queries"], counts["probe_differ"] = int64(len(queries)), int64(differ)
		}
		if differ > 0 {
			env.note("%s: %d of %d questions are answered differently when they are asked again: scores are as repeatable as that", m.identity.Model, differ, len(queries))
		}
	}
	return store.AddFacts(kept, runID, texts, counts)
}

// probeQueries are up to n questions about the first passage that has any.
func (env *environment) probeQueries(ctx context.Context, dataset *datasets.Dataset, found survey, renderer *prompts.Renderer, n int) ([]ner.Query, error) {
	if n <= 0 {
		return nil, nil
	}
	docs, err := env.asked(ctx, dataset, found.part)
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

// writeFacts prints what is known of how a run was asked.
func writeFacts(w io.Writer, facts map[string]string) error {
	if len(facts) == 0 {
		return nil
	}
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, f := range ner.Facts {
		v, ok := facts[f.Name]
		if !ok {
			continue
		}
		if f.Name == "prompt_tokens_computed" {
			v += shareOf(v, facts["prompt_tokens"])
		}
		fmt.Fprintf(tw, "%s\t%s\t%s\n", f.Name, printable(v), f.Meaning)
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintln(w)
	return err
}

// shareOf is " (12.3 %)", or nothing if the numbers are not.
func shareOf(part, whole string) string {
	p, errPart := strconv.ParseFloat(part, 64)
	all, errWhole := strconv.ParseFloat(whole, 64)
	if errPart != nil || errWhole != nil || all == 0 {
		return ""
	}
	return fmt.Sprintf(" (%.1f %%)", 100*p/all)
}
