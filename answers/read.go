package answers

import (
	"fmt"
	"strings"

	"nerbench/ner"
)

// TypeName is a type of a dataset with the names that an answer may give it.
type TypeName struct {
	Natural ner.EntityType
	Native  string // the file's label
	Prompt  string // what the prompt said; empty: the natural name
}

// word is what the prompt said.
func (t TypeName) word() string {
	if t.Prompt == "" {
		return string(t.Natural)
	}
	return t.Prompt
}

// Question is what a parser needs to know of a query.
type Question struct {
	Form     string // of the answer, one of [Forms]
	Document *ner.Document
	Types    []ner.EntityType // asked
	Row      []TypeName       // all types of the dataset
	// Unknown says what becomes of a mention whose type does not resolve: "drop"
	// (also if empty), or "fp": it is kept as [ner.Unknown] (docs/spec/metrics.md §1.3).
	Unknown string
}

// reply is a cleaned answer to one query.
type reply struct {
	*Parser
	answer   string
	document *ner.Document // nil where it is not known
	asked    []ner.EntityType
	finish   ner.Finish
}

// Parser parses the answers to questions about one dataset that have one form. It
// may be used by several goroutines at once.
type Parser struct {
	form    answerForm
	types   *resolver
	words   map[ner.EntityType]string // what the prompt said for each type
	unknown bool
}

// NewParser prepares a parser of answers of a form, one of [Forms]. row has all
// types of the dataset; unknown is as in [Question]. It is an error if the form or
// unknown is not known.
func NewParser(form string, row []TypeName, unknown string) (*Parser, error) {
	f, err := findForm(form)
	if err != nil {
		return nil, err
	}
	switch unknown {
	case "", "drop", "fp":
	default:
		return nil, fmt.Errorf("answers: unknown=%s: want drop or fp", unknown)
	}
	r := &Parser{form: f, types: newResolver(row), words: map[ner.EntityType]string{}, unknown: unknown == "fp"}
	for _, t := range row {
		r.words[t.Natural] = t.word()
	}
	return r, nil
}

// HasSpans reports whether the answers are spans that a program wrote: there is
// nothing to repair in them.
func (r *Parser) HasSpans() bool { return r.form.spans }

// NeedsDocument reports whether the answers say where their mentions are, so that
// they mean nothing without their document.
func (r *Parser) NeedsDocument() bool { return r.form.offsets }

// wordsOf are what the prompt said for some types.
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

// Read understands one completion (docs/spec/prompts.md §3). The prediction has no spans
// yet, unless the answer brings offsets: [Place] finds them. types are those that
// were asked for. An answer of an unknown form is read as no_structure.
func Read(q Question, c ner.Completion) ner.Prediction {
	r, err := NewParser(q.Form, q.Row, q.Unknown)
	if err != nil {
		return ner.Prediction{Outcome: ner.NoStructure, Step: "none"}
	}
	return r.Read(q.Document, q.Types, c)
}

// Read is the package's function of this name, for many answers.
func (r *Parser) Read(d *ner.Document, types []ner.EntityType, c ner.Completion) ner.Prediction {
	if c.Finish == ner.FinishTooLong {
		return ner.Prediction{Outcome: ner.TooLong, Step: "none"}
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
		return r.form.read(&reply{r, answer, d, types, c.Finish})
	}
	col := r.collector()
	if len(types) == 1 && r.PerType() {
		col.asked = types[0]
	}
	got, ok := ladder(col, r.form.shape, answer)
	p := ner.Prediction{Step: got.step, Mentions: col.mentions, Dropped: col.dropped}
	body, _ := fence(answer)
	p.Outcome = outcome(got, ok, c.Finish, len(col.mentions)+len(col.dropped) == 0, body)
	return p
}

// collector gathers the mentions of one answer.
func (r *Parser) collector() *collector {
	return &collector{types: r.types, unknown: r.unknown, wrapped: r.form.wrapped}
}

// PerType reports whether an answer is a list of strings of the one type that was
// asked for.
func (r *Parser) PerType() bool { return r.form.list }

// outcome puts an answer into its class (docs/spec/prompts.md §3.1). The finish reason
// decides between truncated and repaired: an incomplete value is repaired only
// if the model itself stopped; a complete one in an answer that the limit ended
// is a run-away.
func outcome(r reading, ok bool, finish ner.Finish, nothing bool, body string) ner.Outcome {
	switch {
	case !ok && finish == ner.FinishLength:
		return ner.Truncated
	case !ok && begun(body):
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

// clean removes what is around the answer and does not change its class
// (docs/spec/prompts.md §3.2).
func (r *Parser) clean(s string, d *ner.Document) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	s = strings.TrimPrefix(s, "\uFEFF")
	inText := func(mark string) bool { return d != nil && strings.Contains(d.Text, mark) }
	if i := strings.LastIndex(s, "</think>"); i >= 0 && !inText("</think>") {
		s = s[i+len("</think>"):]
	} else if i := strings.Index(s, "<think>"); i >= 0 && !inText("<think>") {
		s = s[:i]
	}
	if r.form.stop != "" {
		s, _, _ = strings.Cut(s, r.form.stop)
	}
	s = strings.TrimFunc(s, isSpace)
	if r.form.echo != "" {
		s = strings.TrimFunc(strings.TrimPrefix(s, r.form.echo), isSpace)
	}
	return s
}
