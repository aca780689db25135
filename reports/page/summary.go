package page

import (
	"fmt"
	"slices"
	"strings"

	"nerbench/ner"
	"nerbench/reports"
)

// fact is one figure at the head of the page.
type fact struct{ Value, Label string }

func facts(d *data) []fact {
	n := total(d.runs)
	out := []fact{
		{commas(len(d.systems)), ner.Plural(len(d.systems), "system")},
		{fmt.Sprintf("%d of %d", len(datasetsOf(d.runs)), len(d.datasets.Rows)-len(averages(d.datasets))), "datasets run"},
		{commas(n.passages), ner.Plural(n.passages, "passage")},
	}
	if n.queries > 0 { // a tagger has no answers
		out = append(out, fact{commas(n.queries), ner.Plural(n.queries, "answer")}, fact{reports.Share(n.failures, n.queries) + " %", "of the answers unreadable"})
	}
	return out
}

// summary describes the leaderboard in words. It compares means over the same
// datasets only, and claims no significance.
func summary(d *data) []string {
	var out []string
	for _, m := range headline {
		var best []string
		var top *reports.Cell
		for _, s := range d.systems {
			c := d.datasets.Cell(m.ID, reports.MeanRows, s.Name)
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
			m.Name, reports.Percent(top.Value), strings.Join(best, ", "), top.Used, top.Total))
	}
	if len(out) == 0 {
		return []string{"No dataset has been scored yet."}
	}
	return out
}

// notRun lists the datasets without a run that have the same reason.
type notRun struct {
	Reason   string
	Datasets []reports.DatasetInfo
}

func listNotRun(d *data) []notRun {
	var out []notRun
	for _, id := range d.datasets.Rows {
		info, ok := d.info[id]
		if !ok || d.datasets.Row(reports.SpanF1, id).Ran() {
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
