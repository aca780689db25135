package files

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"

	"nerbench/internal/jsonl"
	"nerbench/loaders"
	"nerbench/ner"
)

// givenLine is a line of a file of predictions: spans, mentions, or answers.
type givenLine struct {
	ID        *loaders.LineID `json:"id"`
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

// given is the prediction for one document. Exactly one of spans, mentions and
// answers is set.
type given struct {
	ID    string
	Spans *[]plainSpan
	// Unaligned are mentions without a position in addition to spans, as in the output
	// of runs export. Each is a false positive (docs/spec/metrics.md §7.5).
	Unaligned []ner.Mention
	Mentions  *[]ner.Mention
	Answers   *[]plainAnswer

	line int // in its file, from 1
}

// plainSpan is a span in code points.
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

// parseGiven parses one line. A missing member is an error, because it would
// otherwise be zero.
func parseGiven(line []byte) (given, error) {
	var l givenLine
	if err := json.Unmarshal(line, &l); err != nil {
		return given{}, fmt.Errorf("%w: %w", errGiven, loaders.PlainJSON(err))
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
	g := given{ID: string(*l.ID), Unaligned: l.Unaligned}
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
		case ner.FinishUnknown, ner.FinishStop, ner.FinishLength, ner.FinishTooLong, ner.FinishRefused, ner.FinishFiltered, ner.FinishToolCall:
		default:
			return nil, fmt.Errorf(`answer %d: finish %q: want stop, length, too_long, refused, filtered, or tool_call`, i, a.Finish)
		}
		out[i] = plainAnswer{a.Types, *a.Text, a.Finish}
	}
	return &out, nil
}

// readPredictions reads JSON Lines of predictions.
func readPredictions(in io.Reader) iter.Seq2[given, error] {
	return func(yield func(given, error) bool) {
		err := jsonl.Read(in, func(number int, line []byte) error {
			g, err := parseGiven(line)
			g.line = number
			if err == nil && !yield(g, nil) {
				return jsonl.ErrStop
			}
			return err
		})
		if err != nil {
			yield(given{}, err)
		}
	}
}
