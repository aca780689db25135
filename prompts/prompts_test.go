package prompts_test

import (
	"encoding/json"
	"errors"
	"regexp"
	"strings"
	"testing"

	"nerbench/ner"
	"nerbench/prompts"
)

var turn = regexp.MustCompile(`USER: Text: (.*?) ASSISTANT: I've`)

// shown lists the documents that a prompt shows as demonstrations.
func shown(prompt string, byText map[string]string) []string {
	var ids []string
	turns := turn.FindAllStringSubmatch(prompt, -1)
	for _, m := range turns[:len(turns)-1] {
		ids = append(ids, byText[m[1]])
	}
	return ids
}

func render(t *testing.T, s prompts.Settings, text string, types ...string) []ner.Query {
	t.Helper()
	r, err := prompts.New(prompts.Row{ID: "row", Types: named(types)}, s)
	if err != nil {
		t.Fatal(err)
	}
	queries, err := r.Queries(&ner.Document{ID: "row/test/0", Text: text})
	if err != nil {
		t.Fatal(err)
	}
	return queries
}

func TestUniNERAsksOneTypeAQuery(t *testing.T) {
	queries := render(t, prompts.Settings{}, "Ada left {type} .", "person", "place")
	if len(queries) != 2 {
		t.Fatalf("%d queries, want 2", len(queries))
	}
	want := "A virtual assistant answers questions from a user based on the provided text. USER: Text: Ada left {type} . ASSISTANT: I've read this text.</s>USER: What describes place in the text? ASSISTANT:"
	if got := queries[1].Prompt; got.Text != want || got.MaxTokens != 256 || len(got.Stop) != 1 || got.Stop[0] != "</s>" {
		t.Errorf("prompt is %+v", got)
	}
}

func TestAllInOne(t *testing.T) {
	queries := render(t, prompts.Settings{Variant: "allinone"}, "x", "a", "b", "c")
	if len(queries) != 1 || !strings.Contains(queries[0].Prompt.Text, "What describes a, b and c in the text?") {
		t.Errorf("queries are %+v", queries)
	}
}

func TestAsChat(t *testing.T) {
	queries := render(t, prompts.Settings{AsChat: true}, "x", "a")
	if p := queries[0].Prompt; p.Text != "" || len(p.Messages) != 1 || p.Messages[0].Role != "user" {
		t.Errorf("prompt is %+v", p)
	}
}

func TestSpansIsOneLineOfJSON(t *testing.T) {
	r, err := prompts.New(prompts.Row{ID: "row", Types: named([]string{"person", "R&D"})}, prompts.Settings{Family: "spans"})
	if err != nil {
		t.Fatal(err)
	}
	d := &ner.Document{Text: "Zoë <x>\nü", Tokens: []ner.Range{{Start: 0, End: 4}, {Start: 5, End: 8}}}
	queries, err := r.Queries(d)
	if err != nil {
		t.Fatal(err)
	}
	text := queries[0].Prompt.Text
	if strings.Contains(text, "\n") || !strings.Contains(text, "R&D") {
		t.Errorf("question is %s", text)
	}
	var q struct {
		Text   string
		Tokens [][2]int
		Types  []string
	}
	if err := json.Unmarshal([]byte(text), &q); err != nil {
		t.Fatal(err)
	}
	if q.Text != d.Text || q.Tokens[0] != [2]int{0, 3} || q.Tokens[1] != [2]int{4, 7} || len(q.Types) != 2 {
		t.Errorf("question is %+v", q)
	}
}

func TestRefusedPlans(t *testing.T) {
	row := prompts.Row{ID: "row", Types: named([]string{"a"})}
	for name, tc := range map[string]struct {
		settings prompts.Settings
		want     string
	}{
		"family":         {prompts.Settings{Family: "nosuch"}, "known: uniner, spans"},
		"variant":        {prompts.Settings{Variant: "nosuch"}, "known: repo, card"},
		"dataset line":   {prompts.Settings{Variant: "repo+tab", Dataset: "D"}, "known: nl, nl_sp"},
		"no dataset":     {prompts.Settings{Variant: "repo+nl"}, "needs a name"},
		"order":          {prompts.Settings{Order: "random"}, "known: listed"},
		"wording":        {prompts.Settings{Wording: "loud"}, "known: natural"},
		"queries":        {prompts.Settings{Queries: "gold+k:x:uniform"}, "known: all, gold"},
		"ratio":          {prompts.Settings{Queries: "ratio:1"}, "known: all, gold"},
		"shots":          {prompts.Settings{Shots: "many"}, "want K"},
		"no train split": {prompts.Settings{Shots: "2"}, "no_fewshot"},
		"no definition":  {prompts.Settings{Variant: "definition"}, "no_definition"},
		"no schema":      {prompts.Settings{Family: "spans", Constrained: "schema"}, "no schema"},
		"spans few-shot": {prompts.Settings{Family: "spans", Shots: "1"}, "no_fewshot"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := prompts.New(row, tc.settings)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error is %v, want one with %q", err, tc.want)
			}
			var refusal *prompts.Refusal
			if strings.HasPrefix(tc.want, "no_") && !errors.As(err, &refusal) {
				t.Errorf("error is %T, want a refusal", err)
			}
		})
	}
}

func TestDefaultsLeaveNoKeys(t *testing.T) {
	r, err := prompts.New(prompts.Row{ID: "row", Types: named([]string{"a"})}, prompts.Settings{Order: "listed", Wording: "natural", Queries: "all", Constrained: "off"})
	if err != nil {
		t.Fatal(err)
	}
	if keys := r.Keys(); len(keys) != 4 || keys["family"] != "uniner" || keys["variant"] != "repo" || keys["layout"] != "per-type" {
		t.Errorf("keys are %v", keys)
	}
	for name := range r.Keys() {
		if !ner.KnownKey(name) {
			t.Errorf("key %s is unknown", name)
		}
	}
}

func BenchmarkUniNER(b *testing.B) {
	r, err := prompts.New(prompts.Row{ID: "row", Types: named([]string{"a", "b", "c", "d", "e", "f", "g", "h"})}, prompts.Settings{})
	if err != nil {
		b.Fatal(err)
	}
	d := &ner.Document{ID: "x", Text: strings.Repeat("some words ", 20)}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := r.Queries(d); err != nil {
			b.Fatal(err)
		}
	}
}
