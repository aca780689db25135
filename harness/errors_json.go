package harness

import (
	"io"

	"nerbench/internal/jsonl"
	"nerbench/metrics"
	"nerbench/ner"
)

// ErrorsJSON is the JSON form of the errors of a run.
type ErrorsJSON struct {
	Run            string            `json:"run"`
	Model          string            `json:"model"`
	Dataset        string            `json:"dataset"`
	Against        string            `json:"against,omitempty"` // id of the other run
	Passages       int               `json:"passages"`          // examined
	Incomplete     int               `json:"incomplete"`
	AgainstMissing int               `json:"against_missing,omitempty"`
	Wrong          int               `json:"wrong"` // passages with a selected error
	Counts         map[ErrorKind]int `json:"counts"`
	List           []ErrorsLine      `json:"errors"`
}

// ErrorsLine is one passage in the JSON form of errors. Offsets count code points.
type ErrorsLine struct {
	ID     string          `json:"id"`
	Text   string          `json:"text"`
	Gold   []ner.PointSpan `json:"gold"`
	Errors []errorJSON     `json:"errors"`
	predictedJSON
	Against *predictedJSON `json:"against,omitempty"`
}

type predictedJSON struct {
	Spans     []ner.PointSpan  `json:"pred"`
	Unaligned []unplacedSpan   `json:"unaligned,omitempty"`
	Answers   []readAnswerJSON `json:"answers,omitempty"`
}

type readAnswerJSON struct {
	Types    []ner.EntityType `json:"types"`
	Text     string           `json:"text"`
	Thinking string           `json:"thinking,omitempty"`
	Finish   ner.Finish       `json:"finish"`
	Outcome  ner.Outcome      `json:"outcome"`
	Dropped  []droppedJSON    `json:"dropped,omitempty"`
}

// droppedJSON is an item of an answer that was not kept.
type droppedJSON struct {
	Why  string `json:"why"`
	Type string `json:"type,omitempty"`
	Text string `json:"text,omitempty"`
}

// errorJSON is one error. Gold and Pred are nil where the entity has no partner; an
// unreadable answer has Types only.
type errorJSON struct {
	Kind  ErrorKind        `json:"kind"`
	Gold  *entityJSON      `json:"gold,omitempty"`
	Pred  *entityJSON      `json:"pred,omitempty"`
	Types []ner.EntityType `json:"types,omitempty"`
}

// entityJSON is an entity. A mention that is not in the text has no offsets.
type entityJSON struct {
	Text  string         `json:"text"`
	Type  ner.EntityType `json:"type"`
	Start *int           `json:"start,omitempty"`
	End   *int           `json:"end,omitempty"`
}

// JSON returns the JSON form.
func (r *RunErrors) JSON() ErrorsJSON {
	out := ErrorsJSON{
		Run: r.Run, Model: r.Model, Dataset: r.Dataset, Against: r.Against, Passages: r.Passages, Incomplete: r.Incomplete,
		AgainstMissing: r.AgainstMissing, Wrong: r.Wrong, Counts: map[ErrorKind]int{}, List: []ErrorsLine{},
	}
	for _, kind := range ErrorKinds {
		out.Counts[kind] = r.Counts[kind]
	}
	for i := range r.List {
		out.List = append(out.List, r.List[i].line())
	}
	return out
}

// WriteLines writes the passages of the list as JSON Lines.
func (r *RunErrors) WriteLines(w io.Writer) error {
	out := jsonl.NewWriter(w)
	for i := range r.List {
		if err := out.Write(r.List[i].line()); err != nil {
			return err
		}
	}
	return out.Flush()
}

func (w *WrongPassage) line() ErrorsLine {
	points := ner.NewCodePoints(w.Document.Text)
	line := ErrorsLine{
		ID: w.Document.ID, Text: w.Document.Text, Gold: points.Spans(w.Document.Spans), Errors: make([]errorJSON, len(w.Errors)),
		predictedJSON: w.Run.json(points),
	}
	for i, e := range w.Errors {
		line.Errors[i] = newErrorJSON(e, w.Document.Text, points)
	}
	if w.Against != nil {
		against := w.Against.json(points)
		line.Against = &against
	}
	return line
}

func (p *Predicted) json(points ner.CodePoints) predictedJSON {
	out := predictedJSON{Spans: points.Spans(p.Spans)}
	for _, m := range p.Unaligned {
		out.Unaligned = append(out.Unaligned, unplacedSpan(m))
	}
	for _, a := range p.Answers {
		read := readAnswerJSON{Types: a.Types, Text: a.Completion.Text, Thinking: a.Completion.Thinking, Finish: a.Completion.Finish, Outcome: a.Outcome}
		for _, d := range a.Dropped {
			read.Dropped = append(read.Dropped, droppedJSON(d))
		}
		out.Answers = append(out.Answers, read)
	}
	return out
}

func newErrorJSON(e PassageError, text string, points ner.CodePoints) errorJSON {
	out := errorJSON{Kind: e.Kind}
	if e.Answer != nil {
		out.Types = e.Answer.Types
		return out
	}
	entity := func(s ner.Span) *entityJSON {
		if e.Unaligned {
			return &entityJSON{Text: e.Text, Type: s.Type}
		}
		if !ner.ValidSpan(text, s) {
			return &entityJSON{Type: s.Type, Start: &s.Start, End: &s.End}
		}
		start, end := points.CodePoint(s.Start), points.CodePoint(s.End)
		return &entityJSON{text[s.Start:s.End], s.Type, &start, &end}
	}
	if e.Class != metrics.Spurious {
		out.Gold = entity(e.Gold)
	}
	if e.Class != metrics.Missed {
		out.Pred = entity(e.Pred)
	}
	return out
}
