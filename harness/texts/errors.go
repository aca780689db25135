package texts

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"nerbench/harness"
	"nerbench/internal/terminal"
	"nerbench/metrics"
	"nerbench/ner"
)

// errorsText prints errors of a run.
type errorsText struct {
	paint Paint
	*harness.RunErrors
}

// WriteErrors prints the errors of a run: its passages with gold, prediction and answers.
func WriteErrors(w io.Writer, paint Paint, found *harness.RunErrors) error {
	t := &errorsText{paint, found}
	fmt.Fprintf(w, "%s on %s\n", terminal.Printable(t.Model), terminal.Printable(t.Dataset))
	for _, line := range t.Lead() {
		fmt.Fprintln(w, line)
	}
	var counts []string
	for _, kind := range harness.ErrorKinds {
		counts = append(counts, fmt.Sprintf("%s %d", kind, t.Counts[kind]))
	}
	fmt.Fprintln(w, strings.Join(counts, ", "))
	for i := range t.List {
		if err := t.passage(w, &t.List[i]); err != nil {
			return err
		}
	}
	if hidden := t.Wrong - len(t.List); hidden > 0 {
		_, err := fmt.Fprintf(w, "\n%d more passages with errors (--limit %d, or 0 for all)\n", hidden, t.Wrong)
		return err
	}
	return nil
}

func (t *errorsText) passage(w io.Writer, p *harness.WrongPassage) error {
	fmt.Fprintf(w, "\n%s\n", t.paint(Cyan, terminal.Printable(p.Document.ID)))
	indented(w, "  ", p.Document.Text)
	fmt.Fprintln(w)
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(tw, "  %s\tgold\tpredicted\n", t.paint(Usual, "kind"))
	points := ner.NewCodePoints(p.Document.Text)
	for _, e := range p.Errors {
		t.line(tw, e, p.Document.Text, points, Red)
	}
	for _, e := range p.Others {
		painted := Usual
		if e.Kind == harness.KindRight {
			painted = Green
		}
		t.line(tw, e, p.Document.Text, points, painted)
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	t.answers(w, "answer", p.RelevantAnswers(&p.Run))
	if p.Against != nil {
		t.against(w, p, points)
	}
	return nil
}

// line prints one entity. Selected errors have another colour than the rest.
func (t *errorsText) line(tw io.Writer, e harness.PassageError, text string, points ner.CodePoints, painted Colour) {
	kind := t.paint(painted, string(e.Kind))
	if e.Answer != nil {
		fmt.Fprintf(tw, "  %s\tanswer about %s\t%s\n", kind, typeNames(e.Answer.Types), e.Answer.Outcome)
		return
	}
	gold, pred := "–", "–"
	if e.Class != metrics.Spurious {
		gold = entityText(text, e.Gold, points)
	}
	switch {
	case e.Unaligned:
		pred = terminal.Printable(e.Text) + " (" + terminal.Printable(string(e.Pred.Type)) + ") not in the text"
	case e.Class != metrics.Missed:
		pred = entityText(text, e.Pred, points)
	}
	fmt.Fprintf(tw, "  %s\t%s\t%s\n", kind, gold, pred)
}

// entityText prints an entity with its type and its offsets in code points.
func entityText(text string, s ner.Span, points ner.CodePoints) string {
	if !ner.ValidSpan(text, s) {
		return fmt.Sprintf("(%s) %d–%d, outside the text", terminal.Printable(string(s.Type)), s.Start, s.End)
	}
	return fmt.Sprintf("%s (%s) %d–%d", terminal.Printable(text[s.Start:s.End]), terminal.Printable(string(s.Type)), points.CodePoint(s.Start), points.CodePoint(s.End))
}

// against prints the prediction of the other run.
func (t *errorsText) against(w io.Writer, p *harness.WrongPassage, points ner.CodePoints) {
	var found []string
	for _, s := range p.Against.Spans {
		found = append(found, entityText(p.Document.Text, s, points))
	}
	for _, m := range p.Against.Unaligned {
		found = append(found, terminal.Printable(m.Text)+" ("+terminal.Printable(string(m.Type))+") not in the text")
	}
	if len(found) == 0 {
		found = []string{"nothing"}
	}
	fmt.Fprintf(w, "  the other run predicted: %s\n", strings.Join(found, "; "))
	t.answers(w, "the other run's answer", p.RelevantAnswers(p.Against))
}

func (t *errorsText) answers(w io.Writer, name string, answers []harness.ReadAnswer) {
	for _, a := range answers {
		fmt.Fprintf(w, "  %s about %s (%s):\n", name, typeNames(a.Types), a.Outcome)
		indented(w, "    ", harness.ShownAnswer(a.Completion.Text))
	}
}

// indented prints a text of several lines, without characters that could disturb a
// terminal.
func indented(w io.Writer, indent, text string) {
	for line := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		fmt.Fprintf(w, "%s%s\n", indent, terminal.Line(line))
	}
}
