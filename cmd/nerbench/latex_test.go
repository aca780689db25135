package main

import (
	"os"
	"path/filepath"
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
		if err := reports.WriteLatex(&b, o, harness.StatsGrid(lines)); err != nil {
			t.Fatal(err)
		}
		sources = append(sources, latextest.Source{Name: "table 6", Text: b.String(), Float: o.Float})
	}
	latextest.Compile(t, sources)
}

// TestCitationsCompile: all datasets that the tables cite are in references.bib.
func TestCitationsCompile(t *testing.T) {
	dir := t.TempDir()
	env, out := benchEnvironment(t)
	if code := run(t.Context(), []string{"nerbench", "paper", "all", "--store", env.store, "--data", env.data, "--latex", "cite", "--out", dir}, env); code != 0 {
		t.Fatal(out.String())
	}
	read := func(name string) string {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	var sources []latextest.Source
	for _, name := range []string{"table2.tex", "table3.tex", "fig9.tex", "table6.tex"} {
		text := read(name)
		if !strings.Contains(text, `\cite{`) {
			t.Errorf("%s: cites nothing", name)
		}
		sources = append(sources, latextest.Source{Name: name, Text: text})
	}
	latextest.Bibliography(t, read("references.bib"), sources...)
}
