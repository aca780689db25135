package prompts_test

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"nerbench/ner"
	"nerbench/prompts"
)

// shown is a dataset with two documents to show.
func shown() prompts.Dataset {
	one := func(id, text, name string) *ner.Document {
		at := strings.Index(text, name)
		return &ner.Document{ID: id, Text: text, Spans: []ner.Span{{Start: at, End: at + len(name), Type: "person"}}}
	}
	return prompts.Dataset{
		ID: "row", Types: named([]string{"person", "place"}),
		Train: []*ner.Document{one("t", "Ada went home.", "Ada"), one("u", "Then came Bo.", "Bo")},
	}
}

// nextShots are the stop strings where the next demonstration would begin, of all
// embedded variants that show demonstrations in a completion.
var nextShots = map[string]string{
	"uniner/repo": "", "uniner/paragraph": "", "uniner/allinone": "", // "</s>" is before it
	"uniner/card":         "\nUSER:",
	"json_by_type/plain":  "\nFind every named entity in the text that belongs to one of these types:",
	"json_by_type/rner":   "\nYou are an excellent information extraction assistant. Please extract the corresponding entities from the following sentence based on the provided schema and return them in JSON format.",
	"json_per_type/plain": "\nText:",
	"ye2023/blank":        "\nText:", "ye2023/tight": "\nText:",
	"instructuie/i1": "\nText:", "instructuie/i2": "\nText:", "instructuie/i3": "\nText:",
	"b2ner/plain": "\nText:",
	"gner/llama":  "\nSentence:", "gner/t5": "\nSentence:",
	"inline_xml/plain":     "\nMark every named entity in the text with the tag of its type. The tags:",
	"inline_xml/evalscope": "\nInput:",
	"json_list/plain":      "\nFind every named entity in the text that belongs to one of these types:",
	"code/gollie":          "\n# This is the text to analyze", "code/knowcoder": "\nsentence = \"",
	"gpt_ner/few": "\nThe given sentence:",
}

// TestNextShot: an answer to a completion with demonstrations ends where the next
// demonstration would begin, and no shown answer has that string.
func TestNextShot(t *testing.T) {
	dataset := shown()
	seen := map[string]bool{}
	for _, f := range prompts.Families {
		for _, v := range f.Variants {
			complete, err := f.Named(v.Name)
			if err != nil {
				t.Fatal(err)
			}
			if complete.NoFewshot || len(v.Needs) > 0 {
				continue
			}
			name := f.Name + "/" + v.Name
			seen[name] = true
			t.Run(name, func(t *testing.T) {
				want, listed := nextShots[name]
				if !listed {
					t.Fatal("the variant is not in the table of this test")
				}
				r, err := prompts.New(dataset, prompts.Settings{Family: f.Name, Variant: v.Name, Shots: "2", As: "completion", Dataset: "D"})
				if err != nil {
					t.Fatal(err)
				}
				d := &ner.Document{ID: "x", Text: "Cy left."}
				queries, err := r.Queries(d)
				if err != nil {
					t.Fatal(err)
				}
				stops := slices.Clone(complete.Stop)
				if want != "" {
					stops = append(stops, want)
				}
				if got := queries[0].Prompt.Stop; !slices.Equal(got, stops) {
					t.Fatalf("stop strings are %q, want %q", got, stops)
				}
				if wantKey := ner.JSONList([]string{want}, ", "); want != "" && r.Keys()["stop"] != wantKey {
					t.Errorf("key stop is %q, want %q", r.Keys()["stop"], wantKey)
				}
				text, stop := queries[0].Prompt.Text, stops[len(stops)-1]
				for _, d := range dataset.Train {
					answer := r.Answer(d, queries[0].Types)
					_, after, found := strings.Cut(text, answer)
					if !found {
						t.Fatalf("the prompt has no answer %q:\n%s", answer, text)
					}
					if name == "inline_xml/evalscope" && !strings.Contains(after, stop) {
						continue // the instruction follows the last one
					}
					if at := strings.Index(after, stop); at < 0 || strings.Trim(after[:at], " \n") != "" {
						t.Errorf("after the answer %q, the stop string %q does not come next: %q", answer, stop, after)
					}
					if strings.Contains(answer, stop) {
						t.Errorf("answer %q has the stop string", answer)
					}
				}
			})
		}
	}
	for name := range nextShots {
		if !seen[name] {
			t.Errorf("%s: no such variant with demonstrations", name)
		}
	}
}

// TestNextShotElsewhere: no stop string is added to chats, without demonstrations, or
// before a placeholder; one of the user's own family is added; one that the user sets
// comes once.
func TestNextShotElsewhere(t *testing.T) {
	own, err := prompts.ReadFamilies(fstest.MapFS{
		"mine/family.toml": {Data: []byte("meaning = \"m\"\nanswer = \"object\"\nshape = \"completion\"\nmax_tokens = 9\nfewshot = true\n[[variant]]\nname = \"worded\"\nmeaning = \"m\"\n[[variant]]\nname = \"bare\"\nmeaning = \"m\"\n[[variant]]\nname = \"before\"\nmeaning = \"m\"\n[[variant]]\nname = \"inline\"\nmeaning = \"m\"\n")},
		"mine/worded.txt":  {Data: []byte("{types}\n{demonstrations}Passage: {text}\nFound:")}, "mine/worded.demonstration.txt": {Data: []byte("Passage: {text}\nFound: {answer}\n")},
		"mine/before.txt": {Data: []byte("{types}{demonstrations}\nPassage: {text}\nFound:")}, "mine/before.demonstration.txt": {Data: []byte("\nPassage: {text}\nFound: {answer}")},
		"mine/inline.txt": {Data: []byte("{types}\n{demonstrations}Passage: {text} Found:")}, "mine/inline.demonstration.txt": {Data: []byte("Passage: {text} Found: {answer} ")},
		"mine/bare.txt": {Data: []byte("{types}\n{demonstrations}{text} =>")}, "mine/bare.demonstration.txt": {Data: []byte("{text} => {answer}\n")},
	})
	if err != nil || len(own.Faults) > 0 {
		t.Fatal(err, own.Faults)
	}
	for name, c := range map[string]struct {
		settings prompts.Settings
		want     string
	}{
		"as a chat":              {prompts.Settings{Family: "ye2023", Shots: "1", As: "chat"}, ""},
		"a chat":                 {prompts.Settings{Family: "json_list", Shots: "1"}, ""},
		"no demonstrations":      {prompts.Settings{Family: "ye2023"}, ""},
		"set by the user too":    {prompts.Settings{Family: "ye2023", Shots: "1", Stop: []string{"\n\n", "\nText:"}}, `["\nText:", "\n\n"]`},
		"an own family":          {prompts.Settings{Family: "mine", Shots: "1"}, `["\nPassage:"]`},
		"a line break before":    {prompts.Settings{Family: "mine", Variant: "before", Shots: "1"}, `["\nPassage:"]`},
		"no line break":          {prompts.Settings{Family: "mine", Variant: "inline", Shots: "1"}, `["Passage:"]`},
		"an own family, no word": {prompts.Settings{Family: "mine", Variant: "bare", Shots: "1"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			c.settings.Own = own.Items
			r, err := prompts.New(shown(), c.settings)
			if err != nil {
				t.Fatal(err)
			}
			if got := r.Keys()["stop"]; got != c.want {
				t.Errorf("key stop is %q, want %q", got, c.want)
			}
		})
	}
}

func TestAsCompletion(t *testing.T) {
	dataset := shown()
	dataset.Train = dataset.Train[1:]
	r, err := prompts.New(dataset, prompts.Settings{Family: "json_per_type", Shots: "1", As: "completion", Constrained: "schema"})
	if err != nil {
		t.Fatal(err)
	}
	queries, err := r.Queries(&ner.Document{ID: "x", Text: "Cy left."})
	if err != nil {
		t.Fatal(err)
	}
	const ask = "\n\nWhat describes person in the text?\nAnswer with a JSON list of strings, each copied letter by letter from the text, in order of appearance. Answer [] if there is none.\n\n"
	want := "You extract named entities from text. You answer with JSON only.\n\nText:\nThen came Bo." + ask + "Answer: [\"Bo\"]\n\nText:\nCy left." + ask + "Answer:"
	p := queries[0].Prompt
	if p.Chat() || p.Text != want {
		t.Errorf("prompt is %q, want %q", p.Text, want)
	}
	if p.Schema == nil || r.Shape() != "completion" || r.Keys()["as"] != "completion" {
		t.Errorf("schema %s, shape %s, keys %v", p.Schema, r.Shape(), r.Keys())
	}
}
