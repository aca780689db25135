package harness_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"nerbench/harness"
	"nerbench/ner"
	"nerbench/reports"
)

// The embedded sample end to end: a dataset, the in-process tagger, a run with its
// scores, and a table.
func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "nerbench")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	bench := &harness.Bench{Store: filepath.Join(dir, "results.db")}

	summary, err := bench.Run(ctx, harness.Request{Plan: ner.Plan{Model: "tagger", Dataset: "sample-law"}})
	if err != nil {
		panic(err)
	}
	fmt.Println(summary.Runs[0].Complete, "passages")

	table, err := bench.Table(ctx, harness.TableRequest{})
	if err != nil {
		panic(err)
	}
	cell := table.Cell(reports.SpanF1, "sample-law", "tagger")
	fmt.Printf("%s %s: F1 %s\n", cell.Row, cell.Col, reports.Percent(cell.Value))
	// Output:
	// 12 passages
	// sample-law tagger: F1 88.0
}
