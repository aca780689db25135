package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"nerbench/datasets"
	"nerbench/metrics"
	"nerbench/ner"
	"nerbench/results"
)

// rowKeys are the keys that differ between the rows of one system.
var rowKeys = []string{"row", "data", "labels", "gold", "training", "limit", "cap", "sample_seed", "shard"}

// printAverages prints the averages of METRICS.md §10 by their names, for every
// system that was scored on more than one row: over how many rows of the
// benchmark they are, and how many were not run, and why.
func (env *environment) printAverages(runs []rescored) error {
	bySystem := map[string][]rescored{}
	for _, r := range runs {
		bySystem[systemOf(r.after)] = append(bySystem[systemOf(r.after)], r)
	}
	rows, err := env.allRows()
	if err != nil {
		return err
	}
	maps.DeleteFunc(bySystem, func(_ string, of []rescored) bool { return !severalRows(rows, of) })
	tw := tabwriter.NewWriter(env.stdout, 0, 0, 2, ' ', 0)
	for _, system := range sortedKeys(bySystem) {
		fmt.Fprintf(tw, "\naverages of %s\n", printable(system))
		for _, id := range metricsOf(bySystem[system]) {
			fmt.Fprintln(tw, averagesLine(rows, bySystem[system], id))
		}
		if reasons := env.absentRows(rows, bySystem[system]); reasons != "" {
			fmt.Fprintf(tw, "  not run: %s\n", reasons)
		}
	}
	return tw.Flush()
}

// severalRows reports whether runs are on more than one row of the benchmark.
func severalRows(rows []*datasets.Row, runs []rescored) bool {
	ran := map[string]bool{}
	for _, r := range runs {
		if slices.ContainsFunc(rows, func(row *datasets.Row) bool { return row.ID == r.Row }) {
			ran[r.Row] = true
		}
	}
	return len(ran) > 1
}

// systemOf names a model with the way it was asked, apart from what belongs to a
// row.
func systemOf(run results.RunInfo) string {
	keys := maps.Clone(run.Keys)
	for _, k := range rowKeys {
		delete(keys, k)
	}
	if run.Keys["training"] != "" {
		delete(keys, "digest") // it learns on each row anew
	}
	parts := []string{keys["model"]}
	for _, k := range []string{"split", "family", "variant", "layout", "queries", "shots", "temperature"} {
		if v := keys[k]; v != "" {
			parts = append(parts, k+"="+v)
		}
	}
	id := ner.Run{Keys: keys}.ID()
	return strings.Join(parts, " ") + " #" + id[:4]
}

func metricsOf(runs []rescored) []string {
	ids := map[string]bool{}
	for _, r := range runs {
		for id := range r.Scores {
			ids[id] = true
		}
	}
	return sortedKeys(ids)
}

func averagesLine(rows []*datasets.Row, runs []rescored, id string) string {
	var tallies []metrics.RowTally
	for _, row := range rows {
		t := metrics.RowTally{Row: row.ID, Domain: row.Domain}
		i := slices.IndexFunc(runs, func(r rescored) bool { return r.Row == row.ID && r.Complete == r.Passages })
		if i >= 0 {
			kept, there := runs[i].after.Scores.Metrics[id]
			t.Scored, t.ByType = there, metrics.Tally(kept.ByType)
		}
		tallies = append(tallies, t)
	}
	_, pooled := metrics.PooledMicro(tallies)
	line := "  " + id
	for _, a := range []struct {
		name string
		metrics.Average
	}{{"mean_rows", metrics.MeanRows(tallies)}, {"mean_domains", metrics.MeanDomains(tallies)}, {"pooled_micro", pooled}} {
		line += fmt.Sprintf("\t%s %s (%d/%d)", a.name, percent(a.Ratio), a.Used, a.Total)
	}
	return line
}

// absentRows counts the rows of the benchmark without a run, by reason.
func (env *environment) absentRows(rows []*datasets.Row, runs []rescored) string {
	reasons := map[string]int{}
	for _, info := range env.rowInfos(rows) {
		if slices.ContainsFunc(runs, func(r rescored) bool { return r.Row == info.ID }) {
			continue
		}
		reason := info.Absent
		if reason == "" {
			reason = "not asked"
		}
		reasons[reason]++
	}
	var parts []string
	for _, reason := range sortedKeys(reasons) {
		parts = append(parts, fmt.Sprintf("%d rows (%s)", reasons[reason], reason))
	}
	return strings.Join(parts, ", ")
}
