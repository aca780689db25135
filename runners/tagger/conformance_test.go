package tagger_test

import (
	"testing"

	"nerbench/ner"
	"nerbench/runners"
	"nerbench/runners/runnertest"
	"nerbench/runners/tagger"
)

func TestConformance(t *testing.T) {
	train := &ner.Document{Text: "Mira left Port Varna .", Spans: []ner.Span{{Start: 0, End: 4, Type: "person"}, {Start: 10, End: 20, Type: "place"}}}
	docs := func(yield func(*ner.Document, error) bool) { yield(train, nil) }
	runnertest.Run(t, runnertest.Suite{
		New: func(t *testing.T) runners.Runner {
			r, err := tagger.Train(t.Context(), docs, []ner.EntityType{"person", "place"}, tagger.Config{})
			if err != nil {
				t.Fatal(err)
			}
			return r
		},
		Query: func(text string) ner.Query {
			return ner.Query{Document: &ner.Document{Text: text}, Types: []ner.EntityType{"person", "place"}}
		},
	})
}
