package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/urfave/cli/v2"

	"nerbench/answers"
	"nerbench/harness/loop"
	"nerbench/internal/fault"
	"nerbench/metrics"
	"nerbench/ner"
	"nerbench/results"
)

func reproduceCommand(env *environment) *cli.Command {
	return &cli.Command{
		Name:      "reproduce",
		Usage:     "score kept answers again, and say whether the counts are equal",
		ArgsUsage: "RUN|SIGNATURE",
		Description: `reproduce RUN reads the kept answers of a run again and compares the counts of all its metrics with
those that the store keeps. reproduce SIGNATURE does so for the one score that the line stands for (quote
it: it has vertical bars). Where they part, the first passage that differs is named, and the exit code is 1.
Nothing is written.`,
		Action: func(c *cli.Context) error {
			if c.NArg() != 1 {
				return fault.Usagef("reproduce: want one run or signature")
			}
			return env.reproduce(c.Context, c.Args().First())
		},
	}
}

// reproduced is what became of one score.
type reproduced struct {
	Metric string     `json:"metric"`
	Equal  bool       `json:"equal"`
	Kept   ner.Score  `json:"kept"`
	Now    *ner.Score `json:"now"`
	// Parts says where they part; empty if they are equal.
	Parts string `json:"parts,omitempty"`
}

func (env *environment) reproduce(ctx context.Context, name string) error {
	store, err := env.openStoreReadOnly(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	run, claims, err := findClaims(ctx, store, name)
	if err != nil {
		return fmt.Errorf("reproduce: %w", err)
	}
	plan, err := env.scorePlan(ctx, store, run.ID)
	if err != nil {
		return fmt.Errorf("reproduce: %w", err)
	}
	plan.Metrics = sortedKeys(claims)
	var documents []string
	plan.Observe = func(p ner.Passage, _ *ner.Document, _ loop.ParsedPassage) {
		documents = append(documents, p.Document)
	}
	scored, err := loop.Score(ctx, plan)
	if err != nil {
		return fmt.Errorf("reproduce: %w", err)
	}
	var list []reproduced
	parted := 0
	for _, id := range plan.Metrics {
		r := reproduced{Metric: id, Kept: claims[id].score}
		if now, there := scored.Metrics[id]; there {
			r.Now = &now.Total
			kept, err := store.Counts(ctx, run.ID, id)
			if err != nil {
				kept = nil // not kept any more: only the sums can be compared
			}
			r.Parts = parting(claims[id], scored, now, kept, documents)
		} else {
			r.Parts = "the metric has another id now"
		}
		if r.Equal = r.Parts == ""; !r.Equal {
			parted++
		}
		list = append(list, r)
	}
	if err := env.printReproduced(run, list); err != nil {
		return err
	}
	if parted > 0 {
		return fmt.Errorf("reproduce: run %s: %d of %d scores are not equal", run.ID, parted, len(list))
	}
	return nil
}

// findClaims finds the run that a name or a signature stands for, and the
// scores that are to be equal, by metric id.
func findClaims(ctx context.Context, store *results.Store, name string) (results.RunInfo, map[string]signature, error) {
	claims := map[string]signature{}
	if isSignature(name) {
		s, err := parseSignature(name)
		if err != nil {
			return results.RunInfo{}, nil, err
		}
		run, err := store.Find(ctx, ner.Run{Keys: s.keys}.ID())
		if err != nil {
			return run, nil, fmt.Errorf("the run of the signature: %w", err)
		}
		claims[s.metric] = s
		return run, claims, nil
	}
	run, err := store.Find(ctx, name)
	if err != nil {
		return run, nil, err
	}
	for id := range run.Scores.Metrics {
		claims[id] = newSignature(run, id)
	}
	if len(claims) == 0 {
		return run, nil, fmt.Errorf("run %s: was not scored (nerbench score %s)", run.ID, run.ID)
	}
	return run, claims, nil
}

// parting says where a score of now parts from the one that is claimed; empty if
// it does not. kept are the counts by passage that the store has, nil if none.
func parting(claim signature, scored loop.Scored, now loop.MetricCounts, kept []ner.Score, documents []string) string {
	versions := ""
	if claim.reader != answers.Version || claim.version != metrics.Version {
		versions = fmt.Sprintf(" (readers and metrics were %s and %s, and are %s and %s)", claim.reader, claim.version, answers.Version, metrics.Version)
	}
	switch {
	case scored.Passages != claim.complete:
		return fmt.Sprintf("%d passages are complete, %d were%s", scored.Passages, claim.complete, versions)
	case now.Total == claim.score && (len(kept) != len(now.Passages) || slices.Equal(kept, now.Passages)):
		return ""
	}
	if len(kept) == len(now.Passages) {
		for i := range kept {
			if kept[i] != now.Passages[i] {
				return fmt.Sprintf("passage %d, document %q: %s, was %s%s", i, documents[i], countsText(now.Passages[i]), countsText(kept[i]), versions)
			}
		}
	}
	return fmt.Sprintf("%s, was %s%s", countsText(now.Total), countsText(claim.score), versions)
}

func countsText(s ner.Score) string {
	return fmt.Sprintf("tp %d, predicted %d, gold %d", s.TP, s.NPred, s.NGold)
}

func (env *environment) printReproduced(run results.RunInfo, list []reproduced) error {
	if env.json {
		return env.printJSON(map[string]any{"run": run.ID, "scores": list})
	}
	for _, r := range list {
		verdict := "equal"
		if !r.Equal {
			verdict = "parts: " + r.Parts
		}
		if _, err := fmt.Fprintf(env.stdout, "run %s  %s  %s\n", run.ID, r.Metric, verdict); err != nil {
			return err
		}
	}
	return nil
}
