package llamacpp_test

import (
	"fmt"
	"sync"
	"testing"

	"nerbench/internal/reference"
	"nerbench/ner"
	"nerbench/runners"
	"nerbench/runners/local/llamacpp"
)

// types are the types of a dataset, as queries of the family uniner name them.
var types = []string{"Rating", "Amenity", "Location", "Restaurant Name", "Price", "Hours", "Dish", "Cuisine"}

// passages are queries about n invented texts, in the words of the model's training
// data.
func passages(n, most int) [][]ner.Query {
	out := make([][]ner.Query, n)
	for i := range out {
		text := fmt.Sprintf("where is the nearest italian restaurant number %d with outdoor seating that is open until ten and serves cheap pasta", i)
		for _, t := range types {
			p := "A virtual assistant answers questions from a user based on the provided text. USER: Text: " + text +
				" ASSISTANT: I've read this text.</s>USER: What describes " + t + " in the text? ASSISTANT:"
			out[i] = append(out[i], ner.Query{Prompt: ner.Prompt{Text: p, Stop: []string{"</s>"}, MaxTokens: most}})
		}
	}
	return out
}

// askAll sends passages, at of them at once.
func askAll(t testing.TB, r *llamacpp.Runner, all [][]ner.Query, at int) {
	slots := runners.NewFixed(at)
	var group sync.WaitGroup
	for _, queries := range all {
		if err := slots.Acquire(t.Context()); err != nil {
			t.Fatal(err)
		}
		group.Go(func() {
			defer slots.Release(0, 0, nil)
			if got, err := r.Complete(t.Context(), queries); err != nil || len(got) != len(queries) {
				t.Errorf("%d answers, %v", len(got), err)
			}
		})
	}
	group.Wait()
}

// BenchmarkQueries measures a small trained model with two threads in three ways: query
// by query, passage by passage, and with overlapping passages.
func BenchmarkQueries(b *testing.B) {
	file := reference.Path(b, "models", "tiny-uniner-frequency", "model-f16.gguf")
	const n = 100
	for _, way := range []struct {
		name          string
		sequences, at int
	}{{"one by one", 1, 1}, {"8 sequences", 8, 8}, {"16 sequences, a passage at a time", 16, 1}, {"16 sequences", 16, 16}, {"32 sequences", 32, 32}} {
		b.Run(way.name, func(b *testing.B) {
			r := open(b, llamacpp.Config{File: file, Threads: 2, LongestAnswer: 64, Sequences: way.sequences})
			for b.Loop() {
				askAll(b, r, passages(n, 64), way.at)
			}
			u := r.Usage()
			b.ReportMetric(float64(b.N*n*len(types))/b.Elapsed().Seconds(), "queries/s")
			b.ReportMetric(float64(u.Computed)/float64(u.Prompts), "computed/sent")
			b.ReportMetric(float64(u.Computed+u.Answers)/float64(u.Steps), "tokens/step")
		})
	}
}
