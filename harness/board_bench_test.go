package harness

import (
	"fmt"
	"path/filepath"
	"testing"

	"nerbench/datasets"
	"nerbench/internal/processor"
)

// BenchmarkBoard makes the board of 50 models on 49 datasets with 200,000 answers: first
// with the computation of all tests and intervals, then from those that the store has; and
// the site, first of changed input, then of the same. There are no passages, so that the
// site has no answers.
func BenchmarkBoard(b *testing.B) {
	suite, err := datasets.FindSuite("full49")
	if err != nil {
		b.Fatal(err)
	}
	var runs []generatedRun
	for m := range 50 {
		for _, id := range suite.Datasets {
			runs = append(runs, generatedRun{Model: fmt.Sprintf("ollama/m%02d", m), Dataset: id, Passages: 82, Skill: 0.3 + 0.01*float64(m), Tokens: 100})
		}
	}
	bench := generatedStore(b, runs...)
	for _, name := range []string{"Computed", "Kept"} {
		b.Run(name, func(b *testing.B) {
			defer reportProcessor(b)()
			for b.Loop() {
				board, err := bench.Board(b.Context(), BoardRequest{Resamples: 10_000, Version: "test"})
				if err != nil {
					b.Fatal(err)
				}
				if len(board.Suites[0].Ranked) != 50 {
					b.Fatalf("%d models are ranked", len(board.Suites[0].Ranked))
				}
			}
		})
	}
	dir := filepath.Join(b.TempDir(), "site")
	write := func(b *testing.B, version string, unchanged bool) {
		built, err := bench.WriteSite(b.Context(), dir, SiteRequest{BoardRequest: BoardRequest{Resamples: 10_000, Version: version}})
		if err != nil || built.Unchanged != unchanged {
			b.Fatalf("%+v, %v", built, err)
		}
	}
	n := 0
	b.Run("Site", func(b *testing.B) {
		defer reportProcessor(b)()
		for b.Loop() {
			n++
			write(b, fmt.Sprint(n), false)
		}
	})
	b.Run("SiteUnchanged", func(b *testing.B) {
		defer reportProcessor(b)()
		for b.Loop() {
			write(b, fmt.Sprint(n), true)
		}
	})
}

// reportProcessor reports the processor time until the function that it returns is called.
func reportProcessor(b *testing.B) func() {
	began := processor.Time()
	return func() { b.ReportMetric((processor.Time()-began).Seconds()/float64(b.N), "processor-s/op") }
}
