package main

import (
	"encoding/json"
	"fmt"
	"html"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"nerbench/harness/compare"
	"nerbench/reports"
)

// printedTable is what table --json prints, as far as pages show it.
type printedTable struct {
	Cells []struct {
		Row, Col, Metric string
		Value            *float64
		CI               *[2]float64
		Rank             *[2]int
		Runs             []string
		Counts           *struct {
			TP            float64
			NPred         int `json:"n_pred"`
			NGold         int `json:"n_gold"`
			Precision, F1 *float64
			Recall        *float64
		}
	}
}

// TestPagesHaveTheNumbersOfCommands compares the numbers that pages print without scripts
// with table --json and compare --json: each kind of page, each F1 with its interval, rank
// range, precision, recall and counts, and each test of a pair.
func TestPagesHaveTheNumbersOfCommands(t *testing.T) {
	t.Chdir(t.TempDir())
	call := func(args ...string) []byte {
		t.Helper()
		var out, errs strings.Builder
		env := &environment{stdout: &out, stderr: &errs, getenv: func(string) string { return "" }}
		if code := run(t.Context(), append([]string{"nerbench"}, args...), env); code != exitOK {
			t.Fatalf("%q: exit code %d: %s", args, code, errs.String())
		}
		return []byte(out.String())
	}
	const seeds = 3
	for seed := range seeds {
		call("run", "-q", "-m", "tagger", "--set", fmt.Sprint("sampling_seed=", seed), "-d", "sample-law,sample-finance,sample-social-media")
	}
	call("site", "build", "--ci", "1000")

	table := func(flags ...string) (printed printedTable) {
		t.Helper()
		text := call(append([]string{"table", "--json", "--run-only", "--cols", "sampling_seed", "--metric", "span_f1,uniner_f1,uniner_f1_lenient", "--ci", "1000"}, flags...)...)
		if err := json.Unmarshal(text, &printed); err != nil {
			t.Fatal(err)
		}
		return printed
	}
	page := func(name string) map[string][]string { return pageRows(t, filepath.Join("site", name)) }
	compared := 0
	same := func(where, got, want string) {
		t.Helper()
		if compared++; got != want {
			t.Errorf("%s: %q on the page, %q in the table", where, got, want)
		}
	}
	slug := func(seed string) string { return "tagger-perceptron-2-epochs-10-seed-" + seed }
	places := map[string]int{"span_f1": 0, "uniner_f1": 1, "uniner_f1_lenient": 2}

	for _, c := range table("--ranks").Cells {
		if c.Row != reports.MeanRows && !strings.HasPrefix(c.Row, "sample-") {
			continue // other means, which no page has
		}
		name := "tagger, seed " + c.Col
		f1 := reports.Percent(c.Value) + " " + reports.Percent(&c.CI[0]) + "–" + reports.Percent(&c.CI[1])
		if c.Row == reports.MeanRows {
			row := page("index.html")[name]
			if c.Metric == "span_f1" {
				same("mean of "+name, row[2], f1)
				same("rank of "+name, row[0], ranks(*c.Rank))
			}
			same("suites of "+name, page("m/" + slug(c.Col) + ".html")["Invented sample"][2+places[c.Metric]], f1)
			continue
		}
		where := name + " on " + c.Row + ", " + c.Metric
		ofModel, ofDataset := page("m/" + slug(c.Col) + ".html")[c.Row], page("d/" + c.Row + ".html")[name]
		same(where, ofModel[3+places[c.Metric]], f1)
		same(where, ofDataset[2+places[c.Metric]], f1)
		figures := []string{reports.Percent(c.Counts.Precision), reports.Percent(c.Counts.Recall), fmt.Sprint(c.Counts.TP), fmt.Sprint(c.Counts.NPred), fmt.Sprint(c.Counts.NGold)}
		ofRun := slices.Collect(func(yield func([]string) bool) {
			for heading, row := range page("run/" + c.Runs[0] + ".html") {
				if strings.HasSuffix(heading, " "+c.Metric) && !yield(row) {
					return
				}
			}
		})
		if len(ofRun) != 1 {
			t.Fatalf("%s: %d lines on the page of the run", where, len(ofRun))
		}
		same(where, strings.Join(ofRun[0][1:7], "|"), f1+"|"+strings.Join(figures, "|"))
		if c.Metric == "span_f1" {
			same(where, strings.Join(ofModel[6:11], "|"), strings.Join(figures, "|"))
			same(where, strings.Join(ofDataset[5:10], "|"), strings.Join(figures, "|"))
			same("rank of "+where, ofModel[2], ranks(*c.Rank))
			same("rank of "+where, ofDataset[0], ranks(*c.Rank))
			matrix := page("matrix.html")
			same("matrix, "+where, matrix[c.Row][slices.Index(matrix["Dataset"], name)], reports.Percent(c.Value))
		}
	}
	for _, c := range table("--rows", "domain").Cells {
		if c.Metric != "span_f1" || !slices.Contains([]string{"finance", "law", "social-media"}, c.Row) {
			continue
		}
		index := page("index.html")
		column := slices.IndexFunc(index["Model"], func(h string) bool { return strings.HasPrefix(c.Row, strings.ToLower(h)) })
		same(c.Row+" of "+c.Col, index["tagger, seed "+c.Col][column], reports.Percent(c.Value))
	}
	if want := 3*seeds*(3*3+5) + seeds*(3+2) + 3*seeds; compared != want { // datasets, means, domains
		t.Errorf("%d numbers were compared, want %d", compared, want)
	}
	samePairs(t, call, slug)
}

// samePairs compares the tests of the pages with those of compare --json.
func samePairs(t *testing.T, call func(args ...string) []byte, slug func(seed string) string) {
	t.Helper()
	type test struct {
		Difference, P float64
		PAdjusted     float64 `json:"p_adjusted"`
		Interval      [2]float64
	}
	for _, pair := range [][2]string{{"0", "1"}, {"0", "2"}, {"1", "2"}} {
		var site struct {
			Mean     test
			Datasets map[string]test
		}
		text, err := os.ReadFile(filepath.Join("site", "data", "pairs", slug(pair[0]), slug(pair[1])+".json"))
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(text, &site); err != nil {
			t.Fatal(err)
		}
		var want compare.Report
		if err := json.Unmarshal(call("compare", "sampling_seed="+pair[0], "sampling_seed="+pair[1], "--json", "--ci", "1000"), &want); err != nil {
			t.Fatal(err)
		}
		of := func(o compare.Outcome) test { return test{o.Difference, o.P, o.PAdjusted, *o.CI} }
		if mean := of(want.Outcome); site.Mean != mean {
			t.Errorf("seeds %v: mean %+v on the page, %+v by compare", pair, site.Mean, mean)
		}
		if len(want.Datasets) != 3 || len(site.Datasets) != 3 {
			t.Errorf("seeds %v: %d datasets on the page, %d by compare, want 3", pair, len(site.Datasets), len(want.Datasets))
		}
		for _, d := range want.Datasets {
			if one := of(d.Outcome); site.Datasets[d.Dataset] != one {
				t.Errorf("seeds %v on %s: %+v on the page, %+v by compare", pair, d.Dataset, site.Datasets[d.Dataset], one)
			}
		}
	}
}

// ranks is a range of ranks on a page.
func ranks(r [2]int) string {
	if r[0] == r[1] {
		return fmt.Sprint(r[0])
	}
	return fmt.Sprintf("%d–%d", r[0], r[1])
}

var rowHeading = regexp.MustCompile(`(?s)<th[ >].*?</th>`)

// pageRows returns the lines of the tables of a page by their first heading: the text of
// each cell. The first of several lines with one heading counts.
func pageRows(t *testing.T, name string) map[string][]string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	plain := func(cell string) string {
		return strings.TrimSpace(html.UnescapeString(pageTag.ReplaceAllString(cell, "")))
	}
	rows := map[string][]string{}
	for _, found := range pageRow.FindAllStringSubmatch(string(text), -1) {
		row := found[1]
		var cells []string
		for _, cell := range pageCell.FindAllStringSubmatch(row, -1) {
			cells = append(cells, plain(cell[1]))
		}
		heading := plain(rowHeading.FindString(row))
		if strings.Contains(row, `class="rank">Rank</th>`) && len(cells) > 1 {
			heading = cells[1] // the head of a ranking
		}
		if rows[heading] == nil {
			rows[heading] = cells
		}
	}
	return rows
}
