package reports

import (
	"fmt"
	"slices"
	"strings"

	"nerbench/ner"
)

// warnings lists the warnings about the whole table, most important first.
func (b *builder) warnings() []string {
	var out []string
	spanned := []string{b.spec.Rows, b.spec.Cols, KeyDataset}
	if slices.Contains(spanned, KeySystem) {
		spanned = append(spanned, KeyModel)
	}
	if names := differing(b.runs, spanned...); len(names) > 0 {
		out = append(out, "cells differ in: "+strings.Join(names, ", "))
	}
	out = append(out, b.warned...)
	if n := countRuns(b.runs, func(r *run) bool { return r.Incomplete() }); n > 0 {
		out = append(out, fmt.Sprintf("%s incomplete: left out of averages", runsAre(n)))
	}
	return append(out, b.metricWarnings()...)
}

// metricWarnings names the metrics that no run has, and the runs that are left out
// because their queries are about some of the types only.
func (b *builder) metricWarnings() []string {
	var out []string
	for _, metric := range b.spec.Metrics {
		if len(b.runs) > 0 && !slices.ContainsFunc(b.runs, func(r *run) bool { _, ok := b.score(r, metric); return ok }) {
			out = append(out, metric+": no run has this metric")
		}
	}
	partial := map[string]int{}
	for _, r := range b.runs {
		if q := r.key("queries"); q != "" && q != "all" && !b.names("queries") {
			partial[q]++
		}
	}
	for _, q := range sortedKeys(partial) {
		out = append(out, fmt.Sprintf("%s about some of the types only (queries=%s): left out, see metric %s[queries=%s]", runsAre(partial[q]), q, SpanF1, q))
	}
	return out
}

func runsAre(n int) string { return ner.Count(n, "run") + " " + ner.Are(n) }

func countRuns(runs []*run, has func(*run) bool) int {
	n := 0
	for _, r := range runs {
		if has(r) {
			n++
		}
	}
	return n
}

func orNone(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

// listIn lists the names for which in is true, in their order.
func listIn(names []string, in func(string) bool) []string {
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !in(name) })
}

func valuesOf(at map[string][]*run) [][]*run {
	var out [][]*run
	for _, id := range sortedKeys(at) {
		out = append(out, at[id])
	}
	return out
}

// meansOf returns the mean of each domain, in the order of the names: sums of floating
// point numbers depend on their order.
func meansOf(byDomain map[string][]float64) []float64 {
	var out []float64
	for _, domain := range sortedKeys(byDomain) {
		out = append(out, *mean(byDomain[domain]))
	}
	return out
}
