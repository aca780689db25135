package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/urfave/cli/v2"

	"nerbench/answers"
	"nerbench/harness/loop"
	"nerbench/internal/fault"
	"nerbench/metrics"
	"nerbench/ner"
)

// evalTags scores a column file (docs/spec/metrics.md §4.5).
func evalTags(ctx context.Context, env *environment, c *cli.Context) (*evaluation, error) {
	scheme, mode, err := readScheme(c)
	if err != nil {
		return nil, err
	}
	plan, err := newEvalPlan(c, loop.ParseOptions{}, []string{"span_f1"}, metricIDs(nil))
	if err != nil {
		return nil, err
	}
	if plan.train, err = env.readTraining(plan, c.String("train"), func(in io.Reader, train *metrics.Training) error {
		return trainColumns(in, scheme, mode, train)
	}); err != nil {
		return nil, err
	}
	var e *evaluation
	err = withInput(env, c.String("tags"), func(r io.Reader) (err error) {
		if plan.tagsAlone() {
			e, err = countColumns(ctx, plan, r, scheme, mode)
		} else {
			e, err = countSentences(ctx, plan, r, scheme, mode)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	e.extra["scheme"], e.extra["mode"] = scheme, mode
	return e, nil
}

func readScheme(c *cli.Context) (scheme metrics.Scheme, mode metrics.Mode, err error) {
	scheme, mode = metrics.IOB2, metrics.Lenient
	if c.IsSet("scheme") {
		mode = metrics.Strict
		if scheme, err = metrics.ParseScheme(c.String("scheme")); err != nil {
			return scheme, mode, fault.Usagef("%v", err)
		}
	}
	if c.IsSet("mode") {
		if mode, err = metrics.ParseMode(c.String("mode")); err != nil {
			return scheme, mode, fault.Usagef("%v", err)
		}
	}
	return scheme, mode, nil
}

// tagsAlone reports whether the tags suffice, and no sentence is looked at.
func (p *evalPlan) tagsAlone() bool {
	return len(p.metrics) == 1 && p.metrics[0].id == "span_f1" && len(p.attributes) == 0 &&
		!p.taxonomy && !p.confusion && p.intervals.resamples == 0
}

// countColumns counts strict spans and nothing else, at the speed of reading.
func countColumns(ctx context.Context, plan *evalPlan, r io.Reader, scheme metrics.Scheme, mode metrics.Mode) (*evaluation, error) {
	counts, err := metrics.Columns(ctx, r, scheme, mode)
	if err != nil {
		return nil, err
	}
	m := plan.metrics[0]
	return &evaluation{
		metrics: []evaluated{{id: m.id, metric: m.metric, tally: counts.ByType}}, byType: plan.byType,
		passages: counts.Sentences, extra: map[string]any{"tokens": counts.Tokens},
	}, nil
}

// countSentences counts whatever the plan says.
func countSentences(ctx context.Context, plan *evalPlan, r io.Reader, scheme metrics.Scheme, mode metrics.Mode) (*evaluation, error) {
	words := plan.needWords()
	tokens := 0
	counted, err := plan.count(ctx, func(yield func(evalPassage, error) bool) {
		for s, err := range metrics.Sentences(r, scheme, mode) {
			if err == nil && words != "" && s.Words == nil && s.Tokens > 0 {
				err = fault.Usagef("%s compares words: want a column of them before the two of tags", words)
			}
			if err != nil {
				yield(evalPassage{}, err)
				return
			}
			tokens += s.Tokens
			if !yield(sentencePassage(s), nil) {
				return
			}
		}
	})
	if err != nil {
		return nil, err
	}
	e := counted.evaluation(0)
	e.outcomes = nil
	e.extra = map[string]any{"tokens": tokens}
	return e, nil
}

// needWords names what needs the words of sentences; empty if nothing does.
func (p *evalPlan) needWords() string {
	for _, m := range p.metrics {
		if !m.metric.OfSpans() {
			return m.id
		}
	}
	if needs := p.needsTrain(); needs != "" {
		return "bucket:" + needs
	}
	return ""
}

// sentencePassage scores a sentence: spans in tokens, strings of its words.
func sentencePassage(s metrics.Sentence) evalPassage {
	return evalPassage{
		understand: func(r *evalReading) (loop.ParsedPassage, error) {
			d, places := sentenceDocument(s)
			d.Spans = spansAt(s.Gold, places)
			u, err := loop.Imported(d, ner.Prediction{Spans: spansAt(s.Pred, places)}, r.how, r.protocols...)
			if err != nil {
				return u, err
			}
			// Overlaps are counted in tokens: a column file has no other offsets
			// (docs/spec/metrics.md §5).
			u.Passage.Text = strings.Repeat("x", s.Tokens)
			u.Passage.Gold, u.Passage.Pred = tokenSpans(s.Gold), tokenSpans(s.Pred)
			return u, nil
		},
		words: func() metrics.Words { return sentenceWords(s) },
	}
}

// sentenceDocument joins the words of a sentence by blanks; a sentence of tags
// alone has words without text.
func sentenceDocument(s metrics.Sentence) (*ner.Document, []ner.Range) {
	words := s.Words
	if words == nil {
		words = make([]string, s.Tokens)
		for i := range words {
			words[i] = "x"
		}
	}
	d := &ner.Document{Text: strings.Join(words, " ")}
	at := 0
	for _, w := range words {
		d.Tokens = append(d.Tokens, ner.Range{Start: at, End: at + len(w)})
		at += len(w) + 1
	}
	return d, d.Tokens
}

func spansAt(chunks []metrics.Chunk, places []ner.Range) []ner.Span {
	spans := make([]ner.Span, len(chunks))
	for i, c := range chunks {
		spans[i] = ner.Span{Start: places[c.Start].Start, End: places[c.End-1].End, Type: c.Type}
	}
	return spans
}

func tokenSpans(chunks []metrics.Chunk) []ner.Span {
	spans := make([]ner.Span, len(chunks))
	for i, c := range chunks {
		spans[i] = ner.Span{Start: c.Start, End: c.End, Type: c.Type}
	}
	return spans
}

// sentenceWords are the words of a sentence, placed in tokens.
func sentenceWords(s metrics.Sentence) metrics.Words {
	var w metrics.Words
	for i := range s.Tokens {
		w.Ranges = append(w.Ranges, ner.Range{Start: i, End: i + 1})
		word := ""
		if s.Words != nil {
			word = answers.Lower(s.Words[i])
		}
		w.Lower = append(w.Lower, word)
	}
	return w
}

// trainColumns learns a train split of columns: the last but one is gold.
func trainColumns(in io.Reader, scheme metrics.Scheme, mode metrics.Mode, train *metrics.Training) error {
	for s, err := range metrics.Sentences(in, scheme, mode) {
		if err != nil {
			return err
		}
		if s.Words == nil {
			return fmt.Errorf("want a column of words before the two of tags")
		}
		train.Add(sentenceWords(s), tokenSpans(s.Gold))
	}
	return nil
}
