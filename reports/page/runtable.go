package page

import (
	"slices"

	"nerbench/ner"
	"nerbench/reports"
)

// runTable lists the keys of all runs: once those that all runs share, the others
// for each run.
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

func listRuns(runs []run) runTable {
	var t runTable
	var keys []map[string]string
	for _, r := range runs {
		keys = append(keys, r.Keys)
	}
	for _, name := range reports.KeyNames(keys...) {
		value := runs[0].Keys[name]
		same := !slices.ContainsFunc(runs, func(r run) bool { return r.Keys[name] != value })
		if same && len(runs) > 1 {
			t.Shared = append(t.Shared, keyValue{name, value, meaning(name)})
		} else {
			t.Keys = append(t.Keys, keyValue{Name: name, Meaning: meaning(name)})
		}
	}
	for _, r := range runs {
		line := runLine{ID: r.ID, State: r.State, Complete: r.Complete, Passages: r.Passages, Queries: r.Queries}
		for _, k := range t.Keys {
			line.Values = append(line.Values, r.Keys[k.Name])
		}
		t.Runs = append(t.Runs, line)
	}
	return t
}

// meaning is the line that explains a key; empty for a key that is not in
// [ner.Keys].
func meaning(name string) string {
	for _, k := range ner.Keys {
		if k.Name == name {
			return k.Meaning
		}
	}
	return ""
}
