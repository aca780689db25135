package harness

import (
	"fmt"
	"testing"

	"nerbench/datasets"
)

// BenchmarkBoard makes the board of 50 models on 49 datasets with 200,000 answers: first
// with the computation of all tests and intervals, then from those that the store has.
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
}
