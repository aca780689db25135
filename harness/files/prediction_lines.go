package files

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"nerbench/loaders"
	"nerbench/ner"
)

// predictionLine is a line of the format jsonl: spans, mentions, or answers.
type predictionLine struct {
	ID        *loaders.LineID `json:"id"`
	Text      *string         `json:"text"` // of the document
	Spans     *[]spanLine     `json:"spans"`
	Unaligned []ner.Mention   `json:"unaligned"`
	Mentions  *[]mentionLine  `json:"mentions"`
	Answers   *[]answerLine   `json:"answers"`
}

type spanLine struct {
	Start *int           `json:"start"`
	End   *int           `json:"end"`
	Type  ner.EntityType `json:"type"`
	Text  *string        `json:"text"`
	Score *float64       `json:"score"`
}

type mentionLine struct {
	Text *string        `json:"text"`
	Type ner.EntityType `json:"type"`
}

type answerLine struct {
	Types  []ner.EntityType `json:"types"`
	Text   *string          `json:"text"`
	Finish ner.Finish       `json:"finish"`
}

var errPrediction = errors.New(`want {"id", and one of "spans", "mentions", "answers"}`)

// parsePrediction parses one line. A missing member is an error, because it would
// otherwise be zero.
func parsePrediction(line []byte) (given, error) {
	var l predictionLine
	if err := json.Unmarshal(line, &l); err != nil {
		return given{}, fmt.Errorf("%w: %w", errPrediction, loaders.PlainJSON(err))
	}
	kinds := 0
	for _, there := range []bool{l.Spans != nil, l.Mentions != nil, l.Answers != nil} {
		if there {
			kinds++
		}
	}
	if l.ID == nil || kinds != 1 {
		return given{}, errPrediction
	}
	g := given{key: string(*l.ID)}
	g.says.text = l.Text
	var err error
	switch {
	case l.Spans != nil:
		g.Unaligned = l.Unaligned
		err = g.setSpans(*l.Spans)
	case l.Mentions != nil:
		err = g.setMentions(*l.Mentions)
	default:
		err = g.setAnswers(*l.Answers)
	}
	return g, err
}

func (g *given) setSpans(spans []spanLine) error {
	g.Spans = make([]ner.PointSpan, len(spans))
	for i, s := range spans {
		if s.Start == nil || s.End == nil || s.Type == "" {
			return fmt.Errorf(`span %d: want {"start", "end", "type"}`, i)
		}
		g.Spans[i] = ner.PointSpan{Start: *s.Start, End: *s.End, Type: s.Type}
		if s.Text != nil {
			if g.says.covered == nil {
				g.says.covered = make([]*string, len(spans))
			}
			g.says.covered[i] = s.Text
		}
	}
	return nil
}

func (g *given) setMentions(mentions []mentionLine) error {
	g.Mentions = make([]ner.Mention, len(mentions))
	for i, m := range mentions {
		if m.Text == nil || m.Type == "" {
			return fmt.Errorf(`mention %d: want {"text", "type"}`, i)
		}
		g.Mentions[i] = ner.Mention{Text: *m.Text, Type: m.Type}
	}
	return nil
}

func (g *given) setAnswers(list []answerLine) error {
	g.answers = make([]givenAnswer, len(list))
	for i, a := range list {
		if a.Text == nil || len(a.Types) == 0 {
			return fmt.Errorf(`answer %d: want {"types", "text"}`, i)
		}
		if !slices.Contains(ner.Finishes, a.Finish) {
			return fmt.Errorf(`answer %d: finish %q: want stop, length, too_long, refused, filtered, or tool_call`, i, a.Finish)
		}
		g.answers[i] = givenAnswer{a.Types, *a.Text, a.Finish}
	}
	return nil
}
