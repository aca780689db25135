package main

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"nerbench/metrics"
	"nerbench/ner"
	"nerbench/reports"
)

// evalErrors is the part of the output of eval --json that the page of a run shows.
type evalErrors struct {
	Taxonomy  map[string]any
	Confusion []ner.ConfusionCell
	ByBucket  map[string][]struct {
		Name   string
		SpanF1 metrics.Figures `json:"span_f1"`
	} `json:"by_bucket"`
}

var (
	pageRow  = regexp.MustCompile(`(?s)<tr[^>]*>(.*?)</tr>`)
	pageCell = regexp.MustCompile(`(?s)<t[hd][^>]*>(.*?)</t[hd]>`)
	pageTag  = regexp.MustCompile(`<[^>]*>`)
)

// tableOf reads the first table behind a heading of a page, as text.
func tableOf(page, id string) (rows [][]string) {
	_, page, _ = strings.Cut(page, `id="`+id+`"`)
	page, _, _ = strings.Cut(page, "</table>")
	for _, row := range pageRow.FindAllStringSubmatch(page, -1) {
		var cells []string
		for _, cell := range pageCell.FindAllStringSubmatch(row[1], -1) {
			cells = append(cells, strings.TrimSpace(pageTag.ReplaceAllString(cell[1], "")))
		}
		rows = append(rows, cells)
	}
	return rows
}

// runErrors demands that the page of a run has the errors that eval counts, and at least
// five classes of them: runerrors EVAL.json PAGE.
func runErrors(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: runerrors EVAL.json PAGE")
	}
	var want evalErrors
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &want))
	page := ts.ReadFile(args[1])

	got := map[string]string{}
	for _, row := range tableOf(page, "errors")[1:] {
		got[row[0]] = row[2]
	}
	classes := 0
	for class, n := range want.Taxonomy {
		if class == "duplicates" {
			continue
		}
		if got[class] != fmt.Sprint(n) {
			ts.Fatalf("class %s: %q on the page, eval has %v", class, got[class], n)
		}
		if n != 0.0 && !strings.Contains(class, "_") {
			classes++
		}
	}
	if len(got) != len(want.Taxonomy)-1 || classes < 5 {
		ts.Fatalf("the page has %v, eval %v", got, want.Taxonomy)
	}

	rows := tableOf(page, "confusion")
	cells := map[[2]string]string{}
	for _, row := range rows[1:] {
		for i, n := range row[1:] {
			if n != "" {
				cells[[2]string{row[0], rows[0][1+i]}] = n
			}
		}
	}
	for _, c := range want.Confusion {
		at := [2]string{string(c.Gold), string(c.Pred)}
		if c.Gold == "" {
			at[0] = "spurious"
		}
		if c.Pred == "" {
			at[1] = "missed"
		}
		if cells[at] != fmt.Sprint(c.N) {
			ts.Fatalf("gold %s, predicted %s: %q on the page, eval has %d", at[0], at[1], cells[at], c.N)
		}
		delete(cells, at)
	}
	if len(cells) > 0 || len(want.Confusion) < 4 {
		ts.Fatalf("only the page has %v; eval has %v", cells, want.Confusion)
	}

	rows = tableOf(page, "buckets")[1:]
	for _, attribute := range []string{"eLen", "sLen", "eDen"} {
		if len(want.ByBucket[attribute]) < 2 {
			ts.Fatalf("eval has too few buckets of %s", attribute)
		}
		rows = rows[1:] // the name of the attribute
		for _, b := range want.ByBucket[attribute] {
			f := b.SpanF1
			line := []string{b.Name, reports.Percent(f.F1) + "*", reports.Percent(f.Precision), reports.Percent(f.Recall), fmt.Sprint(f.TP), fmt.Sprint(f.NPred), fmt.Sprint(f.NGold)}
			if strings.Join(rows[0], " ") != strings.Join(line, " ") {
				ts.Fatalf("%s %s: %q on the page, eval has %q", attribute, b.Name, rows[0], line)
			}
			rows = rows[1:]
		}
	}
	if len(rows) > 0 {
		ts.Fatalf("only the page has %q", rows)
	}
}
