package main

import (
	"context"
	"fmt"
	"iter"

	"nerbench/answers"
	"nerbench/harness/loop"
	"nerbench/internal/parallel"
	"nerbench/metrics"
	"nerbench/metrics/stats"
	"nerbench/ner"
)

// evalPassage is one passage that is to be scored.
type evalPassage struct {
	// name begins its errors; empty where the input has none.
	name string
	// understand makes what metrics see of it under one reading.
	understand func(*evalReading) (loop.ParsedPassage, error)
	// words are for buckets; called where they are wanted.
	words    func() metrics.Words
	answered bool // there were answers that could fail
}

// evalCounts is what was counted of some passages.
type evalCounts struct {
	plan     *evalPlan
	passages int
	counts   []metrics.Counts // by metric
	outcomes map[ner.Outcome]int
	counters map[string]int
	answered bool
	taxonomy metrics.Taxonomy
	// duplicates are collapsed spans of gold and prediction, beside the taxonomy.
	duplicates [2]int
	buckets    [][]*metrics.Bucketing // by attribute, by span metric
	scores     []passageScores        // by metric; for intervals
}

// passageScores are the counts of one metric by passage, as a whole and by type.
type passageScores struct {
	total  []ner.Score
	byType map[ner.EntityType][]stats.PassageScore
}

func (p *evalPlan) newCounts() *evalCounts {
	e := &evalCounts{
		plan: p, outcomes: map[ner.Outcome]int{}, counters: map[string]int{}, taxonomy: metrics.NewTaxonomy(),
		scores: make([]passageScores, len(p.metrics)),
	}
	for i := range p.metrics {
		e.counts = append(e.counts, metrics.NewCounts())
		e.scores[i].byType = map[ner.EntityType][]stats.PassageScore{}
	}
	for _, a := range p.attributes {
		var list []*metrics.Bucketing
		for range p.spanMetrics() {
			list = append(list, metrics.NewBucketing(a, p.train, lowerWords))
		}
		e.buckets = append(e.buckets, list)
	}
	return e
}

// count counts a stream of passages.
func (p *evalPlan) count(ctx context.Context, passages iter.Seq2[evalPassage, error]) (*evalCounts, error) {
	whole := p.newCounts()
	for part, err := range parallel.Map(ctx, parallel.Blocks(passages, 256), parallel.OnAllProcessors(p.countBlock)) {
		if err != nil {
			return nil, err
		}
		whole.merge(part)
	}
	return whole, nil
}

func (p *evalPlan) countBlock(block []evalPassage) (*evalCounts, error) {
	part := p.newCounts()
	for i := range block {
		if err := part.add(&block[i]); err != nil {
			if block[i].name != "" {
				err = fmt.Errorf("%s: %w", block[i].name, err)
			}
			return nil, err
		}
	}
	return part, nil
}

func (e *evalCounts) add(in *evalPassage) error {
	understood := make([]loop.ParsedPassage, len(e.plan.readings))
	for i, r := range e.plan.readings {
		var err error
		if understood[i], err = in.understand(r); err != nil {
			return err
		}
	}
	for i, m := range e.plan.metrics {
		passage := &understood[m.reading].Passage
		if e.plan.intervals.resamples == 0 {
			m.metric.Add(passage, &e.counts[i])
			continue
		}
		c := m.metric.Count(passage)
		e.counts[i].Merge(c)
		e.scores[i].add(e.passages, c.ByType, e.plan.byType)
	}
	e.note(&understood[0], in.answered)
	if e.plan.taxonomy || e.plan.confusion {
		e.taxonomy.Merge(metrics.Classify(&understood[0].Passage))
		c := metrics.Count(metrics.SpanF1, &understood[0].Passage)
		e.duplicates[0] += c.DuplicateGold
		e.duplicates[1] += c.DuplicatePred
	}
	if len(e.buckets) > 0 {
		words := in.words()
		for _, list := range e.buckets {
			for k, i := range e.plan.spanMetrics() {
				list[k].Add(&understood[e.plan.metrics[i].reading].Passage, words)
			}
		}
	}
	e.passages++
	return nil
}

func (s *passageScores) add(passage int, tally metrics.Tally, byType bool) {
	s.total = append(s.total, tally.Total())
	if !byType {
		return
	}
	for t, score := range tally {
		if score != (ner.Score{}) {
			s.byType[t] = append(s.byType[t], stats.PassageScore{Passage: passage, Score: score})
		}
	}
}

// note counts outcomes and what stands beside a score.
func (e *evalCounts) note(u *loop.ParsedPassage, answered bool) {
	e.answered = e.answered || answered
	for _, p := range u.Predictions {
		if answered {
			e.outcomes[p.Outcome]++
		}
		for _, dropped := range p.Dropped {
			e.counters[dropped.Why]++
		}
	}
	e.counters["ambiguous"] += u.Ambiguous
}

func (e *evalCounts) merge(part *evalCounts) {
	for i := range e.counts {
		e.counts[i].Merge(part.counts[i])
		e.scores[i].total = append(e.scores[i].total, part.scores[i].total...)
		for t, list := range part.scores[i].byType {
			for _, s := range list {
				e.scores[i].byType[t] = append(e.scores[i].byType[t], stats.PassageScore{Passage: e.passages + s.Passage, Score: s.Score})
			}
		}
	}
	for a := range e.buckets {
		for k := range e.buckets[a] {
			e.buckets[a][k].Merge(part.buckets[a][k])
		}
	}
	e.passages += part.passages
	e.answered = e.answered || part.answered
	e.taxonomy.Merge(part.taxonomy)
	e.duplicates[0] += part.duplicates[0]
	e.duplicates[1] += part.duplicates[1]
	for o, n := range part.outcomes {
		e.outcomes[o] += n
	}
	for name, n := range part.counters {
		e.counters[name] += n
	}
}

// besideNames are the counts that stand beside a score, in order.
var besideNames = []string{"unaligned", "ambiguous", "bad_offsets", "duplicate_gold", "duplicate_pred", "unknown_type", "other_type", "bad_item", "void", "gold_void", "missing"}

// evaluation is what is printed.
func (e *evalCounts) evaluation(missing int) *evaluation {
	out := &evaluation{
		passages: e.passages, missing: missing, outcomes: e.outcomes, byType: e.plan.byType,
		confusion: e.plan.confusion, duplicates: e.duplicates, resamples: e.plan.intervals.resamples,
	}
	if e.answered {
		out.family = e.plan.readings[0].how.Family
	}
	if e.plan.taxonomy || e.plan.confusion {
		out.taxonomy = &e.taxonomy
	}
	for i, m := range e.plan.metrics {
		id := m.id
		if !e.answered {
			id = m.plain
		}
		c := e.counts[i]
		scored := evaluated{id: id, metric: m.metric, tally: c.ByType}
		scored.ci, scored.typeCI = e.intervals(i)
		out.metrics = append(out.metrics, scored)
		for name, n := range map[string]int{
			"unaligned": c.Unaligned, "bad_offsets": c.BadOffsets, "void": c.Void, "gold_void": c.GoldVoid,
		} {
			e.counters[name] = max(e.counters[name], n)
		}
		if m.metric.ID == "span_f1" {
			e.counters["duplicate_gold"], e.counters["duplicate_pred"] = c.DuplicateGold, c.DuplicatePred
		}
	}
	for a, list := range e.buckets {
		for k, i := range e.plan.spanMetrics() {
			out.buckets = append(out.buckets, bucketed{e.plan.attributes[a], out.metrics[i].id, list[k].Buckets()})
		}
	}
	e.counters["missing"] = missing
	for _, name := range besideNames {
		out.beside = append(out.beside, besideCount{name, e.counters[name]})
	}
	return out
}

// intervals draws the intervals of a metric, as a whole and by type, from the
// same stream (docs/spec/metrics.md §12.3).
func (e *evalCounts) intervals(metric int) (whole *stats.Interval, byType map[ner.EntityType]stats.Interval) {
	n := e.plan.intervals
	if n.resamples == 0 || e.passages == 0 {
		return nil, nil
	}
	scores := e.scores[metric]
	if len(scores.byType) == 0 {
		total := stats.Bootstrap([]stats.Dataset{{Seed: n.seed, A: scores.total}}, n.resamples)
		return &total, nil
	}
	types := sortedKeys(scores.byType)
	parts := make([][]stats.PassageScore, 1+len(types))
	for i, s := range scores.total {
		parts[0] = append(parts[0], stats.PassageScore{Passage: i, Score: s})
	}
	for i, t := range types {
		parts[1+i] = scores.byType[t]
	}
	drawn := stats.BootstrapParts(n.seed, e.passages, parts, n.resamples)
	byType = map[ner.EntityType]stats.Interval{}
	for i, t := range types {
		byType[t] = drawn[1+i]
	}
	return &drawn[0], byType
}

// documentWords are the words of a document for buckets.
func documentWords(d *ner.Document) metrics.Words {
	w := metrics.Words{Ranges: d.Tokens}
	if w.Ranges == nil {
		w.Ranges = answers.WordRanges(d.Text)
	}
	w.Lower = make([]string, len(w.Ranges))
	for i, r := range w.Ranges {
		w.Lower[i] = answers.Lower(d.Text[r.Start:r.End])
	}
	return w
}

// lowerWords are the lower-cased words of a mention without a place.
func lowerWords(text string) []string {
	words := answers.Words(text)
	for i, w := range words {
		words[i] = answers.Lower(w)
	}
	return words
}
