package files

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"

	"nerbench/harness/loop"
	"nerbench/internal/parallel"
	"nerbench/metrics"
	"nerbench/metrics/stats"
	"nerbench/ner"
)

// evalPassage is one passage to score.
type evalPassage struct {
	// name is the prefix of errors; may be empty.
	name string
	// parse returns the input of metrics.
	parse func(*parsing) (loop.ParsedPassage, error)
	// words returns the words for buckets.
	words    func() metrics.Words
	answered bool // the passage has raw answers, which can fail
}

// evalCounts has the counts of some passages.
type evalCounts struct {
	plan     *evalPlan
	passages int
	counts   []metrics.Counts // by metric
	outcomes map[ner.Outcome]int
	counters map[string]int
	dropped  map[string]int // by reason
	answered bool
	taxonomy metrics.Taxonomy
	// duplicates counts duplicate spans in gold and in predictions, for the taxonomy.
	duplicates [2]int
	buckets    [][]*metrics.Bucketing // by attribute, by span metric
	scores     []passageScores        // by metric; for intervals
}

// passageScores are the counts of one metric by passage, in total and by type.
type passageScores struct {
	total  []ner.Score
	byType map[ner.EntityType][]stats.PassageScore
}

func (p *evalPlan) newCounts() *evalCounts {
	e := &evalCounts{
		plan: p, outcomes: map[ner.Outcome]int{}, counters: map[string]int{}, dropped: map[string]int{}, taxonomy: metrics.NewTaxonomy(),
		scores: make([]passageScores, len(p.metrics)),
	}
	for i := range p.metrics {
		e.counts = append(e.counts, metrics.NewCounts())
		e.scores[i].byType = map[ner.EntityType][]stats.PassageScore{}
	}
	for _, a := range p.By.Attributes {
		var list []*metrics.Bucketing
		for range p.spanMetrics() {
			list = append(list, loop.NewBucketing(a, p.train))
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
	parsed := make([]loop.ParsedPassage, len(e.plan.parsings))
	for i, how := range e.plan.parsings {
		var err error
		if parsed[i], err = in.parse(how); err != nil {
			return err
		}
	}
	for i, m := range e.plan.metrics {
		passage := &parsed[m.parsing].Passage
		if e.plan.Resamples == 0 {
			m.metric.Add(passage, &e.counts[i])
			continue
		}
		c := m.metric.Count(passage)
		e.counts[i].Merge(c)
		e.scores[i].add(e.passages, c.ByType, e.plan.By.Types)
	}
	e.note(&parsed[0], in.answered)
	if e.plan.Taxonomy || e.plan.Confusion {
		e.taxonomy.Merge(metrics.Classify(&parsed[0].Passage))
		c := metrics.Count(metrics.SpanF1, &parsed[0].Passage)
		e.duplicates[0] += c.DuplicateGold
		e.duplicates[1] += c.DuplicatePred
	}
	if len(e.buckets) > 0 {
		words := in.words()
		for _, list := range e.buckets {
			for k, i := range e.plan.spanMetrics() {
				list[k].Add(&parsed[e.plan.metrics[i].parsing].Passage, words)
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

// note counts outcomes, dropped items and ambiguous mentions.
func (e *evalCounts) note(u *loop.ParsedPassage, answered bool) {
	e.answered = e.answered || answered
	for _, p := range u.Predictions {
		if answered {
			e.outcomes[p.Outcome]++
		}
		for _, dropped := range p.Dropped {
			e.counters[dropped.Why]++
			e.dropped[dropped.Why]++
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
	for why, n := range part.dropped {
		e.dropped[why] += n
	}
	for name, n := range part.counters {
		e.counters[name] += n
	}
}

// besideNames are the names of the counts below a score, in order.
var besideNames = []string{"unaligned", "ambiguous", "bad_offsets", "duplicate_gold", "duplicate_pred", "unknown_type", "other_type", "bad_item", "void", "gold_void", "missing"}

// report returns the report. missing is the number of documents without a prediction.
func (e *evalCounts) report(missing int) *Report {
	out := &Report{
		Passages: e.passages, Missing: missing, Outcomes: e.outcomes, Dropped: e.dropped, ByType: e.plan.By.Types,
		Confusion: e.plan.Confusion, Resamples: e.plan.Resamples, duplicates: e.duplicates,
	}
	if e.answered {
		out.family = e.plan.family
	}
	if e.plan.Taxonomy || e.plan.Confusion {
		out.Taxonomy = &e.taxonomy
	}
	for i, m := range e.plan.metrics {
		id := m.id
		if !e.answered {
			id = m.plain
		}
		c := e.counts[i]
		scored := MetricReport{ID: id, Metric: m.metric, Tally: c.ByType}
		scored.interval, scored.typeIntervals = e.intervals(i)
		out.Metrics = append(out.Metrics, scored)
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
			out.Buckets = append(out.Buckets, BucketReport{e.plan.By.Attributes[a], out.Metrics[i].ID, list[k].Buckets()})
		}
	}
	e.counters["missing"] = missing
	for _, name := range besideNames {
		out.Beside = append(out.Beside, Beside{name, e.counters[name]})
	}
	return out
}

// intervals computes the intervals of a metric, in total and by type, from the same
// resamples (docs/spec/metrics.md §12.3).
func (e *evalCounts) intervals(metric int) (whole *stats.Interval, byType map[ner.EntityType]stats.Interval) {
	seed, resamples := e.plan.Seed, e.plan.Resamples
	if resamples == 0 || e.passages == 0 {
		return nil, nil
	}
	scores := e.scores[metric]
	if len(scores.byType) == 0 {
		total := stats.Bootstrap([]stats.Dataset{{Seed: seed, A: scores.total}}, resamples)
		return &total, nil
	}
	types := slices.Sorted(maps.Keys(scores.byType))
	parts := make([][]stats.PassageScore, 1+len(types))
	for i, s := range scores.total {
		parts[0] = append(parts[0], stats.PassageScore{Passage: i, Score: s})
	}
	for i, t := range types {
		parts[1+i] = scores.byType[t]
	}
	drawn := stats.BootstrapParts(seed, e.passages, parts, resamples)
	byType = map[ner.EntityType]stats.Interval{}
	for i, t := range types {
		byType[t] = drawn[1+i]
	}
	return &drawn[0], byType
}
