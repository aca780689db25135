package page

import (
	"maps"
	"slices"

	"nerbench/ner"
	"nerbench/reports"
)

// outcomeNames are the outcomes of queries in plain words (docs/spec/metrics.md §8.2).
var outcomeNames = map[ner.Outcome]string{
	ner.OK:          "read",
	ner.Empty:       "read, no entity",
	ner.Repaired:    "read after repair",
	ner.Truncated:   "cut at the token limit",
	ner.Blank:       "blank",
	ner.NoStructure: "in another form",
	ner.Malformed:   "malformed",
	ner.Unusable:    "read, nothing usable",
	ner.TooLong:     "prompt too long, not sent",
	ner.Refused:     "refused",
	ner.Filtered:    "ended by a content filter",
	ner.ToolCall:    "a tool call",
	ner.Failed:      "no answer",
}

// outcomeTable counts the answers of each system by outcome.
type outcomeTable struct {
	Classes []outcomeClass // those that occur
	Lines   []outcomeLine
}

type outcomeClass struct {
	Outcome ner.Outcome
	Name    string
	Failure bool
}

type outcomeLine struct {
	system
	Queries    int
	Unreadable string
	Counts     []int    // by class
	Shares     []string // by class, %
}

// countOutcomes leaves out systems whose predictions are not generated text.
func countOutcomes(d *data) outcomeTable {
	var t outcomeTable
	seen := sumOutcomes(d.runs)
	for _, o := range ner.Outcomes {
		if seen[o] > 0 {
			t.Classes = append(t.Classes, outcomeClass{o, outcomeNames[o], o.Failure()})
		}
	}
	for _, s := range d.systems {
		own := d.runsOf(s.Name)
		n, counts := total(own), sumOutcomes(own)
		if n.queries == 0 {
			continue
		}
		line := outcomeLine{system: s, Queries: n.queries, Unreadable: reports.Share(n.failures, n.queries)}
		for _, class := range t.Classes {
			line.Counts = append(line.Counts, counts[class.Outcome])
			line.Shares = append(line.Shares, reports.Share(counts[class.Outcome], line.Queries))
		}
		t.Lines = append(t.Lines, line)
	}
	return t
}

func sumOutcomes(runs []run) map[ner.Outcome]int {
	counts := map[ner.Outcome]int{}
	for _, r := range runs {
		for o, n := range r.Outcomes {
			counts[o] += n
		}
	}
	return counts
}

// counterTable holds the other counts of scoring, one line for each system.
type counterTable struct {
	Names []string
	Lines []counterLine
}

type counterLine struct {
	system
	Counts []int
}

func sumCounters(d *data) counterTable {
	names := map[string]bool{}
	for _, r := range d.runs {
		for name := range r.Counters {
			names[name] = true
		}
	}
	t := counterTable{Names: slices.Sorted(maps.Keys(names))}
	for _, s := range d.systems {
		line := counterLine{system: s, Counts: make([]int, len(t.Names))}
		for _, r := range d.runsOf(s.Name) {
			for i, name := range t.Names {
				line.Counts[i] += r.Counters[name]
			}
		}
		if slices.ContainsFunc(line.Counts, func(n int) bool { return n > 0 }) {
			t.Lines = append(t.Lines, line)
		}
	}
	return t
}
