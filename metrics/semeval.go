package metrics

import "nerbench/ner"

// SemEval holds the counts of one SemEval-2013 scheme (docs/spec/metrics.md §6).
type SemEval struct {
	Correct, Incorrect, Partial, Missed, Spurious int
}

// Possible is the number of gold entities.
func (s SemEval) Possible() int { return s.Correct + s.Incorrect + s.Partial + s.Missed }

// Actual is the number of predictions.
func (s SemEval) Actual() int { return s.Correct + s.Incorrect + s.Partial + s.Spurious }

// Score returns the doubled counts of the scheme, since a partial match is half a
// point.
func (s SemEval) Score() ner.Score {
	return ner.Score{TP: 2*s.Correct + s.Partial, NPred: 2 * s.Actual(), NGold: 2 * s.Possible()}
}

// SemEvalScheme selects the errors that a scheme ignores.
type SemEvalScheme struct {
	Name  string
	Count func(Errors) SemEval
}

// SemEvalSchemes is the table of schemes.
var SemEvalSchemes = []SemEvalScheme{
	{"strict", func(e Errors) SemEval { return semEval(e, e.C, e.T+e.B+e.BT, 0) }},
	{"exact", func(e Errors) SemEval { return semEval(e, e.C+e.T, e.B+e.BT, 0) }},
	{"partial", func(e Errors) SemEval { return semEval(e, e.C+e.T, 0, e.B+e.BT) }},
	{"type", func(e Errors) SemEval { return semEval(e, e.C+e.B, e.T+e.BT, 0) }},
}

func semEval(e Errors, correct, incorrect, partial int) SemEval {
	return SemEval{correct, incorrect, partial, e.MIS, e.SPU}
}

// semEvalF1 counts one passage with a scheme; the counts are doubled.
func semEvalF1(scheme SemEvalScheme) func(*Passage, *Counts) {
	return func(p *Passage, c *Counts) {
		for _, e := range p.errorsByType() {
			c.ByType.Add(e.typ, scheme.Count(e.errors).Score())
		}
	}
}
