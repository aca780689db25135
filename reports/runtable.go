package reports

import (
	"slices"

	"nerbench/ner"
)

// runTable lists what every number was reached from: the keys that all runs
// share once, the others for each run.
type runTable struct {
	Shared []keyValue
	Keys   []keyValue // names and meanings of the keys that differ
	Runs   []runLine
}

type keyValue struct{ Name, Value, Meaning string }

type runLine struct {
	ID, State          string
	Complete, Passages int
	Queries            int
	Values             []string // by runTable.Keys
}

func listRuns(runs []*run) runTable {
	var t runTable
	for _, name := range keyNames(runs) {
		value := runs[0].key(name)
		same := !slices.ContainsFunc(runs, func(r *run) bool { return r.key(name) != value })
		if same && len(runs) > 1 {
			t.Shared = append(t.Shared, keyValue{name, value, meaning(name)})
		} else {
			t.Keys = append(t.Keys, keyValue{Name: name, Meaning: meaning(name)})
		}
	}
	for _, r := range runs {
		line := runLine{ID: r.ID, State: r.State, Complete: r.Complete, Passages: r.Passages, Queries: r.Queries}
		for _, k := range t.Keys {
			line.Values = append(line.Values, r.key(k.Name))
		}
		t.Runs = append(t.Runs, line)
	}
	return t
}

// meaning is the line that explains a key; empty for a key of somebody else's.
func meaning(name string) string {
	for _, k := range ner.Keys {
		if k.Name == name {
			return k.Meaning
		}
	}
	return ""
}
