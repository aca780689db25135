package exec

import (
	"errors"
	"fmt"
	"strings"
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
		{"one each", whole},
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

// TestBatches: a program never has more unanswered passages than its batch, and gets a full
// batch if enough passages wait, however late nerbench comes to look.
func TestBatches(t *testing.T) {
	asking := &Runner{hello: Hello{Answers: Spans}}
	asking.subject.Store(&Subject{})
	queue := make(chan *task, 100)
	var tasks []*task
	for i := range cap(queue) {
		one, err := asking.tasks([]ner.Query{about(fmt.Sprint(i))})
		if err != nil {
			t.Fatal(err)
		}
		tasks = append(tasks, one...)
		queue <- one[0]
	}
	over := make(chan time.Time)
	close(over)
	var notes []string
	r, err := open(t.Context(), Config{
		Name: "test", Command: as("counting"), Workers: 1, Grace: DefaultGrace, Timeout: DefaultTimeout,
		Subject: Subject{Observe: func(note string) { notes = append(notes, note) }},
		after: func(_ *process, d time.Duration) <-chan time.Time {
			if d == linger {
				return over
			}
			return nil
		},
	}, queue)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if r.AtOnce() != 8 {
		t.Fatalf("%d at once", r.AtOnce())
	}
	for i, task := range tasks {
		if got := <-task.done; got.err != nil || got.completions[0].Text != whole(fmt.Sprint(i)) {
			t.Errorf("%d: %+v", i, got)
		}
	}
	if r.Close(); len(notes) > 0 { // its exit code tells
		t.Error(notes)
	}
}

// TestQueriesOfOnePassage: several queries of one passage are one question to a language
// model; other programs get the types of each query by themselves.
func TestQueriesOfOnePassage(t *testing.T) {
	d := &ner.Document{Text: "Mira"}
	queries := []ner.Query{
		{Document: d, Types: []ner.EntityType{"place"}, Prompt: ner.Prompt{Text: "a"}},
		{Document: d, Types: []ner.EntityType{"person"}, Prompt: ner.Prompt{Text: "b"}},
	}
	for behaviour, want := range map[string][2]string{
		"answers": {"re: a", "re: b"},
		"spans":   {`{"spans":[{"start":0,"end":4,"type":"place"}]}`, `{"spans":[{"start":0,"end":4,"type":"person"}]}`},
	} {
		got, err := opened(t, behaviour).Complete(t.Context(), queries)
		if err != nil || len(got) != 2 || got[0].Text != want[0] || got[1].Text != want[1] {
			t.Errorf("%s: %+v, %v", behaviour, got, err)
		}
	}
	// The other prompts of the family are not for programs without prompts.
	_, err := opened(t, "spans").Complete(t.Context(), []ner.Query{{Prompt: ner.Prompt{Text: "Who?"}}})
	if !errors.Is(err, runners.ErrFatal) {
		t.Errorf("error %v", err)
	}
}

// TestTheQuestion: all that a program is told about a passage.
func TestTheQuestion(t *testing.T) {
	text := "Zoë sails ."
	d := &ner.Document{Text: text, Tokens: []ner.Range{{Start: 0, End: 4}, {Start: 5, End: 10}, {Start: 11, End: 12}}}
	change := func(c *Config) {
		c.Dataset, c.Labels = "mini", map[ner.EntityType][]string{"person": {"PER"}, "ship": {"SHIP"}}
		c.Decoding.Temperature, c.Decoding.Seed = 0.5, 7
	}
	for behaviour, want := range map[string]string{
		"spans": `{"id":"1","more":0,"dataset":"mini","text":"Zoë sails .","tokens":[[0,3],[4,9],[10,11]],"types":["person"],"labels":{"person":["PER"]}}`,
		"answers": `{"id":"1","more":0,"dataset":"mini","text":"Zoë sails .","tokens":[[0,3],[4,9],[10,11]],"types":["person"],"labels":{"person":["PER"]},` +
			`"queries":[{"types":["person"],"prompt":"Who?","stop":["\n"],"max_tokens":9,"temperature":0.5,"seed":7,"schema":{"type":"array"}}]}`,
	} {
		r := opened(t, "shows", change, func(c *Config) { c.Command = append(c.Command, behaviour) })
		query := ner.Query{Document: d, Types: []ner.EntityType{"person"}, Prompt: ner.Prompt{Text: "Who?", Stop: []string{"\n"}, MaxTokens: 9, Schema: []byte(`{"type": "array"}`)}}
		got, err := r.Complete(t.Context(), []ner.Query{query})
		if err != nil || got[0].Text != want && !strings.Contains(got[0].Text, want) {
			t.Errorf("%s: %+v, %v\nwant %s", behaviour, got, err, want)
		}
	}
}
