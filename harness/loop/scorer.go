package loop

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"nerbench/answers"
	"nerbench/metrics"
	"nerbench/ner"
)

// scorer scores blocks of passages in parallel, and merges their counts in order.
type scorer struct {
	plan    ScorePlan
	ids     []string
	metrics []metrics.Metric
	parser  []int // index of the parser, by metric
	parsers []*PassageParser
	counted []MetricCounts // by metric
	totals  []ner.Score    // of the passage that is merged, by metric
	// spans and strings are the places of span_f1 and uniner_f1 by the first parser; -1:
	// they are not among the metrics.
	spans, strings int
	scored         Scored
}

// MetricIDs returns the full ids of metrics for a run with a query set, each once.
// [Score] uses the same ids. No ids stand for [DefaultMetrics]. If the published
// parser of a preset cannot parse the family's answers, the preset uses the ladder,
// and its id has the option reader=ladder (docs/spec/metrics.md §9). An unknown metric
// or option is an error.
func MetricIDs(ids []string, queries string, how ParseOptions) ([]string, error) {
	if len(ids) == 0 {
		ids = DefaultMetrics
	}
	if queries == "" {
		queries = "all"
	}
	var full []string
	for _, id := range ids {
		m, options, err := metrics.ParseID(id)
		if err != nil {
			return nil, err
		}
		if q, there := options["queries"]; there && q != queries {
			return nil, fmt.Errorf("metric %q: the run has queries=%s", id, queries)
		}
		options["queries"] = queries
		if _, chosen := options["reader"]; !chosen && m.Protocol != "" && !slices.Contains(how.Presets, m.ID) {
			options["reader"] = "ladder"
		}
		name, err := m.WithOptions(options)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(full, name) {
			full = append(full, name)
		}
	}
	return full, nil
}

func newScorer(plan ScorePlan) (*scorer, error) {
	ids, err := MetricIDs(plan.Metrics, plan.Queries, plan.Parsing)
	if err != nil {
		return nil, err
	}
	s := &scorer{plan: plan, ids: ids, spans: -1, strings: -1, totals: make([]ner.Score, len(ids)), scored: Scored{Metrics: map[string]MetricCounts{}, Outcomes: map[ner.Outcome]int{}, Counters: map[string]int{}}}
	// The first parser is the default one. Outcomes and counters are by this parser.
	hows := []ParseOptions{plan.Parsing}
	protocols := [][]metrics.Protocol{nil}
	for i, id := range ids {
		m, options, err := metrics.ParseID(id)
		if err != nil {
			return nil, err
		}
		how := plan.Parsing.With(options)
		at := slices.IndexFunc(hows, func(h ParseOptions) bool { return optionsKey(h) == optionsKey(how) })
		if at < 0 {
			at = len(hows)
			hows, protocols = append(hows, how), append(protocols, nil)
		}
		if m.Protocol != "" && !slices.Contains(protocols[at], m.Protocol) {
			protocols[at] = append(protocols[at], m.Protocol)
		}
		switch {
		case m.ID == "span_f1" && at == 0:
			s.spans = i
		case m.ID == "uniner_f1" && at == 0:
			s.strings = i
		}
		s.counted = append(s.counted, MetricCounts{ByType: map[ner.EntityType]ner.Score{}, Reader: answers.Version, Version: metrics.Version})
		s.metrics, s.parser = append(s.metrics, m), append(s.parser, at)
	}
	for i, how := range hows {
		r, err := NewPassageParser(how, protocols[i]...)
		if err != nil {
			return nil, err
		}
		s.parsers = append(s.parsers, r)
	}
	return s, nil
}

// optionsKey identifies the options of a parser.
func optionsKey(h ParseOptions) string {
	return fmt.Sprintf("%+v %s %s", h.Alignment, h.Unknown, h.Reader)
}

// work scores the passages of a block.
func (s *scorer) work(b *scoreBlock) {
	b.outcomes, b.counters = map[ner.Outcome]int{}, map[string]int{}
	understood := make([]ParsedPassage, len(s.parsers))
	for i, p := range b.passages {
		for k, r := range s.parsers {
			var err error
			if understood[k], err = r.Passage(b.documents[i], p.Answers); err != nil {
				b.err = errors.Join(b.err, err)
				return
			}
		}
		counts := make([]metrics.Counts, len(s.metrics))
		for k, m := range s.metrics {
			counts[k] = m.Count(&understood[s.parser[k]].Passage)
		}
		b.counts = append(b.counts, counts)
		s.count(b, &understood[0], counts)
		if !s.parsers[0].HasSpans() { // answers with offsets have no prompts
			s.plan.mark(b.counters, b.documents[i], p.Answers)
		}
		if s.plan.Observe != nil {
			b.observed = append(b.observed, understood[0])
		}
	}
}

// count adds outcomes and counters of one passage.
func (s *scorer) count(b *scoreBlock, u *ParsedPassage, counts []metrics.Counts) {
	for _, p := range u.Predictions {
		if !s.parsers[0].HasSpans() || p.Outcome.Failure() {
			b.outcomes[p.Outcome]++
		}
		for _, m := range p.Mentions {
			for _, f := range m.Flags {
				b.counters[string(f)]++
			}
		}
		for _, d := range p.Dropped {
			b.counters[d.Why]++
			b.counters[droppedItems]++
		}
	}
	spans, strs := countOnce(metrics.SpanF1, &u.Passage, counts, s.spans), countOnce(metrics.UniNERF1, &u.Passage, counts, s.strings)
	for _, c := range []struct {
		name string
		n    int
	}{
		{"ambiguous", u.Ambiguous}, {"unaligned", spans.Unaligned}, {"bad_offsets", spans.BadOffsets},
		{"duplicate_gold", spans.DuplicateGold}, {"duplicate_pred", spans.DuplicatePred},
		{"void", strs.Void}, {"gold_void", strs.GoldVoid},
	} {
		if c.n > 0 {
			b.counters[c.name] += c.n
		}
	}
}

// countOnce returns the counts of a metric at a place of those that are counted; -1: it is
// counted now.
func countOnce(add func(*metrics.Passage, *metrics.Counts), p *metrics.Passage, counts []metrics.Counts, place int) metrics.Counts {
	if place >= 0 {
		return counts[place]
	}
	return metrics.Count(add, p)
}

// droppedItems is the counter of all items that are in an answer and not used.
const droppedItems = "dropped"

// Dropped returns the numbers of items that are in the answers and not used, by reason,
// from the counters of a score. The counter of words that are not in the text also has
// mentions, which are used; their number is the rest of all items.
func Dropped(counters map[string]int) map[string]int {
	by := map[string]int{}
	left := counters[droppedItems]
	for _, why := range ner.DropReasons {
		if n := counters[why]; n > 0 && why != ner.LostWord {
			by[why] = n
			left -= n
		}
	}
	if left > 0 {
		by[ner.LostWord] = left
	}
	return by
}

// merge adds the counts of a block. Blocks are merged in order.
func (s *scorer) merge(b *scoreBlock) error {
	if b.err != nil || len(b.counts) < len(b.passages) {
		return b.err
	}
	for i, p := range b.passages {
		for k := range s.counted {
			m := &s.counted[k]
			s.totals[k] = b.counts[i][k].ByType.Total()
			m.Total = m.Total.Add(s.totals[k])
			metrics.Tally(m.ByType).Merge(b.counts[i][k].ByType)
			if s.plan.Counted == nil {
				m.Passages = append(m.Passages, s.totals[k])
			}
		}
		if s.plan.Counted != nil {
			s.plan.Counted(p.Index, s.totals)
		}
		if s.plan.Observe != nil {
			s.plan.Observe(b.passages[i], b.documents[i], b.observed[i])
		}
	}
	s.scored.Passages += len(b.passages)
	addAll(s.scored.Outcomes, b.outcomes)
	addAll(s.scored.Counters, b.counters)
	return nil
}

// end returns the counts of all blocks.
func (s *scorer) end() Scored {
	for k, id := range s.ids {
		s.scored.Metrics[id] = s.counted[k]
	}
	return s.scored
}

func addAll[K comparable](into, part map[K]int) {
	for k, n := range maps.All(part) {
		into[k] += n
	}
}
