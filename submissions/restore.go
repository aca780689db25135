package submissions

import (
	"context"
	"fmt"
	"iter"
	"slices"

	"nerbench/bundles"
	"nerbench/harness"
	"nerbench/ner"
	"nerbench/results"
)

// Summary collects what a store has of a run of a bundle beside its answers, while the run
// is verified.
type Summary struct {
	run     *bundles.Run
	counts  [][]ner.Score // by metric
	queries int
	cost    results.Cost
}

// NewSummary begins the summary of a run.
func NewSummary(run *bundles.Run) *Summary {
	return &Summary{run: run, counts: make([][]ner.Score, len(run.Metrics))}
}

// Add adds a line, as [VerifyOpened] gives them.
func (s *Summary) Add(line *bundles.Passage) {
	for i, score := range line.Scores() {
		s.counts[i] = append(s.counts[i], score)
	}
	given := line.Given()
	s.queries += len(given)
	s.cost.Add(given)
}

// Of returns the run with the scores that were verified. Claimed scores are left out.
func (s *Summary) Of(report *RunReport) (results.Summary, error) {
	out := results.Summary{
		Run: ner.Run{Keys: s.run.Keys}, Passages: s.run.Passages, Queries: s.queries, Facts: s.run.Facts, Cost: s.cost,
		Scores: results.Scores{Passages: s.run.Passages, Outcomes: s.run.Outcomes, Metrics: map[string]results.MetricScore{}},
	}
	for i, m := range s.run.Metrics {
		if report.Metrics[i].Verdict != Verified {
			continue
		}
		signature, err := results.ParseSignature(m.Signature)
		if err != nil {
			return out, err
		}
		out.Scores.Metrics[m.ID] = results.MetricScore{Total: m.Total, ByType: m.ByType, Passages: s.counts[i], Reader: signature.Reader, Version: signature.Version}
	}
	return out, nil
}

// Opener opens a verified bundle of one run.
type Opener func(ctx context.Context) (*bundles.Bundle, error)

// Answers returns the passages of a run with its answers.
func Answers(open Opener) func(ctx context.Context) iter.Seq2[ner.Passage, error] {
	return func(ctx context.Context) iter.Seq2[ner.Passage, error] {
		return func(yield func(ner.Passage, error) bool) {
			opened, err := open(ctx)
			if err != nil {
				yield(ner.Passage{}, err)
				return
			}
			defer opened.Close()
			for line, err := range opened.Passages(&opened.Manifest.Runs[0]) {
				if err != nil {
					yield(ner.Passage{}, err)
					return
				}
				if !yield(ner.Passage{Index: line.Index, Document: line.Document, Answers: line.Given()}, nil) {
					return
				}
			}
		}
	}
}

// Predicted returns what a run without answers predicted for each of its documents.
func Predicted(open Opener, types []ner.EntityType) func(ctx context.Context, docs iter.Seq2[*ner.Document, error]) iter.Seq2[harness.PredictedPassage, error] {
	known := append(slices.Clone(types), ner.Unknown)
	return func(ctx context.Context, docs iter.Seq2[*ner.Document, error]) iter.Seq2[harness.PredictedPassage, error] {
		return func(yield func(harness.PredictedPassage, error) bool) {
			opened, err := open(ctx)
			if err != nil {
				yield(harness.PredictedPassage{}, err)
				return
			}
			defer opened.Close()
			for d, line := range joinLines(docs, opened.Passages(&opened.Manifest.Runs[0])) {
				out, err := harness.PredictedPassage{Document: d}, line.err
				if err == nil {
					out.Outcomes = line.passage.Outcomes
					out.Passage, err = passageOf(d, line.passage, known)
				}
				if !yield(out, err) || err != nil {
					return
				}
			}
		}
	}
}

// SpotAlpha is the level below which a paired test says that the answers of a model now
// differ from those of a bundle.
const SpotAlpha = 0.05

// Confirms reports how an attestation by another signer vouches for a run of its bundle:
// as a whole run asked again, or as a spot check of a fifth of the passages or of 100.
// why is empty if it does.
func (a *Attestation) Confirms(run *bundles.Run) (whole bool, why string) {
	wanted := min(100, (run.Passages+4)/5)
	name, digest := run.Model()
	switch {
	case digest == "" && a.Model != name:
		return false, "another model was asked"
	case digest != a.Digest:
		return false, "the model that was asked has another digest"
	case a.Spot < wanted:
		return false, fmt.Sprintf("fewer than %d passages", wanted)
	case a.P < SpotAlpha:
		return false, "F1 differs significantly"
	}
	return a.Spot == run.Passages, ""
}
