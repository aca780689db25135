package submissions

import (
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strconv"

	"nerbench/bundles"
	"nerbench/datasets"
	"nerbench/harness/loop"
	"nerbench/metrics"
	"nerbench/ner"
)

// scoreSpans counts the spans of the run, which is without answers. Metrics on strings are
// left as claims.
func (v *runVerifier) scoreSpans(dataset *datasets.Dataset, plan loop.ScorePlan, out *RunReport) error {
	run := v.run
	comparison := newComparison(run)
	byType := make([]metrics.Tally, len(run.Metrics))
	add := make([]func(*metrics.Passage, *metrics.Counts), len(run.Metrics))
	for i, m := range run.Metrics {
		metric, why := ofSpans(m.ID)
		if why != "" {
			out.Metrics[i].Verdict, out.Metrics[i].Why = Claimed, why
			continue
		}
		comparison.places = append(comparison.places, i)
		add[i], byType[i] = metric.Add, metrics.Tally{}
	}
	counts := make([]ner.Score, len(comparison.places))
	types := append(dataset.Types(), ner.Unknown)
	for d, line := range joinLines(plan.Documents, v.passages) {
		if line.err != nil {
			return line.err
		}
		p, err := passageOf(d, line.passage, types)
		if err != nil {
			return fmt.Errorf("passage %d: %w", line.passage.Index, err)
		}
		comparison.claim(line.passage)
		for k, i := range comparison.places {
			c := metrics.Count(add[i], p)
			counts[k] = c.ByType.Total()
			byType[i].Merge(c.ByType)
		}
		comparison.counted(line.passage.Index, counts)
	}
	for _, i := range comparison.places {
		out.Metrics[i].compare(run.Metrics[i], comparison.differences[i], byType[i])
	}
	return nil
}

// ofSpans returns a metric that spans alone determine, by the default parser and
// alignment; else the reason.
func ofSpans(id string) (m metrics.Metric, why string) {
	m, options, err := metrics.ParseID(id)
	if err != nil {
		return m, err.Error()
	}
	delete(options, "queries")
	if !slices.Contains(m.Options, "align") || len(options) > 0 {
		return m, "it needs the answers, which the bundle may not have"
	}
	return m, ""
}

// paired is a line, or an error.
type paired struct {
	passage *bundles.Passage
	err     error
}

// joinLines joins documents and lines, which must be as many.
func joinLines(docs iter.Seq2[*ner.Document, error], lines iter.Seq2[*bundles.Passage, error]) iter.Seq2[*ner.Document, paired] {
	return func(yield func(*ner.Document, paired) bool) {
		next, stop := iter.Pull2(lines)
		defer stop()
		n := 0
		for d, err := range docs {
			if err != nil {
				yield(nil, paired{err: err})
				return
			}
			p, err, more := next()
			if !more {
				yield(nil, paired{err: fmt.Errorf("%d passages, the data has more", n)})
				return
			}
			if n++; !yield(d, paired{p, err}) || err != nil {
				return
			}
		}
		if _, err, more := next(); more {
			yield(nil, paired{err: errors.Join(fmt.Errorf("the data has only %d passages", n), err)})
		}
	}
}

// passageOf is the input of metrics on spans.
func passageOf(d *ner.Document, line *bundles.Passage, types []ner.EntityType) (*metrics.Passage, error) {
	p := &metrics.Passage{Text: d.Text, Gold: d.Spans}
	points := ner.NewCodePoints(d.Text)
	for _, s := range line.Spans {
		start, err1 := points.Byte(s.Start)
		end, err2 := points.Byte(s.End)
		if err := errors.Join(err1, err2); err != nil {
			return nil, err
		}
		if !slices.Contains(types, s.Type) {
			return nil, fmt.Errorf("a span of type %q, which the dataset does not have", s.Type)
		}
		p.Pred = append(p.Pred, ner.Span{Start: start, End: end, Type: s.Type})
	}
	for _, t := range slices.Sorted(maps.Keys(line.Unaligned)) {
		if !slices.Contains(types, t) {
			return nil, fmt.Errorf("a mention of type %q, which the dataset does not have", t)
		}
		for i := range line.Unaligned[t] {
			p.Unaligned = append(p.Unaligned, ner.Mention{Text: strconv.Itoa(i), Type: t})
		}
	}
	return p, nil
}

// spansOf parses a line of either mode into the input of metrics on spans.
func spansOf(d *ner.Document, line *bundles.Passage, parser *loop.PassageParser, types []ner.EntityType) (*metrics.Passage, error) {
	if line.Answers == nil {
		return passageOf(d, line, types)
	}
	parsed, err := parser.Passage(d, line.Given())
	return &parsed.Passage, err
}

// f1 is F1 as a number for people and records; nil: undefined.
func f1(s ner.Score) *float64 {
	if value, ok := s.F1(); ok {
		return &value
	}
	return nil
}
