package exec

import (
	"testing"
	"time"

	"nerbench/ner"
	"nerbench/runners"
	"nerbench/runners/runnertest"
)

// opened is an open runner of a behaviour; it is closed at the end of the test.
func opened(t testing.TB, behaviour string, change ...func(*Config)) *Runner {
	t.Helper()
	c := Config{Name: "test", Command: as(behaviour), Pause: time.Millisecond}
	for _, f := range change {
		f(&c)
	}
	r, err := Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return r
}

func about(text string) ner.Query {
	return ner.Query{Document: &ner.Document{Text: text}, Types: []ner.EntityType{"person", "place"}, Prompt: ner.Prompt{Text: text}}
}

func whole(text string) string {
	if text == "" {
		return `{"spans":[]}`
	}
	return ner.SpansAnswer(text, []ner.Span{{Start: 0, End: len(text), Type: "person"}})
}

func TestConformance(t *testing.T) {
	for _, tc := range []struct {
		behaviour string
		answer    func(string) string
	}{
		{"spans", whole},
		{"batches", whole},
		{"mentions", nil},
		{"answers", func(text string) string { return "re: " + text }},
	} {
		for _, workers := range []int{1, 3} {
			t.Run(tc.behaviour, func(t *testing.T) {
				several := func(c *Config) { c.Workers = workers }
				runnertest.Run(t, runnertest.Suite{
					New:    func(t *testing.T) runners.Runner { return opened(t, tc.behaviour, several) },
					Slow:   func(t *testing.T) runners.Runner { return opened(t, "slow", several) },
					Query:  about,
					Answer: tc.answer,
				})
			})
		}
	}
}
