package page

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"time"

	"nerbench/ner"
)

// Errors is the content of the page that lists the errors of one run.
type Errors struct {
	Title string
	// Date is the day of the newest answers; zero: unknown. Version is that of the program.
	Date    time.Time
	Version string
	// Model is the name of the run's model, Against that of the run whose errors are
	// left out; empty without one.
	Model, Against string
	// Lead are sentences below the title, Counts the numbers of errors by kind.
	Lead     []string
	Counts   []ErrorCount
	Passages []ErrorPassage
	// WithoutText leaves out the text of the dataset: passages, entities and answers.
	WithoutText bool
}

// ErrorCount is the number of errors of one kind.
type ErrorCount struct {
	Kind string
	N    int
}

// ErrorPassage is a passage with an error.
type ErrorPassage struct {
	Document, Text string
	Gold           []ner.Span // byte ranges of Text
	Errors, Others []ErrorLine
	Run            ErrorSide
	Against        *ErrorSide // may be nil
}

// ErrorSide is the prediction of one run.
type ErrorSide struct {
	Predicted []ner.Span // byte ranges of the text
	Unaligned []ner.Mention
	Answers   []SampleAnswer
}

// ErrorLine is one error, or a correct entity.
type ErrorLine struct {
	Kind string
	// Gold and Pred are the partners; nil where there is none.
	Gold, Pred *ErrorEntity
	Types      []ner.EntityType // of an unreadable answer
}

// ErrorEntity is an entity. Its offsets count code points.
type ErrorEntity struct {
	Text, Type string
	Start, End int
	Placed     bool // found in the text
}

//go:embed assets/errors.html.tmpl
var errorsTemplate string

//go:embed assets/errors.css
var errorsStyle string

// WriteErrors writes the errors as one self-contained page, without scripts.
func WriteErrors(w io.Writer, e Errors) error {
	t, err := template.New("errors").Funcs(template.FuncMap{"commas": commas}).Parse(errorsTemplate)
	if err != nil {
		return fmt.Errorf("errors: html: %w", err)
	}
	if err := t.Execute(w, newErrorsContent(e)); err != nil {
		return fmt.Errorf("errors: html: %w", err)
	}
	return nil
}

// errorsContent holds the values that the template prints.
type errorsContent struct {
	Errors
	Style    template.CSS // embedded, not from a report
	Policy   string
	Date     string
	Passages []errorPassageView
}

// errorPassageView is a passage, cut into pieces at every edge of a span.
type errorPassageView struct {
	Document       string
	Sides          []errorSideView
	Errors, Others []errorLineView
}

type errorSideView struct {
	Model   string // empty: the page has one side only
	Pieces  []piece
	Missing []string // mentions that are not in the text
	Answers []answerView
}

type errorLineView struct {
	Kind       string
	Gold, Pred *ErrorEntity
	Types      string
}

func newErrorsContent(e Errors) errorsContent {
	style := pageStyle + errorsStyle
	c := errorsContent{
		Errors: e, Style: template.CSS(style),
		Policy: fmt.Sprintf("default-src 'none'; style-src '%s'; img-src data:; base-uri 'none'; form-action 'none'", sourceHash(style)),
	}
	if !e.Date.IsZero() {
		c.Date = e.Date.Format("2 January 2006")
	}
	for _, p := range e.Passages {
		c.Passages = append(c.Passages, newErrorPassageView(&e, p))
	}
	return c
}

func newErrorPassageView(e *Errors, p ErrorPassage) errorPassageView {
	v := errorPassageView{Document: p.Document, Errors: errorLines(p.Errors), Others: errorLines(p.Others)}
	if e.WithoutText {
		return v
	}
	v.Sides = []errorSideView{newErrorSideView(p, p.Run)}
	if p.Against != nil {
		v.Sides = append(v.Sides, newErrorSideView(p, *p.Against))
		v.Sides[0].Model, v.Sides[1].Model = e.Model, e.Against
	}
	return v
}

func newErrorSideView(p ErrorPassage, side ErrorSide) errorSideView {
	s := newSampleView(Sample{Text: p.Text, Gold: p.Gold, Predicted: side.Predicted, Answers: side.Answers})
	v := errorSideView{Pieces: s.Pieces, Answers: s.Answers}
	for _, m := range side.Unaligned {
		v.Missing = append(v.Missing, m.Text+" ("+string(m.Type)+")")
	}
	return v
}

func errorLines(lines []ErrorLine) []errorLineView {
	views := make([]errorLineView, len(lines))
	for i, l := range lines {
		views[i] = errorLineView{l.Kind, l.Gold, l.Pred, typeList(l.Types)}
	}
	return views
}

// linesView is a table of errors.
type linesView struct {
	WithoutText bool
	Lines       []errorLineView
}

// View returns the lines as a table of the page.
func (c errorsContent) View(lines []errorLineView) linesView { return linesView{c.WithoutText, lines} }

// entityView is a cell of the table.
type entityView struct {
	WithoutText bool
	Entity      *ErrorEntity
}

// Entity returns an entity as a cell of the table.
func (v linesView) Entity(e *ErrorEntity) entityView { return entityView{v.WithoutText, e} }
