package harness

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"nerbench/answers"
	"nerbench/harness/loop"
	"nerbench/metrics"
	"nerbench/ner"
	"nerbench/results"
)

// Reproduced compares one stored score with the score computed again.
type Reproduced struct {
	Metric string     `json:"metric"`
	Equal  bool       `json:"equal"`
	Kept   ner.Score  `json:"kept"`
	Now    *ner.Score `json:"now"`
	// Parts describes the first difference; empty if they are equal.
	Parts string `json:"parts,omitempty"`
}

// Reproduce computes the scores of a run, or the one score of a signature, again
// from the stored answers, and compares the counts with the stored counts. It
// writes nothing. Different counts are an error; the list has all scores.
func (b *Bench) Reproduce(ctx context.Context, name string) (run results.RunInfo, list []Reproduced, err error) {
	store, err := b.ReadStore(ctx)
	if err != nil {
		return run, nil, err
	}
	defer store.Close()
	run, claims, err := findClaims(ctx, store, name)
	if err != nil {
		return run, nil, fmt.Errorf("reproduce: %w", err)
	}
	plan, err := b.ScorePlan(ctx, store, run.ID)
	if err != nil {
		return run, nil, fmt.Errorf("reproduce: %w", err)
	}
	plan.Metrics = slices.Sorted(maps.Keys(claims))
	var documents []string
	plan.Observe = func(p ner.Passage, _ *ner.Document, _ loop.ParsedPassage) {
		documents = append(documents, p.Document)
	}
	scored, err := loop.Score(ctx, plan)
	if err != nil {
		return run, nil, fmt.Errorf("reproduce: %w", err)
	}
	different := 0
	for _, id := range plan.Metrics {
		r := Reproduced{Metric: id, Kept: claims[id].Score}
		if now, there := scored.Metrics[id]; there {
			r.Now = &now.Total
			kept, err := store.Counts(ctx, run.ID, id)
			if err != nil {
				kept = nil // no longer stored: only the sums can be compared
			}
			r.Parts = difference(claims[id], scored, now, kept, documents)
		} else {
			r.Parts = "the metric has another id now"
		}
		if r.Equal = r.Parts == ""; !r.Equal {
			different++
		}
		list = append(list, r)
	}
	if different > 0 {
		return run, list, fmt.Errorf("reproduce: run %s: %d of %d scores are not equal", run.ID, different, len(list))
	}
	return run, list, nil
}

// findClaims finds the run of a name or a signature, and the scores to compare with,
// by metric id.
func findClaims(ctx context.Context, store *results.Store, name string) (results.RunInfo, map[string]results.Signature, error) {
	claims := map[string]results.Signature{}
	if results.IsSignature(name) {
		s, err := results.ParseSignature(name)
		if err != nil {
			return results.RunInfo{}, nil, &UsageError{Err: err}
		}
		run, err := findSigned(ctx, store, s)
		if err != nil {
			return run, nil, fmt.Errorf("the run of the signature: %w", err)
		}
		claims[s.Metric] = s
		return run, claims, nil
	}
	run, err := store.Find(ctx, name)
	if err != nil {
		return run, nil, err
	}
	for id := range run.Scores.Metrics {
		claims[id] = run.Signature(id)
	}
	if len(claims) == 0 {
		return run, nil, &Hint{Err: fmt.Errorf("run %s: not scored", run.ID), Advice: "nerbench score " + run.ID}
	}
	return run, claims, nil
}

// findSigned finds the run of a signature. A signature has a mark in place of the
// addresses of servers, so that the id of the run does not follow from it.
func findSigned(ctx context.Context, store *results.Store, s results.Signature) (results.RunInfo, error) {
	run, err := store.Find(ctx, ner.Run{Keys: s.Keys}.ID())
	if !errors.Is(err, results.ErrNoRun) {
		return run, err
	}
	runs, failure := store.Runs(ctx, nil)
	if failure != nil {
		return run, failure
	}
	if i := slices.IndexFunc(runs, func(r results.RunInfo) bool { return r.Signed(s) }); i >= 0 {
		return runs[i], nil
	}
	return run, err
}

// difference describes the first difference between a claimed score and the score
// now; empty if they are equal. kept are the stored counts by passage; nil: unknown.
func difference(claim results.Signature, scored loop.Scored, now loop.MetricCounts, kept []ner.Score, documents []string) string {
	versions := ""
	if claim.Reader != answers.Version || claim.Version != metrics.Version {
		versions = fmt.Sprintf(" (the versions of parsers and metrics were %s and %s, and are %s and %s)", claim.Reader, claim.Version, answers.Version, metrics.Version)
	}
	switch {
	case scored.Passages != claim.Complete:
		return fmt.Sprintf("%d passages are complete, %d were%s", scored.Passages, claim.Complete, versions)
	case now.Total == claim.Score && (len(kept) != len(now.Passages) || slices.Equal(kept, now.Passages)):
		return ""
	}
	if len(kept) == len(now.Passages) {
		for i := range kept {
			if kept[i] != now.Passages[i] {
				return fmt.Sprintf("passage %d, document %q: %s, was %s%s", i, documents[i], countsText(now.Passages[i]), countsText(kept[i]), versions)
			}
		}
	}
	return fmt.Sprintf("%s, was %s%s", countsText(now.Total), countsText(claim.Score), versions)
}

func countsText(s ner.Score) string {
	return fmt.Sprintf("tp %d, predicted %d, gold %d", s.TP, s.NPred, s.NGold)
}
