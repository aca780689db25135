package harness

import (
	"fmt"

	"nerbench/metrics"
	"nerbench/ner"
	"nerbench/reports/page"
)

// Page returns the errors as the content of a page. The page has the text of the dataset
// only if others may see it ([datasets.Dataset.MayShow]), or if withText is set.
func (r *RunErrors) Page(withText bool) page.Errors {
	out := page.Errors{
		Title: "Errors of " + r.Model + " on " + r.Dataset, Model: r.Model, Against: r.AgainstModel,
		Date: r.Answered, Lead: r.Lead(), WithoutText: !r.Publishable && !withText,
	}
	if out.Against == out.Model && r.Against != "" { // two runs of one model
		out.Model, out.Against = "run "+r.Run, "run "+r.Against
	}
	for _, kind := range ErrorKinds {
		out.Counts = append(out.Counts, page.ErrorCount{Kind: string(kind), N: r.Counts[kind]})
	}
	for i := range r.List {
		out.Passages = append(out.Passages, r.List[i].page())
	}
	return out
}

// Lead describes the errors in a few sentences.
func (r *RunErrors) Lead() []string {
	lines := []string{fmt.Sprintf("Run %s: errors by span_f1 in %d of %d passages.", r.Run, r.Wrong, r.Passages)}
	if r.Against != "" {
		lines = append(lines, fmt.Sprintf("Only errors that run %s (%s) did not make.", r.Against, r.AgainstModel))
	}
	if r.Incomplete > 0 {
		lines = append(lines, fmt.Sprintf("%s of the run %s incomplete and left out.", ner.Count(r.Incomplete, "passage"), ner.Are(r.Incomplete)))
	}
	if r.AgainstMissing > 0 {
		lines = append(lines, fmt.Sprintf("%s that the other run has not completed %s left out.", ner.Count(r.AgainstMissing, "passage"), ner.Are(r.AgainstMissing)))
	}
	if len(r.List) < r.Wrong {
		lines = append(lines, fmt.Sprintf("Only the first %d of the %d passages with errors are listed.", len(r.List), r.Wrong))
	}
	return lines
}

func (w *WrongPassage) page() page.ErrorPassage {
	points := ner.NewCodePoints(w.Document.Text)
	out := page.ErrorPassage{Document: w.Document.ID, Text: w.Document.Text, Gold: w.Document.Spans, Run: w.side(&w.Run)}
	for _, e := range w.Errors {
		out.Errors = append(out.Errors, errorLine(e, w.Document.Text, points))
	}
	for _, e := range w.Others {
		out.Others = append(out.Others, errorLine(e, w.Document.Text, points))
	}
	if w.Against != nil {
		against := w.side(w.Against)
		out.Against = &against
	}
	return out
}

// side is the prediction of a run with its answers about the selected errors.
func (w *WrongPassage) side(p *Predicted) page.ErrorSide {
	side := page.ErrorSide{Predicted: p.Spans, Unaligned: p.Unaligned}
	for _, a := range w.RelevantAnswers(p) {
		side.Answers = append(side.Answers, page.SampleAnswer{Types: a.Types, Text: ShownAnswer(a.Completion.Text), Outcome: a.Outcome})
	}
	return side
}

func errorLine(e PassageError, text string, points ner.CodePoints) page.ErrorLine {
	out := page.ErrorLine{Kind: string(e.Kind)}
	if e.Answer != nil {
		out.Types = e.Answer.Types
		return out
	}
	if e.Class != metrics.Spurious {
		out.Gold = errorEntity(e, e.Gold, text, points)
	}
	if e.Class != metrics.Missed {
		out.Pred = errorEntity(e, e.Pred, text, points)
	}
	return out
}

func errorEntity(e PassageError, s ner.Span, text string, points ner.CodePoints) *page.ErrorEntity {
	out := &page.ErrorEntity{Type: string(s.Type), Text: e.Text}
	if ner.ValidSpan(text, s) {
		out.Text, out.Placed = text[s.Start:s.End], true
		out.Start, out.End = points.CodePoint(s.Start), points.CodePoint(s.End)
	}
	return out
}
