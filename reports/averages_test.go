package reports

import (
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"nerbench/internal/reference"
	"nerbench/ner"
)

// aggregate is one case of the reference vectors of docs/spec/metrics.md §10.
type aggregate struct {
	Name string
	Rows []struct {
		Row, Domain, Status string
		PerType             map[string][3]int `json:"per_type"`
	}
	Expected struct {
		Rows        map[string]*struct{ F1 *float64 }
		DomainMean  map[string]average `json:"domain_mean"`
		MeanRows    average            `json:"mean_rows"`
		MeanDomains average            `json:"mean_domains"`
		PooledMicro average            `json:"pooled_micro"`
	}
}

type average struct {
	F1          *float64
	Used, Total int
}

func TestAverageVectors(t *testing.T) { reference.EachSet(t, averageVectors) }

func averageVectors(t *testing.T, set reference.Set) {
	var file struct{ Cases []aggregate }
	set.Read(t, &file, "vectors", "aggregates.json")
	if len(file.Cases) == 0 {
		t.Fatal("no cases")
	}
	for _, c := range file.Cases {
		t.Run(c.Name, func(t *testing.T) { checkAggregate(t, c) })
	}
}

func checkAggregate(t *testing.T, c aggregate) {
	var results []Result
	var datasets []DatasetInfo
	for _, r := range c.Rows {
		datasets = append(datasets, DatasetInfo{ID: r.Row, Domain: r.Domain})
		if r.Status != "ok" {
			continue
		}
		total := ner.Score{}
		for _, n := range r.PerType {
			total = total.Add(ner.Score{TP: n[0], NPred: n[1], NGold: n[2]})
		}
		results = append(results, result("m", r.Row, total.TP, total.NPred, total.NGold))
	}
	if len(results) == 0 {
		if cols := build(t, nil, Spec{Benchmark: datasets}).Cols; len(cols) > 0 {
			t.Errorf("columns %q of a table without runs", cols)
		}
		return
	}
	byDataset := build(t, results, Spec{Benchmark: datasets})
	for dataset, want := range c.Expected.Rows {
		if want == nil { // not run
			if byDataset.Cell(SpanF1, dataset, "m").Ran() {
				t.Errorf("%s: ran, want not run", dataset)
			}
			continue
		}
		same(t, dataset, byDataset.Cell(SpanF1, dataset, "m").Value, want.F1)
	}
	checkAverage(t, byDataset.Cell(SpanF1, MeanRows, "m"), c.Expected.MeanRows)
	checkAverage(t, byDataset.Cell(SpanF1, MeanDomains, "m"), c.Expected.MeanDomains)
	checkAverage(t, byDataset.Cell(SpanF1, PooledMicro, "m"), c.Expected.PooledMicro)

	byDomain := build(t, results, Spec{Rows: KeyDomain, Benchmark: datasets})
	for domain, want := range c.Expected.DomainMean {
		checkAverage(t, byDomain.Cell(SpanF1, domain, "m"), want)
	}
	checkAverage(t, byDomain.Cell(SpanF1, MeanRows, "m"), c.Expected.MeanRows)
	checkAverage(t, byDomain.Cell(SpanF1, MeanDomains, "m"), c.Expected.MeanDomains)
	checkAverage(t, byDomain.Cell(SpanF1, PooledMicro, "m"), c.Expected.PooledMicro)
}

// checkAverage compares a mean. The vectors count mean_domains in domains; a
// cell counts datasets, and has the domains in its note.
func checkAverage(t *testing.T, got *Cell, want average) {
	t.Helper()
	same(t, got.Row, got.Value, want.F1)
	if got.Row == MeanDomains {
		if want.F1 != nil && got.Note != fmt.Sprintf("%d of %d domains", want.Used, want.Total) {
			t.Errorf("%s: note %q, want %d of %d domains", got.Row, got.Note, want.Used, want.Total)
		}
		return
	}
	if got.Used != want.Used || got.Total != want.Total {
		t.Errorf("%s: used %d/%d, want %d/%d", got.Row, got.Used, got.Total, want.Used, want.Total)
	}
}

func same(t *testing.T, what string, got, want *float64) {
	t.Helper()
	switch {
	case got == nil && want == nil:
	case got == nil || want == nil:
		t.Errorf("%s: got %s, want %s", what, Percent(got), Percent(want))
	case math.Abs(*got-*want) > 1e-12:
		t.Errorf("%s: got %v, want %v", what, *got, *want)
	}
}

func TestAveragesShareTheirDatasets(t *testing.T) {
	results := []Result{
		result("a", "stars", 1, 2, 2), result("a", "plants", 2, 2, 2), result("a", "courts", 0, 2, 2),
		result("b", "stars", 2, 2, 2), result("b", "courts", 1, 2, 2),
		result("c", "recipes", 0, 0, 0),
	}
	table := build(t, results, Spec{Benchmark: benchmark()})
	for model, want := range map[string]float64{"a": 0.25, "b": 0.75} {
		c := table.Cell(SpanF1, MeanRows, model)
		if c.Value == nil || *c.Value != want || c.Used != 2 || c.Total != 5 {
			t.Errorf("%s: %s over %d/%d, want %v over 2/5", model, Percent(c.Value), c.Used, c.Total, want)
		}
		if note := map[string]string{"a": "without plants, which not all have"}[model]; c.Note != note {
			t.Errorf("%s: note %q, want %q", model, c.Note, note)
		}
		if slices.Contains(c.Runs, "a.plants") {
			t.Errorf("%s: runs %v contain a dataset that b lacks", model, c.Runs)
		}
	}
	if c := table.Cell(SpanF1, MeanRows, "c"); c.Value != nil || c.Used != 0 {
		t.Errorf("c: %s over %d, want no average", Percent(c.Value), c.Used)
	}
	if !warned(table, "2 of 5 datasets that all cells have: stars, courts; left out: plants") {
		t.Errorf("warnings %q do not name the datasets", table.Warnings)
	}
}

func TestFewDatasetsDoNotReduceOtherAverages(t *testing.T) {
	results := []Result{
		result("a", "stars", 1, 2, 2), result("a", "plants", 2, 2, 2), result("a", "courts", 0, 2, 2),
		result("b", "recipes", 2, 2, 2),
	}
	table := build(t, results, Spec{Benchmark: benchmark()})
	if c := table.Cell(SpanF1, MeanRows, "a"); c.Value == nil || *c.Value != 0.5 || c.Used != 3 {
		t.Errorf("a: %s over %d datasets, want 50.0 over 3", Percent(c.Value), c.Used)
	}
	c := table.Cell(SpanF1, MeanRows, "b")
	if c.Value != nil || c.Used != 0 || c.Note != "1 dataset, others up to 3: too few to average with them" {
		t.Errorf("b: %s over %d datasets, note %q", Percent(c.Value), c.Used, c.Note)
	}
}

func TestMeanWithTooFewDatasetsNamesShorterRuns(t *testing.T) {
	first := func(n int, dataset string) Result {
		r := result("b", dataset, 1, 2, 2).with("limit", strconv.Itoa(n))
		r.Passages, r.Complete, r.SplitPassages = n, n, 100
		return r
	}
	results := []Result{
		result("a", "stars", 1, 2, 2), result("a", "plants", 1, 2, 2), result("a", "courts", 1, 2, 2),
		first(40, "stars"), first(20, "plants"),
	}
	table := build(t, results, Spec{Benchmark: benchmark()})
	const note = "1 dataset, others up to 3: too few to average with them; left out: plants (first 20 of 100 passages)"
	if c := table.Cell(SpanF1, MeanRows, "b"); c.Value != nil || c.Note != note {
		t.Errorf("b: %s, note %q, want none and %q", Percent(c.Value), c.Note, note)
	}
}

func TestPassagesAreThoseOfTheScore(t *testing.T) {
	never, outdated := result("never", "stars", 1, 2, 2), result("outdated", "stars", 1, 2, 2)
	never.Scores, outdated.Unscored = nil, 30
	table := build(t, []Result{never, outdated}, Spec{Benchmark: benchmark()})
	for model, want := range map[string]int{"never": 0, "outdated": 70} {
		if c := table.Cell(SpanF1, "stars", model); c.Complete != want || c.Passages != 100 {
			t.Errorf("%s: %d of %d passages, want %d of 100", model, c.Complete, c.Passages, want)
		}
	}
}

func TestCellsThatMixRuns(t *testing.T) {
	a := result("a", "stars", 1, 2, 2)
	tests := []struct {
		name    string
		results []Result
		spec    Spec
		note    string
		warning string
	}{
		{"one run", []Result{a}, Spec{}, "", ""},
		{"two seeds", []Result{a.with("seed", "1"), a.with("seed", "2")}, Spec{}, "mean of 2 runs that differ in: seed", "cells differ in: seed"},
		{"a seed and none", []Result{a, a.with("seed", "2")}, Spec{}, "mean of 2 runs that differ in: seed", "cells differ in: seed"},
		{"unknown key", []Result{a.with("reader", "1"), a.with("reader", "2")}, Spec{}, "mean of 2 runs that differ in: reader", "cells differ in: reader"},
		{"other data", []Result{a, a.with("data", "other")}, Spec{}, "mean of 2 runs that differ in: data", "cells differ in: data"},
		{"data of another dataset", []Result{a, result("a", "courts", 1, 2, 2)}, Spec{}, "", ""},
		{"digest of another model", []Result{a, result("b", "stars", 1, 2, 2)}, Spec{}, "", ""},
		{"other prompts in another column", []Result{a, result("b", "stars", 1, 2, 2).with("family", "gner")}, Spec{}, "", "cells differ in: family"},
		{"systems apart", []Result{a.with("seed", "1"), a.with("seed", "2")}, Spec{Cols: KeySystem}, "", "cells differ in: seed"},
		{"filtered", []Result{a.with("seed", "1"), a.with("seed", "2")}, Spec{Where: map[string][]string{"seed": {"1"}}}, "", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			table := build(t, test.results, test.spec)
			c := table.Cell(SpanF1, "stars", table.Cols[0])
			if c.Note != test.note {
				t.Errorf("note %q, want %q", c.Note, test.note)
			}
			if c.Value == nil || *c.Value != 0.5 {
				t.Errorf("value %s, want 50.0", Percent(c.Value))
			}
			if test.warning == "" && warned(table, "cells differ") || test.warning != "" && !slices.Contains(table.Warnings, test.warning) {
				t.Errorf("warnings %q, want %q", table.Warnings, test.warning)
			}
		})
	}
}

func TestSystemNames(t *testing.T) {
	a := result("a", "stars", 1, 2, 2)
	tests := []struct {
		name    string
		results []Result
		want    []string
	}{
		{"one way", []Result{a, result("a", "courts", 1, 2, 2)}, []string{"a"}},
		{"two ways", []Result{a.with("seed", "1"), a.with("seed", "2")}, []string{"a (seed=1)", "a (seed=2)"}},
		{"with and without", []Result{a, a.with("seed", "2")}, []string{"a (default)", "a (seed=2)"}},
		{"different for each dataset", []Result{a, result("a", "courts", 1, 2, 2).with("cap", "9")}, []string{"a"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := build(t, test.results, Spec{Cols: KeySystem}).Cols; !slices.Equal(got, test.want) {
				t.Errorf("systems %q, want %q", got, test.want)
			}
		})
	}
}

func TestQuerySetsStayApart(t *testing.T) {
	gold := result("a", "stars", 2, 2, 2).with("queries", "gold")
	all := result("a", "stars", 1, 2, 2)
	table := build(t, []Result{all, gold}, Spec{Metrics: []string{SpanF1, "span_f1[queries=gold]"}, Cols: KeySystem})
	for _, test := range []struct {
		metric, col string
		want        *float64
	}{
		{SpanF1, "a (default)", ratio(0.5)},
		{SpanF1, "a (queries=gold)", nil},
		{"span_f1[queries=gold]", "a (default)", nil},
		{"span_f1[queries=gold]", "a (queries=gold)", ratio(1)},
	} {
		same(t, test.metric+" "+test.col, table.Cell(test.metric, "stars", test.col).Value, test.want)
	}
	if !warned(table, "queries=gold") {
		t.Errorf("warnings %q do not name the query set", table.Warnings)
	}
	named := build(t, []Result{all, gold}, Spec{Cols: "queries"})
	same(t, "by queries", named.Cell(SpanF1, "stars", "gold").Value, ratio(1))
}

func TestNotRunHasItsReason(t *testing.T) {
	table := build(t, []Result{result("a", "stars", 1, 2, 2)}, Spec{Benchmark: benchmark()})
	for dataset, want := range map[string]string{"wards": "not run: needs an agreement", "courts": "not run"} {
		c := table.Cell(SpanF1, dataset, "a")
		if c.Ran() || c.Value != nil || c.Note != want {
			t.Errorf("%s: value %s, note %q, want no value and %q", dataset, Percent(c.Value), c.Note, want)
		}
	}
}

func TestBuildRefusesUnknownKeys(t *testing.T) {
	for _, test := range []struct {
		spec Spec
		want string
	}{
		{Spec{Rows: "colour"}, `table: rows: key "colour": unknown`},
		{Spec{Cols: "colour"}, `table: cols: key "colour": unknown`},
		{Spec{Rows: "model"}, `table: rows and cols: both are "model"`},
		{Spec{Where: map[string][]string{"colour": {"red"}}}, `table: where: key "colour": unknown`},
	} {
		if _, err := Build(nil, test.spec); err == nil || err.Error() != test.want {
			t.Errorf("error %v, want %s", err, test.want)
		}
	}
	if err := build(t, nil, Spec{}).Write(os.Stdout, "docx"); err == nil || !strings.Contains(err.Error(), "text, md, csv, latex, html, json") {
		t.Errorf("error %v does not list the formats", err)
	}
}

func warned(table *Table, text string) bool {
	return slices.ContainsFunc(table.Warnings, func(w string) bool { return strings.Contains(w, text) })
}

func ratio(v float64) *float64 { return &v }
