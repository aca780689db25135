package page

import (
	"cmp"
	"slices"
	"strings"

	"nerbench/ner"
)

// sampleView is a passage, cut into pieces at every edge of a span.
type sampleView struct {
	Dataset, Document, Model string
	Pieces                   []piece
	Entities                 []entityLine
	Answers                  []answerView
}

// piece is a part of the text that the same spans cover.
type piece struct {
	Text  string
	Class string // "", or of hit, missed, spurious, joined by blanks
	Label string // for readers who do not see the class
}

// entityLine is one entity, gold, predicted, or both. Its offsets count code
// points, as in all output of the program.
type entityLine struct {
	Text, Type string
	Start, End int
	Placed     bool // found in the text
	Verdict    string
	Class      string
}

type answerView struct {
	Types   string
	Text    string
	Outcome string
	Failure bool
}

// verdicts are the verdicts on an entity, by class.
var verdicts = map[string]string{"hit": "right", "missed": "missed", "spurious": "wrong"}

func newSampleView(s Sample) sampleView {
	v := sampleView{Dataset: s.Dataset, Document: s.Document, Model: s.Model}
	marked := judge(s)
	v.Pieces = cut(s.Text, marked)
	points := ner.NewCodePoints(s.Text)
	for _, m := range marked {
		v.Entities = append(v.Entities, entityLine{
			Text: s.Text[m.Start:m.End], Type: string(m.Type), Placed: true,
			Start: points.CodePoint(m.Start), End: points.CodePoint(m.End),
			Verdict: verdicts[m.class], Class: m.class,
		})
	}
	for _, m := range s.Unaligned {
		v.Entities = append(v.Entities, entityLine{Text: m.Text, Type: string(m.Type), Verdict: "not in the text", Class: "spurious"})
	}
	for _, a := range s.Answers {
		v.Answers = append(v.Answers, newAnswerView(a))
	}
	return v
}

func newAnswerView(a SampleAnswer) answerView {
	return answerView{Types: typeList(a.Types), Text: a.Text, Outcome: cmp.Or(outcomeNames[a.Outcome], string(a.Outcome)), Failure: a.Outcome.Failure()}
}

func typeList(types []ner.EntityType) string {
	names := make([]string, len(types))
	for i, t := range types {
		names[i] = string(t)
	}
	return strings.Join(names, ", ")
}

type judged struct {
	ner.Span
	class string
}

// judge compares gold and predicted spans. It drops spans outside the text.
func judge(s Sample) []judged {
	var out []judged
	for _, g := range s.Gold {
		class := "missed"
		if slices.Contains(s.Predicted, g) {
			class = "hit"
		}
		out = append(out, judged{g, class})
	}
	for _, p := range s.Predicted {
		if !slices.Contains(s.Gold, p) {
			out = append(out, judged{p, "spurious"})
		}
	}
	out = slices.DeleteFunc(out, func(j judged) bool { return !ner.ValidSpan(s.Text, j.Span) })
	slices.SortStableFunc(out, func(a, b judged) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(b.End, a.End), strings.Compare(string(a.Type), string(b.Type)))
	})
	return out
}

// cut splits the text at every edge of a span: nested and crossing spans need no
// nested elements then.
func cut(text string, marked []judged) []piece {
	edges := []int{0, len(text)}
	for _, m := range marked {
		edges = append(edges, m.Start, m.End)
	}
	slices.Sort(edges)
	edges = slices.Compact(edges)
	var out []piece
	for i := 1; i < len(edges); i++ {
		out = append(out, newPiece(text, edges[i-1], edges[i], marked))
	}
	return out
}

func newPiece(text string, from, to int, marked []judged) piece {
	p := piece{Text: text[from:to]}
	var classes, labels []string
	for _, m := range marked {
		if m.Start > from || m.End < to {
			continue
		}
		if !slices.Contains(classes, m.class) {
			classes = append(classes, m.class)
		}
		labels = append(labels, string(m.Type)+": "+verdicts[m.class])
	}
	p.Class, p.Label = strings.Join(classes, " "), strings.Join(labels, "; ")
	return p
}
