package files

import (
	"bufio"
	"context"
	"io"
	"slices"
	"strings"

	"nerbench/answers"
	"nerbench/harness/loop"
	"nerbench/internal/fault"
	"nerbench/internal/signature"
	"nerbench/metrics"
	"nerbench/ner"
)

// Pairs is a file of answers beside gold answers.
type Pairs struct {
	// File has lines {"gold": "[…]", "pred": "[…]"}.
	File File
}

// Eval scores the pairs as the UniversalNER paper does (docs/spec/metrics.md §3.4), or,
// by other metrics, in the grammar of InstructUIE and B2NER (§9.2). Pairs have no
// types and no spans.
func (p Pairs) Eval(ctx context.Context, o Options) (*Report, error) {
	paper := []string{"uniner_f1", "paper_partial_f1"}
	grammar := metricIDs(func(m metrics.Metric) bool { return m.Protocol == metrics.InstructUIE || m.Protocol == metrics.B2NER })
	applicable := paper
	if len(o.Metrics) > 0 && !slices.Contains(o.Metrics, "all") {
		applicable = slices.Concat(paper, grammar)
	}
	if len(o.By.Attributes) > 0 || o.Taxonomy || o.Confusion {
		return nil, fault.Usagef("pairs have no spans: buckets, taxonomy and confusion do not apply")
	}
	o.By.Types = false
	plan, err := newPlan(o, Parsing{}, "uniner", paper[:1], applicable)
	if err != nil {
		return nil, err
	}
	var report *Report
	err = p.File.Read(func(in io.Reader) (err error) {
		r := afterMark(in)
		if len(plan.metrics) == 1 && plan.metrics[0].id == "uniner_f1" && plan.Resamples == 0 {
			report, err = countPaperPairs(ctx, plan, r)
		} else {
			report, err = countPairs(ctx, plan, r)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	report.origin = []signature.Field{{Name: "input", Value: "pairs"}}
	return report, nil
}

// afterMark returns what follows the byte order mark of a stream, if it begins with one.
func afterMark(in io.Reader) io.Reader {
	const mark = "\uFEFF"
	r := bufio.NewReader(in)
	if start, err := r.Peek(len(mark)); err == nil && string(start) == mark {
		_, _ = r.Discard(len(mark)) // they are in its buffer
	}
	return r
}

// countPaperPairs is a fast path for uniner_f1 alone.
func countPaperPairs(ctx context.Context, plan *evalPlan, r io.Reader) (*Report, error) {
	counts, err := metrics.Pairs(ctx, r, func() metrics.AppendItems { return new(answers.OfficialParser).Append })
	if err != nil {
		return nil, err
	}
	m := plan.metrics[0]
	return &Report{
		Metrics:  []MetricReport{{ID: m.id, Metric: m.metric, Tally: metrics.Tally{"": counts.Score}}},
		Passages: counts.Pairs,
		Beside:   []Beside{{"void", counts.Void}, {"gold_void", counts.GoldVoid}},
	}, nil
}

func countPairs(ctx context.Context, plan *evalPlan, r io.Reader) (*Report, error) {
	counted, err := plan.count(ctx, func(yield func(evalPassage, error) bool) {
		for p, err := range metrics.ReadPairs(r) {
			if err != nil {
				yield(evalPassage{}, err)
				return
			}
			if !yield(evalPassage{parse: func(how *parsing) (loop.ParsedPassage, error) { return pairPassage(p, how.protocols), nil }}, nil) {
				return
			}
		}
	})
	if err != nil {
		return nil, err
	}
	report := counted.report(0)
	report.Outcomes, report.Dropped = nil, nil
	report.Beside = slices.DeleteFunc(report.Beside, func(b Beside) bool { return !strings.HasSuffix(b.Name, "void") })
	return report, nil
}

// pairPassage returns a pair of answers as a passage with one query.
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
