package site

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"nerbench/ner"
)

// Findings are remarkable passages of a dataset, over all its complete runs.
type Findings struct {
	// Hardest are the passages that most systems get wrong, those with the fewest correct
	// entities first.
	Hardest []HardPassage
	// Against are predictions that most systems make and gold does not have, and gold
	// entities that most systems do not predict: either systems or gold may be wrong.
	Against []Disagreement
	// Runs are the ids of the best complete runs, at most four.
	Runs []string
}

// HardPassage is a passage with the number of systems that make an error in it.
type HardPassage struct {
	Passage int // from 0
	Wrong   int // systems
	Systems int
	Score   ner.Score // sum over the systems
}

// Disagreement is an entity on which most systems agree, against gold.
type Disagreement struct {
	Passage int // from 0
	// Span is the entity, in code points. Missed is set if it is gold that the systems do
	// not predict.
	Span   ner.PointSpan
	Missed bool
	// Mention is the text of the entity; empty where it may not be shown.
	Mention string
	Agree   int // systems
	Systems int
}

// The limits of the lists, and the smallest number of systems for which "most" means
// something.
const (
	mostFindings = 20
	fewSystems   = 3
)

// findings compares complete runs passage by passage.
func findings(runs []*runIndex, passages int) Findings {
	var f Findings
	if len(runs) == 0 {
		return f
	}
	at := make([]int, len(runs)) // of the errors of each run
	for p := range passages {
		hard := HardPassage{Passage: p, Systems: len(runs)}
		var all []errorIndex
		for i, r := range runs {
			x := &r.passages[p]
			hard.Score = hard.Score.Add(ner.Score{TP: x.tp, NPred: x.tp + x.fp, NGold: x.tp + x.fn})
			if x.wrong() {
				hard.Wrong++
			}
			for ; at[i] < len(r.errors) && r.errors[at[i]].passage == p; at[i]++ {
				if r.errors[at[i]].placed {
					all = append(all, r.errors[at[i]])
				}
			}
		}
		if 2*hard.Wrong > len(runs) {
			f.Hardest = append(f.Hardest, hard)
		}
		if len(runs) >= fewSystems {
			f.Against = append(f.Against, agreed(all, len(runs))...)
		}
	}
	slices.SortStableFunc(f.Hardest, HardPassage.compare)
	f.Hardest = f.Hardest[:min(len(f.Hardest), mostFindings)]
	slices.SortStableFunc(f.Against, func(a, b Disagreement) int { return cmp.Compare(b.Agree, a.Agree) })
	f.Against = f.Against[:min(len(f.Against), mostFindings)]
	return f
}

// compare orders passages by the number of systems with an error, then by F1.
func (h HardPassage) compare(other HardPassage) int {
	f1, _ := h.Score.F1()
	theirs, _ := other.Score.F1()
	return cmp.Or(cmp.Compare(other.Wrong, h.Wrong), cmp.Compare(f1, theirs), cmp.Compare(other.Score.NGold, h.Score.NGold))
}

// agreed lists the errors in one passage that more than half of the systems make.
func agreed(all []errorIndex, systems int) []Disagreement {
	var found []Disagreement
	slices.SortStableFunc(all, func(a, b errorIndex) int {
		if a.missed != b.missed {
			if b.missed {
				return -1
			}
			return 1
		}
		return cmp.Or(cmp.Compare(a.span.Start, b.span.Start), cmp.Compare(a.span.End, b.span.End), cmp.Compare(a.span.Type, b.span.Type))
	})
	for i := 0; i < len(all); {
		end := i
		for end < len(all) && all[end].missed == all[i].missed && all[end].span == all[i].span {
			end++
		}
		if n := end - i; 2*n > systems {
			found = append(found, Disagreement{Passage: all[i].passage, Span: all[i].span, Missed: all[i].missed, Agree: n, Systems: systems})
		}
		i = end
	}
	return found
}

// addMentions reads the texts of the entities on which systems and gold disagree.
func (f *Findings) addMentions(ctx context.Context, archive Archive, dataset string) error {
	wanted := map[int][]*Disagreement{}
	for i := range f.Against {
		wanted[f.Against[i].Passage] = append(wanted[f.Against[i].Passage], &f.Against[i])
	}
	p := 0
	for d, err := range archive.Passages(ctx, dataset) {
		if err != nil {
			return err
		}
		if len(wanted) == 0 {
			return nil
		}
		for _, a := range wanted[p] {
			points := ner.NewCodePoints(d.Text)
			start, startErr := points.Byte(a.Span.Start)
			end, endErr := points.Byte(a.Span.End)
			if err := errors.Join(startErr, endErr); err != nil {
				return err
			}
			a.Mention = d.Text[start:end]
		}
		delete(wanted, p)
		p++
	}
	return nil
}
