package main

import (
	"strings"
	"testing"

	"nerbench/datasets"
	"nerbench/harness"
	"nerbench/internal/latextest"
	"nerbench/ner"
	"nerbench/reports"
)

// TestStatsCompile compiles Table 6 with all datasets of the benchmark measured, in one
// and in two columns.
func TestStatsCompile(t *testing.T) {
	benchmark, err := datasets.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	var lines []harness.Stats
	for _, d := range benchmark {
		l := harness.Stats{Dataset: d.ID, Domain: d.Domain, State: "ready", Published: d.Table6, Types: 18, Measured: map[ner.Split]*harness.StatsSplit{}, Reason: d.CountRule.Text}
		for i, split := range ner.Splits {
			instances := 123456 - i
			l.Measured[split] = &harness.StatsSplit{Documents: 131767, Spans: 340387, Instances: &instances}
		}
		lines = append(lines, l)
	}
	var sources []latextest.Source
	for _, o := range []reports.Latex{{}, {Float: true, Label: "table6"}} {
		var b strings.Builder
		if err := reports.WriteLatex(&b, o, statsGrid(lines)); err != nil {
			t.Fatal(err)
		}
		sources = append(sources, latextest.Source{Name: "table 6", Text: b.String(), Float: o.Float})
	}
	latextest.Compile(t, sources)
}
