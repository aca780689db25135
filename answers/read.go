package answers

import (
	"fmt"
	"slices"
	"strings"

	"nerbench/ner"
)

// TypeName is a type of a dataset with its possible names in answers.
type TypeName struct {
	Natural ner.EntityType
	Native  string // the file's label
	Prompt  string // word in the prompt; empty: the natural name
}

// word returns the word for the type in the prompt.
func (t TypeName) word() string {
	if t.Prompt == "" {
		return string(t.Natural)
	}
	return t.Prompt
}

// Question has the data of a query that a parser needs.
type Question struct {
	Form     string // of the answer, one of [Forms]
	Document *ner.Document
	Types    []ner.EntityType // of the query
	AllTypes []TypeName       // types of the dataset
	// Unknown is the way to handle mentions of unknown types: "drop" (default), or "fp"
	// to keep them as [ner.Unknown] (docs/spec/metrics.md §1.3).
	Unknown string
}

// reply is a cleaned answer to one query.
type reply struct {
	*Parser
	answer   string
	document *ner.Document // nil: unknown
	asked    []ner.EntityType
	finish   ner.Finish
	fenced   bool // the answer is the content of a fence
}

// Parser parses answers of one form about one dataset. Several goroutines may use it at
// once.
type Parser struct {
	form    answerForm
	types   *resolver
	words   map[ner.EntityType]string // word for each type in the prompt
	unknown bool
	// thinking are the marks around the thinking in answers, in lower case.
	thinking []ThinkingMark
}

// NewParser returns a parser for a form of answers, one of [Forms]. types are all types
// of the dataset. unknown is as in [Question]. An invalid form or value of unknown is an
// error.
func NewParser(form string, types []TypeName, unknown string) (*Parser, error) {
	f, err := findForm(form)
	if err != nil {
		return nil, err
	}
	switch unknown {
	case "", "drop", "fp":
	default:
		return nil, fmt.Errorf("answers: unknown=%s: want drop or fp", unknown)
	}
	r := &Parser{form: f, types: newResolver(types), words: map[ner.EntityType]string{}, unknown: unknown == "fp", thinking: knownMarks}
	for _, t := range types {
		r.words[t.Natural] = t.word()
	}
	return r, nil
}

// WithThinking returns a parser that also knows the marks around the thinking of one
// model. The receiver does not change.
func (r *Parser) WithThinking(marks ...ThinkingMark) *Parser {
	with := *r
	with.thinking = append(lowerMarks(marks), r.thinking...)
	return &with
}

// HasSpans reports whether the answers were written by a tagger, or are predictions that
// were made elsewhere. They are not repaired.
func (r *Parser) HasSpans() bool { return r.form.spans }

// IsGiven reports whether the answers have the form [GivenForm].
func (r *Parser) IsGiven() bool { return r.form.given }

// NeedsDocument reports whether the answers have positions, so that parsing needs the
// document.
func (r *Parser) NeedsDocument() bool { return r.form.offsets }

// wordsOf returns the words for some types in the prompt.
func (r *Parser) wordsOf(types []ner.EntityType) []string {
	words := make([]string, len(types))
	for i, t := range types {
		var ok bool
		if words[i], ok = r.words[t]; !ok {
			words[i] = string(t)
		}
	}
	return words
}

// Read parses one completion (docs/spec/prompts.md §3). The prediction has spans only if
// the answer has offsets; else [Place] adds them. An unknown form has the outcome
// no_structure.
func Read(q Question, c ner.Completion) ner.Prediction {
	r, err := NewParser(q.Form, q.AllTypes, q.Unknown)
	if err != nil {
		return ner.Prediction{Outcome: ner.NoStructure, Step: "none"}
	}
	return r.Read(q.Document, q.Types, c)
}

// Read parses one completion like the function Read. types are those of the query.
func (r *Parser) Read(d *ner.Document, types []ner.EntityType, c ner.Completion) ner.Prediction {
	if o, unread := c.Finish.Outcome(); unread {
		return ner.Prediction{Outcome: o, Step: "none"}
	}
	if r.form.given {
		if d == nil {
			d = &ner.Document{}
		}
		return r.readGiven(d, c.Text)
	}
	answer := r.clean(c.Text, d)
	if answer == "" {
		if c.Finish == ner.FinishLength {
			return ner.Prediction{Outcome: ner.Truncated, Step: "none"}
		}
		return ner.Prediction{Outcome: ner.Blank, Step: "none"}
	}
	if r.form.read != nil {
		if d == nil {
			d = &ner.Document{}
		}
		return r.readForm(reply{Parser: r, answer: answer, document: d, asked: types, finish: c.Finish})
	}
	col := r.collector()
	if len(types) == 1 && r.PerType() {
		col.asked = types[0]
	}
	got, ok := ladder(col, r.form.shape, answer, c.Finish)
	p := ner.Prediction{Step: got.step, Mentions: col.mentions, Dropped: col.dropped}
	p.Outcome = outcome(got, ok, c.Finish, len(col.mentions)+len(col.dropped) == 0, answer)
	return judged(p, col)
}

// readForm parses an answer of a form that is not JSON: the first fence that has an
// answer, else the whole text. A passage with backticks is shown in no fence.
func (r *Parser) readForm(a reply) ner.Prediction {
	if !r.form.spans && !strings.Contains(a.document.Text, ticks) {
		for _, body := range fences(a.answer) {
			inside := a
			inside.answer, inside.fenced = body, true
			p := r.form.read(&inside)
			if p.Outcome.Failure() && (p.Outcome != ner.Truncated || len(p.Mentions) == 0) {
				continue
			}
			if p.Step == "strict" {
				p.Step = "fence"
			}
			if p.Outcome == ner.OK || p.Outcome == ner.Empty {
				p.Outcome = ner.Repaired
			}
			return p
		}
	}
	return r.form.read(&a)
}

// judged returns a prediction, as unusable if it has no mentions, and items that were
// meant as mentions were dropped.
func judged(p ner.Prediction, c *collector) ner.Prediction {
	switch p.Outcome {
	case ner.OK, ner.Empty, ner.Repaired:
		if !c.answered() {
			p.Outcome = ner.Unusable
		}
	}
	return p
}

// collector returns an empty collector for one answer.
func (r *Parser) collector() *collector {
	return &collector{types: r.types, unknown: r.unknown, wrapper: r.form.wrapped}
}

// PerType reports whether an answer is a list of strings of the one type in the query.
func (r *Parser) PerType() bool { return r.form.list }

// outcome returns the outcome of an answer (docs/spec/prompts.md §3.1). An incomplete
// value is repaired if the model ended the answer, else truncated. A complete value in
// an answer that reached the token limit is repaired.
func outcome(r reading, ok bool, finish ner.Finish, nothing bool, answer string) ner.Outcome {
	switch {
	case !ok && finish == ner.FinishLength:
		return ner.Truncated
	case !ok && (begun(answer) || slices.ContainsFunc(fences(answer), begun)):
		return ner.Malformed
	case !ok:
		return ner.NoStructure
	case r.incomplete && finish != ner.FinishStop:
		return ner.Truncated
	case r.step != "strict" || finish == ner.FinishLength:
		return ner.Repaired
	case nothing:
		return ner.Empty
	}
	return ner.OK
}

// clean removes text around the answer that does not affect the outcome
// (docs/spec/prompts.md §3.2).
func (r *Parser) clean(s string, d *ner.Document) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	s = strings.TrimPrefix(s, "\uFEFF")
	inText := func(mark string) bool { return d != nil && strings.Contains(d.Text, mark) }
	s = cutThinking(s, r.thinking, func(mark string) bool { return inText(mark) || r.isTag(mark) })
	if r.form.stop != "" {
		s, _, _ = strings.Cut(s, r.form.stop)
	}
	s = withoutTokens(s, func(token string) bool { return r.form.shape == nil && inText(token) })
	s = firstTurn(s, func(token string) bool { return inText(token) || r.form.spans })
	if r.form.echo != "" {
		s = strings.TrimFunc(strings.TrimPrefix(s, r.form.echo), isSpace)
	}
	return s
}

// isTag reports whether a mark of thinking is a tag of the prompt.
func (r *Parser) isTag(mark string) bool {
	if !r.form.tags {
		return false
	}
	for _, word := range r.words {
		if strings.EqualFold(strings.Trim(mark, "</>"), ner.TagNames([]string{word}, "")[0]) {
			return true
		}
	}
	return false
}
