package tagger

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"

	"nerbench/ner"
	"nerbench/prompts"
	"nerbench/runners"
)

var _ runners.Runner = (*Tagger)(nil)

const (
	twoFound = `{"spans":[{"start":0,"end":17,"type":"person"},{"start":29,"end":35,"type":"place"}]}`
	prompt   = `{"text":"Ísala Morssdóttir sails from Östvík .","tokens":[[0,5],[6,17],[18,23],[24,28],[29,35],[36,37]],"types":["person","place"]}`
)

func TestComplete(t *testing.T) {
	m := train(t, invented(t, 150, 1), nil, Config{})
	d := document(t, "Ísala Morssdóttir sails from Östvík .")
	about := func(types ...ner.EntityType) ner.Query { return ner.Query{Document: d, Types: types} }
	asked := func(text string) ner.Query { return ner.Query{Prompt: ner.Prompt{Text: text}} }
	for _, tc := range []struct {
		name  string
		query ner.Query
		want  string
	}{
		{"code points", about("person", "place", "ship"), twoFound},
		{"one type", about("place"), `{"spans":[{"start":29,"end":35,"type":"place"}]}`},
		{"a type without entities", about("ship"), `{"spans":[]}`},
		{"an unknown type", about("person name"), `{"spans":[]}`},
		{"no type", about(), `{"spans":[]}`},
		{"no words", ner.Query{Document: &ner.Document{}, Types: []ner.EntityType{"place"}}, `{"spans":[]}`},
		{"prompt alone", asked(prompt), twoFound},
		{"prompt without tokens", asked(`{"text":"Ísala Morssdóttir sails from Östvík.","types":["place","person"]}`), twoFound},
		{"the document takes precedence over the prompt", ner.Query{Document: d, Types: []ner.EntityType{"person", "place"}, Prompt: ner.Prompt{Text: "?"}}, twoFound},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := m.Complete(t.Context(), []ner.Query{tc.query, tc.query})
			if err != nil || len(got) != 2 {
				t.Fatalf("%d answers, error %v", len(got), err)
			}
			for _, c := range got {
				if c.Text != tc.want || c.Finish != ner.FinishStop {
					t.Errorf("answer %s (%s), want %s", c.Text, c.Finish, tc.want)
				}
			}
		})
	}
}

func TestCompleteOfSeveralDocuments(t *testing.T) {
	m := train(t, invented(t, 150, 1), nil, Config{})
	var queries []ner.Query
	var want []string
	for _, d := range invented(t, 20, 2) {
		q := ner.Query{Document: d, Types: []ner.EntityType{"person", "place", "ship"}}
		alone, err := m.Complete(t.Context(), []ner.Query{q})
		if err != nil {
			t.Fatal(err)
		}
		queries, want = append(queries, q), append(want, alone[0].Text)
	}
	got, err := m.Complete(t.Context(), queries)
	if err != nil {
		t.Fatal(err)
	}
	for i := range want {
		if got[i].Text != want[i] {
			t.Errorf("document %d: %s, alone %s", i, got[i].Text, want[i])
		}
	}
}

func TestCompleteEscapesTypes(t *testing.T) {
	const odd = "a \"b\"\n<&> ü\u2028"
	m := train(t, []*ner.Document{document(t, "[Keld|"+odd+"] sails ."), document(t, "Nobody sails .")}, nil, Config{})
	got, err := m.Complete(t.Context(), []ner.Query{{Document: document(t, "Keld sails ."), Types: []ner.EntityType{odd}}})
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(got[0].Text, "\n") || !strings.Contains(got[0].Text, "<&> ü") {
		t.Errorf("answer %q", got[0].Text)
	}
	var a struct {
		Spans []struct {
			Start, End int
			Type       ner.EntityType
		}
	}
	if err := json.Unmarshal([]byte(got[0].Text), &a); err != nil || len(a.Spans) != 1 || a.Spans[0].Type != odd {
		t.Errorf("reads %+v, error %v", a, err)
	}
}

func TestCompleteOfBadPrompts(t *testing.T) {
	m := train(t, invented(t, 5, 1), nil, Config{})
	for name, text := range map[string]string{
		"another family":         "What describes person in the text?",
		"token beyond the end":   `{"text":"é","tokens":[[0,2]],"types":["ship"]}`,
		"token before the start": `{"text":"é","tokens":[[-1,1]],"types":["ship"]}`,
	} {
		t.Run(name, func(t *testing.T) {
			good := ner.Query{Prompt: ner.Prompt{Text: `{"text":"é","tokens":[[1,0]],"types":["ship"]}`}}
			got, err := m.Complete(t.Context(), []ner.Query{good, {Prompt: ner.Prompt{Text: text}}})
			if !errors.Is(err, runners.ErrFatal) || errors.Is(err, runners.ErrTemporary) {
				t.Errorf("error %v, want ErrFatal", err)
			}
			if err != nil && !strings.HasPrefix(err.Error(), "tagger: query 1: prompt: ") {
				t.Errorf("error %q", err)
			}
			if len(got) != 1 {
				t.Errorf("%d answers before it, want 1", len(got))
			}
		})
	}
}

func TestCompleteEndsWithTheContext(t *testing.T) {
	m := train(t, invented(t, 5, 1), nil, Config{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if got, err := m.Complete(ctx, make([]ner.Query, 2)); !errors.Is(err, context.Canceled) || len(got) != 0 {
		t.Errorf("%d answers, error %v", len(got), err)
	}
}

func TestCompleteFromManyGoroutines(t *testing.T) {
	m := train(t, invented(t, 60, 1), nil, Config{})
	docs := invented(t, 50, 2)
	types := []ner.EntityType{"person", "place", "ship"}
	ask := func(d *ner.Document) string {
		got, err := m.Complete(t.Context(), []ner.Query{{Document: d, Types: types}})
		if err != nil {
			t.Error(err)
			return ""
		}
		return got[0].Text
	}
	want := make([]string, len(docs))
	for i, d := range docs {
		want[i] = ask(d)
	}
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for i, d := range docs {
				if got := ask(d); got != want[i] {
					t.Errorf("document %d: %s, alone %s", i, got, want[i])
				}
			}
		})
	}
	group.Wait()
}

// A prompt of the family "spans" and its document give the same answer.
func TestCompleteReadsPromptsOfTheFamily(t *testing.T) {
	types := []prompts.TypeInfo{{Name: "person"}, {Name: "ship"}}
	r, err := prompts.New(prompts.Dataset{ID: "invented", Types: types}, prompts.Settings{Family: "spans"})
	if err != nil {
		t.Fatal(err)
	}
	m := train(t, invented(t, 150, 1), nil, Config{})
	found := false
	for i, d := range invented(t, 60, 2) {
		if i%2 == 1 {
			d.Tokens = nil
		}
		queries, err := r.Queries(d)
		if err != nil {
			t.Fatal(err)
		}
		want, err := m.Complete(t.Context(), queries)
		if err != nil {
			t.Fatal(err)
		}
		for j := range queries {
			queries[j].Document = nil
		}
		got, err := m.Complete(t.Context(), queries)
		if err != nil {
			t.Fatal(err)
		}
		for j := range want {
			if got[j].Text != want[j].Text {
				t.Errorf("%s: from the prompt %s, from the document %s", d.Text, got[j].Text, want[j].Text)
			}
			found = found || strings.Contains(want[j].Text, "ship")
		}
	}
	if !found {
		t.Error("no ship in any answer")
	}
}
