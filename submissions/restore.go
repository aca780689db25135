package submissions

import (
	"context"
	"crypto/sha256"
	"fmt"
	"iter"
	"slices"
	"strconv"

	"nerbench/bundles"
	"nerbench/harness"
	"nerbench/ner"
	"nerbench/results"
)

// batch is the number of passages that are written in one transaction.
const batch = 1000

// Restore writes a run of a bundle into a store: its answers, if the bundle has them, and
// the scores that were verified. Claimed scores are left out. report is that of [Verify].
func Restore(ctx context.Context, store *results.Store, opened *bundles.Bundle, run *bundles.Run, report *RunReport) error {
	verified := make([]bool, len(run.Metrics))
	for i := range run.Metrics {
		verified[i] = report.Metrics[i].Verdict == Verified
	}
	if err := store.Begin(ctx, ner.Run{Keys: run.Keys}, run.Passages); err != nil {
		return err
	}
	if err := store.AddFacts(ctx, run.ID, run.Facts, nil); err != nil {
		return err
	}
	counts := make([][]ner.Score, len(run.Metrics))
	var passages []ner.Passage
	for line, err := range opened.Passages(run) {
		if err != nil {
			return err
		}
		for i, s := range line.Scores() {
			if verified[i] {
				counts[i] = append(counts[i], s)
			}
		}
		if passages = append(passages, restored(run, line)); len(passages) == batch {
			if err := store.Record(ctx, run.ID, passages, nil); err != nil {
				return err
			}
			passages = passages[:0]
		}
	}
	if err := store.Record(ctx, run.ID, passages, nil); err != nil {
		return err
	}
	scores := results.Scores{Passages: run.Passages, Outcomes: run.Outcomes, Metrics: map[string]results.MetricScore{}}
	for i, m := range run.Metrics {
		if !verified[i] {
			continue
		}
		s, err := results.ParseSignature(m.Signature)
		if err != nil {
			return err
		}
		scores.Metrics[m.ID] = results.MetricScore{Total: m.Total, ByType: m.ByType, Passages: counts[i], Reader: s.Reader, Version: s.Version}
	}
	if err := store.SaveScores(ctx, run.ID, scores); err != nil {
		return err
	}
	return store.End(ctx, run.ID)
}

// Predicted returns what a run without answers predicted for each of its documents. file is
// its verified bundle.
func Predicted(file string, types []ner.EntityType) func(ctx context.Context, docs iter.Seq2[*ner.Document, error]) iter.Seq2[harness.PredictedPassage, error] {
	known := append(slices.Clone(types), ner.Unknown)
	return func(ctx context.Context, docs iter.Seq2[*ner.Document, error]) iter.Seq2[harness.PredictedPassage, error] {
		return func(yield func(harness.PredictedPassage, error) bool) {
			opened, err := bundles.Open(ctx, file)
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

// restored is the passage of a line. A bundle has no prompts: each answer has a key of its
// own. Without answers, the document is named by its place.
func restored(run *bundles.Run, line *bundles.Passage) ner.Passage {
	p := ner.Passage{Index: line.Index, Document: line.Document, Answers: line.Given()}
	if run.Answers.Mode == bundles.WithSpans {
		p.Document = strconv.Itoa(line.Index)
	}
	for i := range p.Answers {
		sum := sha256.Sum256(fmt.Append(nil, run.ID, " ", line.Index, " ", i))
		copy(p.Answers[i].Key[:], sum[:])
	}
	return p
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
