package main

import (
	"context"
	"io"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"nerbench/answers"
	"nerbench/harness/loop"
	"nerbench/internal/fault"
	"nerbench/metrics"
	"nerbench/ner"
)

// evalPairs scores pairs of answers: as the UniversalNER paper does (docs/spec/metrics.md
// §3.4), or in the grammar of InstructUIE and B2NER (§9.2).
func evalPairs(ctx context.Context, env *environment, c *cli.Context) (*evaluation, error) {
	paper := []string{"uniner_f1", "paper_partial_f1"}
	grammar := metricIDs(func(m metrics.Metric) bool { return m.Protocol == metrics.InstructUIE || m.Protocol == metrics.B2NER })
	applicable := paper
	if ids := splitList(c.StringSlice("metric")); len(ids) > 0 && !slices.Contains(ids, "all") {
		applicable = slices.Concat(paper, grammar)
	}
	plan, err := newEvalPlan(c, loop.ParseOptions{}, paper[:1], applicable)
	if err != nil {
		return nil, err
	}
	if len(plan.attributes) > 0 || plan.taxonomy || plan.confusion {
		return nil, fault.Usagef("--pairs has strings and no spans: no buckets, taxonomy, or confusion")
	}
	var e *evaluation
	err = withInput(env, c.String("pairs"), func(r io.Reader) (err error) {
		if len(plan.metrics) == 1 && plan.metrics[0].id == "uniner_f1" && plan.intervals.resamples == 0 {
			e, err = countPaperPairs(ctx, plan, r)
		} else {
			e, err = countPairs(ctx, plan, r)
		}
		return err
	})
	return e, err
}

// countPaperPairs counts as the paper does and nothing else, at the speed of
// reading.
func countPaperPairs(ctx context.Context, plan *evalPlan, r io.Reader) (*evaluation, error) {
	counts, err := metrics.Pairs(ctx, r, func() metrics.AppendItems { return new(answers.OfficialParser).Append })
	if err != nil {
		return nil, err
	}
	m := plan.metrics[0]
	return &evaluation{
		metrics:  []evaluated{{id: m.id, metric: m.metric, tally: metrics.Tally{"": counts.Score}}},
		passages: counts.Pairs,
		beside:   []besideCount{{"void", counts.Void}, {"gold_void", counts.GoldVoid}},
	}, nil
}

func countPairs(ctx context.Context, plan *evalPlan, r io.Reader) (*evaluation, error) {
	plan.byType = false
	counted, err := plan.count(ctx, func(yield func(evalPassage, error) bool) {
		for p, err := range metrics.ReadPairs(r) {
			if err != nil {
				yield(evalPassage{}, err)
				return
			}
			if !yield(evalPassage{understand: func(r *evalReading) (loop.ParsedPassage, error) { return pairPassage(p, r.protocols), nil }}, nil) {
				return
			}
		}
	})
	if err != nil {
		return nil, err
	}
	e := counted.evaluation(0)
	e.outcomes = nil
	e.beside = slices.DeleteFunc(e.beside, func(b besideCount) bool { return !strings.HasSuffix(b.name, "void") })
	return e, nil
}

// pairPassage is a pair of answers as a passage with one query.
func pairPassage(p metrics.AnswerPair, protocols []metrics.Protocol) loop.ParsedPassage {
	s := metrics.Strings{Pred: answers.Official(p.Pred), Gold: answers.Official(p.Gold)}
	s.Void = len(s.Pred) == 0 && p.Pred != "[]"
	s.GoldVoid = len(s.Gold) == 0 && p.Gold != "[]"
	items := map[metrics.Protocol]metrics.Items{}
	for _, protocol := range protocols {
		itemsOf := answers.InstructUIEItems
		if protocol == metrics.B2NER {
			itemsOf = answers.B2NERItems
		}
		items[protocol] = metrics.Items{Pred: untyped(itemsOf(p.Pred)), Gold: untyped(itemsOf(p.Gold))}
	}
	return loop.ParsedPassage{Passage: metrics.Passage{Published: []metrics.Strings{s}, Items: items}}
}

func untyped(items []string) []ner.Mention {
	out := make([]ner.Mention, len(items))
	for i, s := range items {
		out[i] = ner.Mention{Text: s}
	}
	return out
}
