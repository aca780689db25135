package reports

import (
	"slices"

	"nerbench/ner"
)

// outcomeNames says in plain words how a query ended (docs/spec/metrics.md §8.2).
var outcomeNames = map[ner.Outcome]string{
	ner.OK:          "read as asked",
	ner.Empty:       "read, no entity",
	ner.Repaired:    "read after repair",
	ner.Truncated:   "cut at the token limit",
	ner.Blank:       "blank",
	ner.NoStructure: "not in the form asked for",
	ner.Malformed:   "broken form",
	ner.TooLong:     "prompt too long, not sent",
	ner.Failed:      "no answer",
}

// outcomeTable counts the answers of each system by the class they ended in.
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
func countOutcomes(built *builtTables) outcomeTable {
	var t outcomeTable
	seen := map[ner.Outcome]int{}
	for _, r := range built.runs {
		for o, n := range r.Outcomes {
			seen[o] += n
		}
	}
	for _, o := range ner.Outcomes {
		if seen[o] > 0 {
			t.Classes = append(t.Classes, outcomeClass{o, outcomeNames[o], o.Failure()})
		}
	}
	for _, s := range built.systems {
		line := outcomeLine{system: s}
		own := runsOf(built.runs, s.Name)
		n := total(own)
		counts := map[ner.Outcome]int{}
		for _, r := range own {
			for o, n := range r.Outcomes {
				counts[o] += n
			}
		}
		if n.queries == 0 {
			continue
		}
		line.Queries, line.Unreadable = n.queries, Share(n.failures, n.queries)
		for _, class := range t.Classes {
			line.Counts = append(line.Counts, counts[class.Outcome])
			line.Shares = append(line.Shares, Share(counts[class.Outcome], line.Queries))
		}
		t.Lines = append(t.Lines, line)
	}
	return t
}

// counterTable holds what else was counted, one line a system.
type counterTable struct {
	Names []string
	Lines []counterLine
}

type counterLine struct {
	system
	Counts []int
}

func sumCounters(built *builtTables) counterTable {
	names := set{}
	for _, r := range built.runs {
		for name := range r.Counters {
			names[name] = true
		}
	}
	t := counterTable{Names: sortedKeys(names)}
	for _, s := range built.systems {
		line := counterLine{system: s, Counts: make([]int, len(t.Names))}
		for _, r := range runsOf(built.runs, s.Name) {
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
