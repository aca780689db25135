package prompts_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"nerbench/ner"
	"nerbench/prompts"
)

func render(t *testing.T, s prompts.Settings, text string, types ...string) []ner.Query {
	t.Helper()
	r, err := prompts.New(prompts.Dataset{ID: "row", Types: named(types)}, s)
	if err != nil {
		t.Fatal(err)
	}
	queries, err := r.Queries(&ner.Document{ID: "dataset/test/0", Text: text})
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
	queries := render(t, prompts.Settings{As: "chat"}, "x", "a")
	if p := queries[0].Prompt; p.Text != "" || len(p.Messages) != 1 || p.Messages[0].Role != "user" {
		t.Errorf("prompt is %+v", p)
	}
}

func TestSpansIsOneLineOfJSON(t *testing.T) {
	r, err := prompts.New(prompts.Dataset{ID: "row", Types: named([]string{"person", "R&D"})}, prompts.Settings{Family: "spans"})
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
	dataset := prompts.Dataset{ID: "row", Types: named([]string{"a"}), Train: []*ner.Document{{ID: "t", Text: "x"}}}
	for name, tc := range map[string]struct {
		settings prompts.Settings
		want     string
	}{
		"family":              {prompts.Settings{Family: "nosuch"}, "known: uniner, json_by_type, json_per_type, ye2023, instructuie, b2ner, gner, inline_xml, json_list, code, gpt_ner, spans"},
		"variant":             {prompts.Settings{Variant: "nosuch"}, "known: repo, card"},
		"dataset line":        {prompts.Settings{Variant: "repo+tab", Dataset: "D"}, "known: nl, nl_sp"},
		"no dataset":          {prompts.Settings{Variant: "repo+nl"}, "needs a name"},
		"order":               {prompts.Settings{Order: "random"}, "known: listed"},
		"wording":             {prompts.Settings{Wording: "loud"}, "known: natural"},
		"queries":             {prompts.Settings{Queries: "gold+k:x:uniform"}, "known: all, gold"},
		"ratio":               {prompts.Settings{Queries: "ratio:1"}, "known: all, gold"},
		"shots":               {prompts.Settings{Shots: "many"}, "want K"},
		"shots, too many":     {prompts.Settings{Shots: "2"}, "2 demonstrations, but the train split of dataset row has only 1 documents (no_fewshot)"},
		"variant without":     {prompts.Settings{Family: "json_per_type", Variant: "slimer", Shots: "1"}, "no_fewshot"},
		"variant that needs":  {prompts.Settings{Family: "gpt_ner", Variant: "few"}, "want shots"},
		"no guidelines":       {prompts.Settings{Family: "json_per_type", Variant: "slimer_dg"}, "no_definition"},
		"schema of a variant": {prompts.Settings{Variant: "allinone", Constrained: "schema"}, "no schema"},
		"schema of a family":  {prompts.Settings{Family: "ye2023", Constrained: "schema"}, "no schema"},
		"line of a family":    {prompts.Settings{Family: "ye2023", Variant: "blank+nl", Dataset: "D"}, "no dataset line"},
		"chunk of one type":   {prompts.Settings{Layout: "chunk=2"}, "one type per query"},
		"chunk of none":       {prompts.Settings{Family: "json_list", Layout: "chunk=0"}, "above 0"},
		"layout":              {prompts.Settings{Family: "json_list", Layout: "per-type"}, "has the layout all"},
		"sorted types":        {prompts.Settings{Family: "json_by_type", Variant: "rner", Order: "name"}, "always sorts"},
		"no definition":       {prompts.Settings{Variant: "definition"}, "no_definition"},
		"no schema":           {prompts.Settings{Family: "spans", Constrained: "schema"}, "no schema"},
		"name of a dataset":   {prompts.Settings{Family: "ye2023", DatasetName: "ids"}, "no dataset line"},
		"spans, dataset":      {prompts.Settings{Family: "spans", DatasetName: "ids"}, "no dataset line"},
		"spans few-shot":      {prompts.Settings{Family: "spans", Shots: "1"}, "no_fewshot"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := prompts.New(dataset, tc.settings)
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

func TestNoTrainSplit(t *testing.T) {
	_, err := prompts.New(prompts.Dataset{ID: "row", Types: named([]string{"a"})}, prompts.Settings{Shots: "1"})
	if err == nil || !strings.Contains(err.Error(), "no train split to choose") {
		t.Errorf("error is %v", err)
	}
}

func TestChunks(t *testing.T) {
	asked := func(s prompts.Settings) (sizes []int) {
		for _, q := range render(t, s, "x", "a", "b", "c", "d", "e", "f", "g") {
			sizes = append(sizes, len(q.Types))
		}
		return sizes
	}
	for name, tc := range map[string]struct {
		settings prompts.Settings
		want     []int
	}{
		"all":              {prompts.Settings{Family: "json_list"}, []int{7}},
		"three at a time":  {prompts.Settings{Family: "json_list", Layout: "chunk=3"}, []int{3, 3, 1}},
		"six, its default": {prompts.Settings{Family: "json_by_type", Variant: "oneke"}, []int{6, 1}},
		"not its default":  {prompts.Settings{Family: "json_by_type", Variant: "oneke", Layout: "all"}, []int{7}},
		"more than all":    {prompts.Settings{Family: "inline_xml", Layout: "chunk=9"}, []int{7}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := asked(tc.settings); !slices.Equal(got, tc.want) {
				t.Errorf("types in each query: %v, want %v", got, tc.want)
			}
		})
	}
}

// TestOwnTextIsNoDemonstration: also where the choice is prepared for all
// documents.
func TestOwnTextIsNoDemonstration(t *testing.T) {
	dataset := prompts.Dataset{ID: "row", Types: named([]string{"person"})}
	for _, name := range []string{"Ada", "Bo", "Cleo"} {
		dataset.Train = append(dataset.Train, &ner.Document{ID: name, Text: name + " left .", Spans: []ner.Span{{End: len(name), Type: "person"}}})
	}
	for _, family := range []string{"json_per_type", "json_list", "inline_xml", "uniner"} {
		r, err := prompts.New(dataset, prompts.Settings{Family: family, Shots: "2"})
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range dataset.Train {
			queries, err := r.Queries(&ner.Document{ID: "x", Text: d.Text})
			if err != nil {
				t.Fatal(err)
			}
			text := queries[0].Prompt.Text
			for _, m := range queries[0].Prompt.Messages {
				text += m.Content
			}
			if strings.Count(text, d.Text) != 1 {
				t.Errorf("%s: %q is shown as a demonstration for itself:\n%s", family, d.Text, text)
			}
		}
	}
}

func TestDefaultsLeaveNoKeys(t *testing.T) {
	r, err := prompts.New(prompts.Dataset{ID: "row", Types: named([]string{"a"})}, prompts.Settings{Order: "listed", Wording: "natural", Queries: "all", Constrained: "off"})
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

// TestKeysWithoutEffect: settings that change no prompt give the same run.
func TestKeysWithoutEffect(t *testing.T) {
	dataset := prompts.Dataset{ID: "row", Types: named([]string{"a", "b"}), Train: []*ner.Document{{ID: "t", Text: "Ada left Rome .", Spans: []ner.Span{{End: 3, Type: "a"}}}}}
	for _, tc := range []struct {
		name string
		in   prompts.Settings
		key  string
		want string // empty: no key
	}{
		{"seed of nothing", prompts.Settings{Seed: 7}, "seed", ""},
		{"seed beside a fixed order", prompts.Settings{Seed: 7, Order: "name"}, "seed", ""},
		{"seed beside gold", prompts.Settings{Seed: 7, Queries: "gold"}, "seed", ""},
		{"seed of an order for the dataset", prompts.Settings{Seed: 7, Order: "shuffle:row"}, "seed", "7"},
		{"seed of an order for each document", prompts.Settings{Seed: 7, Order: "shuffle:document"}, "seed", "7"},
		{"seed of negatives", prompts.Settings{Seed: 7, Queries: "gold+k:1:uniform"}, "seed", "7"},
		{"seed of a ratio", prompts.Settings{Seed: 7, Queries: "ratio:0.5"}, "seed", "7"},
		{"seed of demonstrations", prompts.Settings{Seed: 7, Family: "json_by_type", Shots: "1"}, "seed", "7"},
		{"the limit of the family", prompts.Settings{MaxTokens: 256}, "max_tokens", ""},
		{"another limit", prompts.Settings{MaxTokens: 255}, "max_tokens", "255"},
		{"the limit of thinking", prompts.Settings{MaxTokens: 4096, Think: true}, "max_tokens", ""},
		{"the limit of the family, with thinking", prompts.Settings{MaxTokens: 256, Think: true}, "max_tokens", "256"},
		{"a stop string of the family", prompts.Settings{Stop: []string{"</s>"}}, "stop", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r, err := prompts.New(dataset, tc.in)
			if err != nil {
				t.Fatal(err)
			}
			if got := r.Keys()[tc.key]; got != tc.want {
				t.Errorf("key %s is %q, want %q", tc.key, got, tc.want)
			}
		})
	}
}

// BenchmarkRender renders the prompts of a document of 20 words, about 8 types.
func BenchmarkRender(b *testing.B) {
	dataset := prompts.Dataset{ID: "row", Types: named([]string{"a", "b", "c", "d", "e", "f", "g", "h"})}
	for i := range 3 {
		dataset.Train = append(dataset.Train, &ner.Document{ID: fmt.Sprint(i), Text: "Ada left Rome .", Spans: []ner.Span{{End: 3, Type: "a"}}})
	}
	d := &ner.Document{ID: "x", Text: strings.Repeat("some words ", 10)}
	for _, f := range prompts.Families {
		for name, s := range map[string]prompts.Settings{
			f.Name: {Family: f.Name}, f.Name + ", 3 shots": {Family: f.Name, Shots: "3"}, f.Name + ", schema": {Family: f.Name, Constrained: "schema"},
		} {
			r, err := prompts.New(dataset, s)
			if err != nil {
				continue // no such form
			}
			b.Run(name, func(b *testing.B) {
				b.ReportAllocs()
				n := 0
				for b.Loop() {
					queries, err := r.Queries(d)
					if err != nil {
						b.Fatal(err)
					}
					n += len(queries)
				}
				b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "prompts/s")
			})
		}
	}
}

// TestAnyJSON: the mode of servers without a schema.
func TestAnyJSON(t *testing.T) {
	dataset := prompts.Dataset{ID: "r", Types: []prompts.TypeInfo{{Name: "person"}}}
	r, err := prompts.New(dataset, prompts.Settings{Family: "json_by_type", Constrained: "json"})
	if err != nil {
		t.Fatal(err)
	}
	queries, err := r.Queries(&ner.Document{ID: "d", Text: "x"})
	if err != nil || string(queries[0].Prompt.Schema) != `"json"` || r.Keys()["constrained"] != "json" {
		t.Errorf("%v, schema %s", err, queries[0].Prompt.Schema)
	}
	if _, err := prompts.New(dataset, prompts.Settings{Family: "gner", Constrained: "json"}); err == nil {
		t.Error("a family whose answers are no JSON takes the mode")
	}
}

// TestLimits: what ends an answer beside its family's own rules (docs/spec/prompts.md §2.5).
func TestLimits(t *testing.T) {
	for name, tc := range map[string]struct {
		settings  prompts.Settings
		stop      []string
		maxTokens int
		keys      map[string]string
	}{
		"the family's":      {prompts.Settings{}, []string{"</s>"}, 256, nil},
		"thinking":          {prompts.Settings{Think: true}, []string{"</s>"}, 4096, nil},
		"thinking, bounded": {prompts.Settings{Think: true, MaxTokens: 900}, []string{"</s>"}, 900, map[string]string{"max_tokens": "900"}},
		"stops":             {prompts.Settings{Stop: []string{"</s>", "\n\n", "<|e|>", "\n\n"}}, []string{"</s>", "\n\n", "<|e|>"}, 256, map[string]string{"stop": `["\n\n", "<|e|>"]`}},
		"no new stop":       {prompts.Settings{Stop: []string{"</s>"}}, []string{"</s>"}, 256, map[string]string{"stop": ""}},
		"by words":          {prompts.Settings{Family: "gner", Think: true}, nil, 4096, nil},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := prompts.New(prompts.Dataset{ID: "row", Types: named([]string{"person"})}, tc.settings)
			if err != nil {
				t.Fatal(err)
			}
			queries, err := r.Queries(&ner.Document{Text: "Ada left ."})
			if err != nil {
				t.Fatal(err)
			}
			if p := queries[0].Prompt; !slices.Equal(p.Stop, tc.stop) || p.MaxTokens != tc.maxTokens {
				t.Errorf("stop is %q, the longest answer %d tokens", p.Stop, p.MaxTokens)
			}
			for key, want := range tc.keys {
				if got := r.Keys()[key]; got != want {
					t.Errorf("%s is %q, want %q", key, got, want)
				}
			}
		})
	}
}

// TestWords: answers are read by the words that the prompt has for the types.
func TestWords(t *testing.T) {
	dataset := prompts.Dataset{ID: "row", Types: []prompts.TypeInfo{{Name: "Restaurant Name", Definition: "A place to eat."}}}
	for _, c := range []struct {
		name     string
		settings prompts.Settings
		want     string
	}{
		{"natural", prompts.Settings{}, "Restaurant Name"},
		{"worded", prompts.Settings{Wording: "upper"}, "RESTAURANT NAME"},
		{"by another name", prompts.Settings{Paraphrase: "Restaurant Name=Eatery"}, "Eatery"},
		{"always in lower case", prompts.Settings{Family: "json_by_type", Variant: "rner"}, "restaurant name"},
		{"also another name", prompts.Settings{Family: "json_by_type", Variant: "rner", Paraphrase: "Restaurant Name=Eatery"}, "eatery"},
		{"with a dataset line", prompts.Settings{Family: "gner", Variant: "t5+dataset", Dataset: "D"}, "Restaurant Name"},
		{"a definition, which no answer names", prompts.Settings{Variant: "definition"}, "Restaurant Name"},
		{"of a family of the user's own", prompts.Settings{Family: "mine"}, "Restaurant Name"},
	} {
		t.Run(c.name, func(t *testing.T) {
			words, err := prompts.Words(dataset, c.settings)
			if err != nil || !slices.Equal(words, []string{c.want}) {
				t.Errorf("words %q, %v, want %q", words, err, c.want)
			}
			r, err := prompts.New(dataset, c.settings)
			if c.settings.Family != "mine" && (err != nil || !slices.Equal(r.Words(), words)) {
				t.Errorf("the renderer has other words: %v", err)
			}
		})
	}
}

// TestOneWayOneKey: settings that ask in the same way have the same keys.
func TestOneWayOneKey(t *testing.T) {
	dataset := prompts.Dataset{ID: "row", Types: named([]string{"a"}), Train: []*ner.Document{{ID: "t", Text: "x"}, {ID: "u", Text: "y"}}}
	for _, c := range []struct {
		name      string
		one, same prompts.Settings
	}{
		{"cover is the default", prompts.Settings{Shots: "2"}, prompts.Settings{Shots: "2:cover"}},
		{"no places kept", prompts.Settings{Shots: "2"}, prompts.Settings{Shots: "2:cover:0"}},
		{"a number", prompts.Settings{Shots: "2:random"}, prompts.Settings{Shots: "02:random"}},
		{"a chat as a chat", prompts.Settings{Family: "json_list"}, prompts.Settings{Family: "json_list", As: "chat"}},
		{"a completion as one", prompts.Settings{Family: "ye2023"}, prompts.Settings{Family: "ye2023", As: "completion"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var keys []map[string]string
			for _, s := range []prompts.Settings{c.one, c.same} {
				r, err := prompts.New(dataset, s)
				if err != nil {
					t.Fatal(err)
				}
				keys = append(keys, r.Keys())
			}
			if !maps.Equal(keys[0], keys[1]) {
				t.Errorf("keys %v, and %v", keys[0], keys[1])
			}
		})
	}
	r, err := prompts.New(dataset, prompts.Settings{Shots: "2:cover:1"})
	if err != nil || r.Keys()["shots"] != "2:cover:1" {
		t.Errorf("keys %v, %v", r.Keys(), err)
	}
}
