package files

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"

	"nerbench/answers"
	"nerbench/harness/loop"
	"nerbench/internal/fault"
	"nerbench/internal/signature"
	"nerbench/metrics"
	"nerbench/ner"
)

// Tags is a column file whose last two columns are the gold tag and the predicted tag
// (docs/spec/metrics.md §4.5).
type Tags struct {
	File   File
	Scheme metrics.Scheme
	Mode   metrics.Mode
}

// Eval scores the tags. Metrics of strings and some buckets need a column of words
// before the two columns of tags.
func (t Tags) Eval(ctx context.Context, o Options) (*Report, error) {
	return evalTags(o, t.Scheme, t.Mode, t.train, func(plan *evalPlan) (report *Report, err error) {
		err = t.File.Read(func(r io.Reader) (err error) {
			if plan.tagsAlone() {
				report, err = t.countColumns(ctx, plan, r)
			} else {
				report, err = countSentences(ctx, plan, metrics.Sentences(r, t.Scheme, t.Mode))
			}
			return err
		})
		if errors.Is(err, metrics.ErrNoTag) {
			err = &fault.Hint{Err: err, Advice: "the last two columns must be the gold tag and the predicted tag; two files of token and tag are --gold FILE --pred FILE"}
		}
		return report, err
	})
}

// evalTags prepares an evaluation of tags, counts, and adds what the reports of tags
// have in common.
func evalTags(o Options, scheme metrics.Scheme, mode metrics.Mode, train func(io.Reader, *metrics.Training) error, count func(*evalPlan) (*Report, error)) (*Report, error) {
	plan, err := newPlan(o, Parsing{}, "", []string{"span_f1"}, metricIDs(nil))
	if err != nil {
		return nil, err
	}
	if err := plan.readTrain(train); err != nil {
		return nil, err
	}
	report, err := count(plan)
	if err != nil {
		return nil, err
	}
	report.extra["scheme"], report.extra["mode"] = scheme, mode
	report.origin = []signature.Field{
		{Name: "input", Value: "tags"}, {Name: "scheme", Value: fmt.Sprint(scheme)}, {Name: "mode", Value: fmt.Sprint(mode)},
	}
	return report, nil
}

// tagsAlone reports whether counting needs the tags alone, and no sentences.
func (p *evalPlan) tagsAlone() bool {
	return len(p.metrics) == 1 && p.metrics[0].id == "span_f1" && len(p.By.Attributes) == 0 &&
		!p.Taxonomy && !p.Confusion && p.Resamples == 0
}

// countColumns is a fast path for span_f1 alone.
func (t Tags) countColumns(ctx context.Context, plan *evalPlan, r io.Reader) (*Report, error) {
	counts, err := metrics.Columns(ctx, r, t.Scheme, t.Mode)
	if err != nil {
		return nil, err
	}
	m := plan.metrics[0]
	return &Report{
		Metrics: []MetricReport{{ID: m.id, Metric: m.metric, Tally: counts.ByType}}, ByType: plan.By.Types,
		Passages: counts.Sentences, extra: map[string]any{"tokens": counts.Tokens},
	}, nil
}

// countSentences converts each sentence to a passage and counts it.
func countSentences(ctx context.Context, plan *evalPlan, sentences iter.Seq2[metrics.Sentence, error]) (*Report, error) {
	words := plan.needWords()
	tokens := 0
	counted, err := plan.count(ctx, func(yield func(evalPassage, error) bool) {
		for s, err := range sentences {
			if err == nil && words != "" && s.Words == nil && s.Tokens > 0 {
				err = fault.Usagef("%s compares words: want a column of words before the two columns of tags", words)
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
	report := counted.report(0)
	report.Outcomes, report.Dropped = nil, nil
	report.extra = map[string]any{"tokens": tokens}
	return report, nil
}

// needWords returns the name of the first metric or bucket that needs words; may be
// empty.
func (p *evalPlan) needWords() string {
	for _, m := range p.metrics {
		if !m.metric.OfSpans() {
			return m.id
		}
	}
	if needs := p.By.NeedsTrain(); needs != "" {
		return "bucket:" + needs
	}
	return ""
}

// sentencePassage returns a sentence as a passage, with spans in tokens and strings of
// its words.
func sentencePassage(s metrics.Sentence) evalPassage {
	return evalPassage{
		parse: func(how *parsing) (loop.ParsedPassage, error) {
			d, places := sentenceDocument(s)
			d.Spans = spansAt(s.Gold, places)
			u, err := loop.Imported(d, ner.Prediction{Spans: spansAt(s.Pred, places)}, how.options, how.protocols...)
			if err != nil {
				return u, err
			}
			// Overlaps are counted in tokens, because a column file has no other offsets
			// (docs/spec/metrics.md §5).
			u.Passage.Text = strings.Repeat("x", s.Tokens)
			u.Passage.Gold, u.Passage.Pred = tokenSpans(s.Gold), tokenSpans(s.Pred)
			return u, nil
		},
		words: func() metrics.Words { return sentenceWords(s) },
	}
}

// sentenceDocument joins the words of a sentence by spaces. Without a column of words,
// each word is "x".
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

// sentenceWords returns the words of a sentence, with token indexes as ranges.
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

// train adds a train split of columns. The last column but one is gold.
func (t Tags) train(in io.Reader, train *metrics.Training) error {
	for s, err := range metrics.Sentences(in, t.Scheme, t.Mode) {
		if err != nil {
			return err
		}
		if s.Words == nil {
			return fmt.Errorf("want a column of words before the two columns of tags")
		}
		train.Add(sentenceWords(s), tokenSpans(s.Gold))
	}
	return nil
}
