package reports

import (
	"fmt"
	"slices"
	"strings"
)

// facts are the figures at the head of the page.
func facts(built *builtTables) []fact {
	n := total(built.runs)
	out := []fact{
		{commas(len(built.systems)), plural(len(built.systems), "system", "systems")},
		{fmt.Sprintf("%d of %d", len(datasetsOf(built.runs)), len(built.datasets.Rows)-len(built.datasets.averageNames())), "datasets run"},
		{commas(n.passages), plural(n.passages, "passage", "passages")},
	}
	if n.queries > 0 { // a tagger gives none
		out = append(out, fact{commas(n.queries), plural(n.queries, "answer", "answers")}, fact{Share(n.failures, n.queries) + " %", "of the answers unreadable"})
	}
	return out
}

// summary says in words what the leaderboard shows. It compares means only
// where they are over the same rows, and claims no significance.
func summary(built *builtTables) []string {
	var out []string
	for _, m := range headline {
		var best []string
		var top *Cell
		for _, s := range built.systems {
			c := built.datasets.Cell(m.ID, MeanRows, s.Name)
			switch {
			case c.Value == nil:
			case top == nil || *c.Value > *top.Value:
				top, best = c, []string{s.Name}
			case *c.Value == *top.Value:
				best = append(best, s.Name)
			}
		}
		if top == nil {
			continue
		}
		out = append(out, fmt.Sprintf("%s: the highest mean F1 is %s (%s), over %d of %d datasets.",
			m.Name, Percent(top.Value), strings.Join(best, ", "), top.Used, top.Total))
	}
	if len(out) == 0 {
		return []string{"No dataset has been scored yet."}
	}
	return out
}

// notRun lists rows without any run, by reason.
type notRun struct {
	Reason   string
	Datasets []DatasetInfo
}

func listNotRun(t *Table) []notRun {
	var out []notRun
	for _, row := range t.Rows {
		info, ok := t.info[row]
		if !ok || t.rowRan(SpanF1, row) {
			continue
		}
		i := slices.IndexFunc(out, func(n notRun) bool { return n.Reason == info.Absent })
		if i < 0 {
			i = len(out)
			out = append(out, notRun{Reason: info.Absent})
		}
		out[i].Datasets = append(out[i].Datasets, info)
	}
	return out
}

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}
