package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"

	"github.com/urfave/cli/v2"

	"nerbench/answers"
	"nerbench/harness"
	"nerbench/loaders"
	"nerbench/metrics"
	"nerbench/ner"
)

// evalPredictions scores a file of predictions against a file of documents.
func evalPredictions(ctx context.Context, env *environment, c *cli.Context) (*evaluation, error) {
	if !c.IsSet("pred") {
		return nil, usagef("eval: --gold needs --pred")
	}
	if c.String("gold") == "-" && c.String("pred") == "-" {
		return nil, usagef("eval: only one of --gold and --pred can be standard input")
	}
	s, err := newPredictionScorer(c)
	if err != nil {
		return nil, err
	}
	err = withInput(env, c.String("gold"), func(gold io.Reader) error {
		return withInput(env, c.String("pred"), func(pred io.Reader) error {
			return s.score(ctx, gold, pred)
		})
	})
	if err != nil {
		return nil, err
	}
	return s.evaluation(), nil
}

// predictionScorer scores predictions one document after another.
type predictionScorer struct {
	gold    string // name of the file of documents
	how     harness.How
	types   []ner.EntityType // of the row; nil: any
	metrics []scoredMetric
	counts  []metrics.Counts
	readers map[string]*harness.Reading

	passages, missing int
	outcomes          map[ner.Outcome]int
	counters          map[string]int
	taxonomy          *metrics.Taxonomy
	confusion         bool
}

// scoredMetric is a metric with the way of reading that its id names.
type scoredMetric struct {
	id     string
	metric metrics.Metric
	how    harness.How
}

func newPredictionScorer(c *cli.Context) (*predictionScorer, error) {
	s := &predictionScorer{
		gold: c.String("gold"),
		how: harness.How{
			Family: c.String("family"), Variant: c.String("variant"), Unknown: c.String("unknown"),
			Alignment: answers.Alignment{Mode: c.String("align"), Boundary: c.String("boundary")},
			Types:     readTypeNames(c.String("types")),
		},
		readers: map[string]*harness.Reading{}, outcomes: map[ner.Outcome]int{}, counters: map[string]int{}, confusion: c.Bool("confusion"),
	}
	if u := s.how.Unknown; u != "" && u != "drop" && u != "fp" {
		return nil, usagef("eval: --unknown %s: want drop or fp", u)
	}
	if err := s.how.Alignment.Check(); err != nil {
		return nil, usagef("eval: %v", err)
	}
	if !slices.Contains(answers.Families(), s.how.Family) {
		return nil, usagef("eval: --family %s: unknown (known: %v)", s.how.Family, answers.Families())
	}
	for _, t := range s.how.Types {
		s.types = append(s.types, t.Natural)
	}
	if c.Bool("taxonomy") || c.Bool("confusion") {
		t := metrics.NewTaxonomy()
		s.taxonomy = &t
	}
	return s, s.choose(splitList(c.StringSlice("metric")))
}

// choose finds the metrics of a list of ids. Choices of flags become part of the
// ids.
func (s *predictionScorer) choose(ids []string) error {
	if len(ids) == 0 {
		ids = harness.DefaultMetrics
	}
	if slices.Equal(ids, []string{"all"}) {
		ids = nil
		for _, m := range metrics.Metrics {
			ids = append(ids, m.ID)
		}
	}
	chosen := map[string]string{}
	for name, value := range map[string]string{"align": s.how.Alignment.Mode, "boundary": s.how.Alignment.Boundary, "unknown": s.how.Unknown} {
		if value != "" {
			chosen[name] = value
		}
	}
	for _, id := range ids {
		m, options, err := metrics.ParseID(id)
		if err != nil {
			return usagef("eval: %v", err)
		}
		options = mergeKeys(chosen, options)
		full, err := m.WithOptions(options)
		if err != nil {
			return usagef("eval: %v", err)
		}
		s.metrics = append(s.metrics, scoredMetric{full, m, s.how.With(options)})
		s.counts = append(s.counts, metrics.NewCounts())
	}
	return nil
}

// given is a line of a file of predictions: spans, mentions, or answers.
type given struct {
	ID    *string `json:"id"`
	Spans *[]struct {
		Start int            `json:"start"`
		End   int            `json:"end"`
		Type  ner.EntityType `json:"type"`
	} `json:"spans"`
	// Unaligned are mentions without a place, beside spans, as runs export writes
	// them: each is a false positive (METRICS.md §7.5).
	Unaligned []ner.Mention  `json:"unaligned"`
	Mentions  *[]ner.Mention `json:"mentions"`
	Answers   *[]struct {
		Types  []ner.EntityType `json:"types"`
		Text   string           `json:"text"`
		Finish ner.Finish       `json:"finish"`
	} `json:"answers"`
}

// readPredictions reads JSON Lines of predictions.
func readPredictions(in io.Reader) iter.Seq2[given, error] {
	return func(yield func(given, error) bool) {
		r := bufio.NewReaderSize(in, 1<<16)
		for number := 1; ; number++ {
			line, err := r.ReadBytes('\n')
			if err != nil && err != io.EOF {
				yield(given{}, err)
				return
			}
			if len(bytes.TrimSpace(line)) > 0 {
				g, parseErr := parseGiven(line)
				if parseErr != nil {
					yield(given{}, &metrics.LineError{Line: number, Err: parseErr})
					return
				}
				if !yield(g, nil) {
					return
				}
			}
			if err == io.EOF {
				return
			}
		}
	}
}

func parseGiven(line []byte) (given, error) {
	var g given
	if err := json.Unmarshal(line, &g); err != nil {
		return g, fmt.Errorf(`want {"id", and one of "spans", "mentions", "answers"}: %w`, err)
	}
	kinds := 0
	for _, there := range []bool{g.Spans != nil, g.Mentions != nil, g.Answers != nil} {
		if there {
			kinds++
		}
	}
	if g.ID == nil || kinds != 1 {
		return g, fmt.Errorf(`want {"id", and one of "spans", "mentions", "answers"}`)
	}
	return g, nil
}

// score joins documents and predictions by id. Where both files have the same
// order nothing is kept of them; else predictions wait for their document.
func (s *predictionScorer) score(ctx context.Context, gold, pred io.Reader) error {
	next, stop := iter.Pull2(readPredictions(pred))
	defer stop()
	waiting := map[string]given{}
	seen := map[string]bool{}
	for d, err := range loaders.ReadDocuments(gold) {
		if err != nil {
			return s.goldError(err)
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if seen[d.ID] {
			return s.goldError(fmt.Errorf("document %q: occurs twice", d.ID))
		}
		seen[d.ID] = true
		g, found := waiting[d.ID]
		delete(waiting, d.ID)
		for !found {
			p, err, more := next()
			if err != nil {
				return err
			}
			if !more {
				break
			}
			if _, twice := waiting[*p.ID]; twice || seen[*p.ID] && *p.ID != d.ID {
				return fmt.Errorf("document %q: occurs twice", *p.ID)
			}
			if found = *p.ID == d.ID; found {
				g = p
			} else {
				waiting[*p.ID] = p
			}
		}
		if !found {
			s.missing++
			continue
		}
		if err := s.add(d, g); err != nil {
			return fmt.Errorf("document %q: %w", d.ID, err)
		}
	}
	for {
		p, err, more := next()
		if err != nil {
			return err
		}
		if !more {
			break
		}
		waiting[*p.ID] = p
	}
	if len(waiting) == 0 {
		return nil
	}
	id := sortedKeys(waiting)[0]
	if seen[id] {
		return fmt.Errorf("document %q: occurs twice", id)
	}
	return fmt.Errorf("document %q: not in the file of documents (%d of the predictions are not)", id, len(waiting))
}

// goldError names the file of documents; errors of the other file are named by
// its reader.
func (s *predictionScorer) goldError(err error) error {
	name := s.gold
	if name == "-" {
		name = "standard input"
	}
	var line *loaders.LineError
	if errors.As(err, &line) {
		return &inputError{fmt.Errorf("%s:%d: %w", name, line.Line, line.Err)}
	}
	return &inputError{fmt.Errorf("%s: %w", name, err)}
}

// add scores one document.
func (s *predictionScorer) add(d *ner.Document, g given) error {
	s.passages++
	var first *harness.Understood
	for i, m := range s.metrics {
		u, err := s.understand(d, g, m.how)
		if err != nil {
			return err
		}
		if first == nil {
			first = &u
		}
		s.counts[i].Merge(m.metric.Count(&u.Passage))
	}
	s.note(first, g.Answers != nil)
	if s.taxonomy != nil {
		s.taxonomy.Merge(metrics.Classify(&first.Passage))
	}
	return nil
}

// understand makes what metrics see of a line.
func (s *predictionScorer) understand(d *ner.Document, g given, how harness.How) (harness.Understood, error) {
	if g.Answers != nil {
		return s.read(d, g, how)
	}
	var p ner.Prediction
	if g.Mentions != nil {
		p.Mentions = []ner.FlaggedMention{}
		for _, m := range *g.Mentions {
			if typ, keep := s.typed(m.Type, how); keep {
				p.Mentions = append(p.Mentions, ner.FlaggedMention{Mention: ner.Mention{Text: m.Text, Type: typ}})
			}
		}
		return harness.Imported(d, p, how)
	}
	points := ner.NewCodePoints(d.Text)
	for _, sp := range *g.Spans {
		typ, keep := s.typed(sp.Type, how)
		if !keep {
			continue
		}
		start, err1 := points.Byte(sp.Start)
		end, err2 := points.Byte(sp.End)
		if err1 != nil || err2 != nil || start >= end {
			start, end = -1-max(sp.Start, -sp.Start), -1-max(sp.End, -sp.End) // no range of the text: a false positive (METRICS.md §2)
		}
		p.Spans = append(p.Spans, ner.Span{Start: start, End: end, Type: typ})
	}
	for _, m := range g.Unaligned {
		if typ, keep := s.typed(m.Type, how); keep {
			p.Unaligned = append(p.Unaligned, ner.Mention{Text: m.Text, Type: typ})
		}
	}
	return harness.Imported(d, p, how)
}

// typed is what becomes of a predicted type: with --types, one that is not among
// them is dropped or kept as the reserved type (METRICS.md §1.3).
func (s *predictionScorer) typed(t ner.EntityType, how harness.How) (ner.EntityType, bool) {
	if s.types == nil || slices.Contains(s.types, t) {
		return t, true
	}
	s.counters["unknown_type"]++
	return ner.Unknown, how.Unknown == "fp"
}

// read reads raw answers. The row's types are those of --types, else those that
// were asked for.
func (s *predictionScorer) read(d *ner.Document, g given, how harness.How) (harness.Understood, error) {
	var asked []ner.Answer
	for _, a := range *g.Answers {
		asked = append(asked, ner.Answer{Types: a.Types, Completion: ner.Completion{Text: a.Text, Finish: a.Finish}})
		for _, t := range a.Types {
			if s.types == nil && !slices.ContainsFunc(how.Types, func(n answers.TypeName) bool { return n.Natural == t }) {
				how.Types = append(slices.Clip(how.Types), answers.TypeName{Natural: t})
			}
		}
	}
	key := fmt.Sprintf("%v", how)
	reading, ok := s.readers[key]
	if !ok {
		var err error
		if reading, err = harness.NewReading(how); err != nil {
			return harness.Understood{}, err
		}
		s.readers[key] = reading
	}
	return reading.Passage(d, asked)
}

// note counts outcomes and what stands beside a score.
func (s *predictionScorer) note(u *harness.Understood, answered bool) {
	for _, p := range u.Predictions {
		if answered {
			s.outcomes[p.Outcome]++
		}
		for _, dropped := range p.Dropped {
			s.counters[dropped.Why]++
		}
	}
	s.counters["ambiguous"] += u.Ambiguous
}

// besideNames are the counts that stand beside a score, in order.
var besideNames = []string{"unaligned", "ambiguous", "bad_offsets", "duplicate_gold", "duplicate_pred", "unknown_type", "other_type", "bad_item", "void", "gold_void", "missing"}

func (s *predictionScorer) evaluation() *evaluation {
	e := &evaluation{passages: s.passages, taxonomy: s.taxonomy, missing: s.missing, confusion: s.confusion, outcomes: s.outcomes}
	for i, m := range s.metrics {
		e.metrics = append(e.metrics, evaluated{m.id, m.metric, s.counts[i].ByType})
		c := s.counts[i]
		for name, n := range map[string]int{
			"unaligned": c.Unaligned, "bad_offsets": c.BadOffsets, "void": c.Void, "gold_void": c.GoldVoid,
		} {
			s.counters[name] = max(s.counters[name], n)
		}
		if m.metric.ID == "span_f1" {
			s.counters["duplicate_gold"], s.counters["duplicate_pred"] = c.DuplicateGold, c.DuplicatePred
			e.duplicates = [2]int{c.DuplicateGold, c.DuplicatePred}
		}
	}
	s.counters["missing"] = s.missing
	for _, name := range besideNames {
		e.beside = append(e.beside, besideCount{name, s.counters[name]})
	}
	return e
}

// evalPairs scores pairs of answers as the paper does (METRICS.md §3.4).
func evalPairs(ctx context.Context, env *environment, c *cli.Context) (*evaluation, error) {
	var counts metrics.PairCounts
	err := withInput(env, c.String("pairs"), func(r io.Reader) (err error) {
		counts, err = metrics.Pairs(ctx, r, answers.Official)
		return err
	})
	if err != nil {
		return nil, err
	}
	m, _ := metrics.Find("uniner_f1")
	return &evaluation{
		metrics:  []evaluated{{m.ID, m, metrics.Tally{"": counts.Score}}},
		passages: counts.Pairs, oneType: true,
		beside: []besideCount{{"void", counts.Void}, {"gold_void", counts.GoldVoid}},
	}, nil
}
