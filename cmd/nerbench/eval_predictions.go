package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"

	"github.com/urfave/cli/v2"

	"nerbench/harness/loop"
	"nerbench/internal/fault"
	"nerbench/loaders"
	"nerbench/metrics"
	"nerbench/ner"
)

// evalPredictions scores a file of predictions against a file of documents.
func evalPredictions(ctx context.Context, env *environment, c *cli.Context) (*evaluation, error) {
	if !c.IsSet("pred") {
		return nil, fault.Usagef("--gold needs --pred")
	}
	if c.String("gold") == "-" && c.String("pred") == "-" {
		return nil, fault.Usagef("only one of --gold and --pred can be standard input")
	}
	how, err := evalHow(c)
	if err != nil {
		return nil, err
	}
	plan, err := newEvalPlan(c, how, loop.DefaultMetrics, metricIDs(nil))
	if err != nil {
		return nil, err
	}
	if plan.train, err = env.readTraining(plan, c.String("train"), trainDocuments); err != nil {
		return nil, err
	}
	var counted *evalCounts
	join := &predictionJoin{gold: c.String("gold"), partial: plan.partial, spans: plan.needsSpans()}
	input := newPredictionInput(how)
	err = withInput(env, c.String("gold"), func(gold io.Reader) error {
		return withInput(env, c.String("pred"), func(pred io.Reader) (err error) {
			counted, err = plan.count(ctx, func(yield func(evalPassage, error) bool) {
				for p, err := range join.joined(gold, predictionFile{c.String("pred"), pred}) {
					if err != nil {
						yield(evalPassage{}, err)
						return
					}
					if !yield(input.passage(documentPrediction{p.document, p.given[0]}), nil) {
						return
					}
				}
			})
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	return counted.evaluation(join.missing), nil
}

// predictionInput says how predictions become what metrics see.
type predictionInput struct {
	types []ner.EntityType // of the dataset; nil: any
}

func newPredictionInput(how loop.ParseOptions) predictionInput {
	var in predictionInput
	for _, t := range how.Types {
		in.types = append(in.types, t.Natural)
	}
	return in
}

// documentPrediction is a document with what was predicted for it.
type documentPrediction struct {
	document *ner.Document
	given
}

func (in predictionInput) passage(p documentPrediction) evalPassage {
	return evalPassage{
		name:       fmt.Sprintf("document %q", p.document.ID),
		understand: func(r *evalReading) (loop.ParsedPassage, error) { return in.understand(p, r) },
		words:      func() metrics.Words { return documentWords(p.document) },
		answered:   p.Answers != nil,
	}
}

// understand makes what metrics see of a line.
func (in predictionInput) understand(p documentPrediction, r *evalReading) (loop.ParsedPassage, error) {
	switch {
	case p.Answers != nil:
		return in.read(p, r)
	case p.Mentions != nil:
		return in.mentions(p, r)
	}
	return in.spans(p, r)
}

// read reads raw answers. The dataset's types are those of --types, else those that
// were asked for.
func (in predictionInput) read(p documentPrediction, r *evalReading) (loop.ParsedPassage, error) {
	var given []ner.Answer
	var asked []ner.EntityType
	for _, a := range *p.Answers {
		given = append(given, ner.Answer{Types: a.Types, Completion: ner.Completion{Text: a.Text, Finish: a.Finish}})
		asked = append(asked, a.Types...)
	}
	reading, err := r.withTypes(in.types != nil, asked)
	if err != nil {
		return loop.ParsedPassage{}, err
	}
	return reading.Passage(p.document, given)
}

func (in predictionInput) mentions(p documentPrediction, r *evalReading) (loop.ParsedPassage, error) {
	prediction := ner.Prediction{Mentions: []ner.FlaggedMention{}}
	for _, m := range *p.Mentions {
		if typ, keep := in.typed(&prediction, m.Type, m.Text, r.how); keep {
			prediction.Mentions = append(prediction.Mentions, ner.FlaggedMention{Mention: ner.Mention{Text: m.Text, Type: typ}})
		}
	}
	return loop.Imported(p.document, prediction, r.how, r.protocols...)
}

func (in predictionInput) spans(p documentPrediction, r *evalReading) (loop.ParsedPassage, error) {
	var prediction ner.Prediction
	points := ner.NewCodePoints(p.document.Text)
	for _, s := range *p.Spans {
		typ, keep := in.typed(&prediction, s.Type, "", r.how)
		if !keep {
			continue
		}
		start, err1 := points.Byte(s.Start)
		end, err2 := points.Byte(s.End)
		if err1 != nil || err2 != nil || start >= end {
			start, end = noRange(s.Start, s.End)
		}
		prediction.Spans = append(prediction.Spans, ner.Span{Start: start, End: end, Type: typ})
	}
	for _, m := range p.Unaligned {
		if typ, keep := in.typed(&prediction, m.Type, m.Text, r.how); keep {
			prediction.Unaligned = append(prediction.Unaligned, ner.Mention{Text: m.Text, Type: typ})
		}
	}
	return loop.Imported(p.document, prediction, r.how, r.protocols...)
}

// noRange keeps apart spans that are no range of the text: each different one is
// a false positive of its own (docs/spec/metrics.md §2). No range begins below 0.
func noRange(start, end int) (int, int) {
	below := func(n int) int {
		if n < 0 {
			return 2*n - 1
		}
		return -2*n - 2
	}
	return below(start), below(end)
}

// typed is what becomes of a predicted type: with --types, one that is not among
// them is dropped or kept as the reserved type (docs/spec/metrics.md §1.3).
func (in predictionInput) typed(p *ner.Prediction, t ner.EntityType, text string, how loop.ParseOptions) (ner.EntityType, bool) {
	if in.types == nil || slices.Contains(in.types, t) {
		return t, true
	}
	p.Dropped = append(p.Dropped, ner.Dropped{Why: "unknown_type", Type: string(t), Text: text})
	return ner.Unknown, how.Unknown == "fp"
}

// trainDocuments learns a train split of documents.
func trainDocuments(in io.Reader, train *metrics.Training) error {
	for d, err := range loaders.ReadDocuments(in) {
		var line *loaders.LineError
		if errors.As(err, &line) {
			return &metrics.LineError{Line: line.Line, Err: line.Err}
		}
		if err != nil {
			return err
		}
		train.Add(documentWords(d), d.Spans)
	}
	return nil
}

// readTraining reads the train split where attributes need it.
func (env *environment) readTraining(plan *evalPlan, name string, read func(io.Reader, *metrics.Training) error) (*metrics.Training, error) {
	needs := plan.needsTrain()
	switch {
	case needs == "" && name != "":
		return nil, fault.Usagef("--train has no effect without --by bucket: with oDen, eFre, or eCon")
	case needs == "":
		return nil, nil
	case name == "":
		return nil, fault.Usagef("--by bucket:%s is relative to the train split: name it with --train FILE", needs)
	}
	train := metrics.NewTraining()
	err := withInput(env, name, func(in io.Reader) error { return read(in, train) })
	train.Count()
	return train, err
}

// givenLine is a line of a file of predictions: spans, mentions, or answers.
type givenLine struct {
	ID        *string         `json:"id"`
	Spans     *[]givenSpan    `json:"spans"`
	Unaligned []ner.Mention   `json:"unaligned"`
	Mentions  *[]givenMention `json:"mentions"`
	Answers   *[]givenAnswer  `json:"answers"`
}

type givenSpan struct {
	Start *int           `json:"start"`
	End   *int           `json:"end"`
	Type  ner.EntityType `json:"type"`
	Score *float64       `json:"score"`
}

type givenMention struct {
	Text *string        `json:"text"`
	Type ner.EntityType `json:"type"`
}

type givenAnswer struct {
	Types  []ner.EntityType `json:"types"`
	Text   *string          `json:"text"`
	Finish ner.Finish       `json:"finish"`
}

// given is what was predicted for one document: exactly one of spans, mentions
// and answers is there.
type given struct {
	ID    string
	Spans *[]plainSpan
	// Unaligned are mentions without a place, beside spans, as runs export writes
	// them: each is a false positive (docs/spec/metrics.md §7.5).
	Unaligned []ner.Mention
	Mentions  *[]ner.Mention
	Answers   *[]plainAnswer

	line int // in its file, from 1
}

// plainSpan is a span in code points, as it was given.
type plainSpan struct {
	Start, End int
	Type       ner.EntityType
}

type plainAnswer struct {
	Types  []ner.EntityType
	Text   string
	Finish ner.Finish
}

var errGiven = errors.New(`want {"id", and one of "spans", "mentions", "answers"}`)

// parseGiven reads one line. Every part of it must be there: what is missing
// would silently be a zero.
func parseGiven(line []byte) (given, error) {
	var l givenLine
	if err := json.Unmarshal(line, &l); err != nil {
		return given{}, fmt.Errorf("%w: %w", errGiven, err)
	}
	kinds := 0
	for _, there := range []bool{l.Spans != nil, l.Mentions != nil, l.Answers != nil} {
		if there {
			kinds++
		}
	}
	if l.ID == nil || kinds != 1 {
		return given{}, errGiven
	}
	g := given{ID: *l.ID, Unaligned: l.Unaligned}
	var err error
	switch {
	case l.Spans != nil:
		g.Spans, err = plainSpans(*l.Spans)
	case l.Mentions != nil:
		g.Mentions, err = plainMentions(*l.Mentions)
	default:
		g.Answers, err = plainAnswers(*l.Answers)
	}
	return g, err
}

func plainSpans(spans []givenSpan) (*[]plainSpan, error) {
	out := make([]plainSpan, len(spans))
	for i, s := range spans {
		if s.Start == nil || s.End == nil || s.Type == "" {
			return nil, fmt.Errorf(`span %d: want {"start", "end", "type"}`, i)
		}
		out[i] = plainSpan{*s.Start, *s.End, s.Type}
	}
	return &out, nil
}

func plainMentions(mentions []givenMention) (*[]ner.Mention, error) {
	out := make([]ner.Mention, len(mentions))
	for i, m := range mentions {
		if m.Text == nil || m.Type == "" {
			return nil, fmt.Errorf(`mention %d: want {"text", "type"}`, i)
		}
		out[i] = ner.Mention{Text: *m.Text, Type: m.Type}
	}
	return &out, nil
}

func plainAnswers(list []givenAnswer) (*[]plainAnswer, error) {
	out := make([]plainAnswer, len(list))
	for i, a := range list {
		if a.Text == nil || len(a.Types) == 0 {
			return nil, fmt.Errorf(`answer %d: want {"types", "text"}`, i)
		}
		switch a.Finish {
		case ner.FinishUnknown, ner.FinishStop, ner.FinishLength, ner.FinishTooLong:
		default:
			return nil, fmt.Errorf(`answer %d: finish %q: want stop, length, or too_long`, i, a.Finish)
		}
		out[i] = plainAnswer{a.Types, *a.Text, a.Finish}
	}
	return &out, nil
}

// readPredictions reads JSON Lines of predictions.
func readPredictions(in io.Reader) iter.Seq2[given, error] {
	return func(yield func(given, error) bool) {
		err := eachJSONLine(in, func(number int, line []byte) error {
			g, err := parseGiven(line)
			g.line = number
			if err == nil && !yield(g, nil) {
				return errStop
			}
			return err
		})
		if err != nil {
			yield(given{}, err)
		}
	}
}
