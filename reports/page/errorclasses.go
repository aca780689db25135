package page

import (
	"slices"

	"nerbench/reports"
)

// errorClass is a class of docs/spec/metrics.md §5 in plain words. Its share is that of
// the gold entities, or of the predicted ones.
type errorClass struct {
	Class, Name string
	pred        bool
}

var errorClasses = []errorClass{
	{"C", "right", false}, {"T", "wrong type", false}, {"B", "wrong span", false}, {"BT", "both wrong", false}, {"MIS", "missed", false}, {"SPU", "spurious", true},
}

// errorTable counts the entities of each system by class of error.
type errorTable struct {
	Classes []errorClass
	Lines   []errorLine
}

type errorLine struct {
	system
	Runs   int // whose errors are known
	Of     int // runs of the system
	Counts []int
	Shares []string // by class, %
}

// countErrors sums the errors of the runs that have some in the report.
func countErrors(d *data, errors map[string]map[string]int) errorTable {
	t := errorTable{Classes: errorClasses}
	for _, s := range d.systems {
		line := errorLine{system: s, Counts: make([]int, len(errorClasses)), Shares: make([]string, len(errorClasses))}
		for _, r := range d.runsOf(s.Name) {
			line.Of++
			if _, known := errors[r.ID]; !known {
				continue
			}
			line.Runs++
			for i, c := range errorClasses {
				line.Counts[i] += errors[r.ID][c.Class]
			}
		}
		if !slices.ContainsFunc(line.Counts, func(n int) bool { return n > 0 }) {
			continue
		}
		gold, pred := 0, 0
		for i, c := range errorClasses {
			if !c.pred {
				gold += line.Counts[i]
			}
			if c.Class != "MIS" {
				pred += line.Counts[i]
			}
		}
		for i, c := range errorClasses {
			of := gold
			if c.pred {
				of = pred
			}
			line.Shares[i] = reports.Share(line.Counts[i], of)
		}
		t.Lines = append(t.Lines, line)
	}
	return t
}
