package harness

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"nerbench/answers"
	"nerbench/harness/loop"
	"nerbench/metrics"
	"nerbench/ner"
	"nerbench/prompts"
)

// TestFamilyTable checks that the forms of answers, published parsers and presets in the
// table of prompt families exist, and that the table has all of them.
func TestFamilyTable(t *testing.T) {
	forms, parsers, presets := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, f := range prompts.Families {
		for _, v := range f.Variants {
			t.Run(f.Name+"/"+v.Name, func(t *testing.T) {
				a := f.Answers(v.Name)
				if !slices.Contains(answers.Forms(), a.Form) {
					t.Errorf("form %q of its answers: want one of answers.Forms", a.Form)
				}
				if _, err := answers.FindPublishedParser(a.Published); a.Published != "" && err != nil {
					t.Error(err)
				}
				for _, id := range a.Presets {
					if m, ok := metrics.Find(id); !ok || m.Protocol == "" {
						t.Errorf("preset %q: want the id of a metric with a protocol", id)
					}
					presets[id] = true
				}
				forms[a.Form], parsers[a.Published] = true, true
			})
		}
	}
	for _, form := range answers.Forms() {
		if !forms[form] && !slices.Contains(prompts.AnswerShapes, form) {
			t.Errorf("form %s: no family has such answers", form)
		}
	}
	for _, id := range answers.PublishedParsers() {
		if !parsers[id] {
			t.Errorf("published parser %s: no family names it", id)
		}
	}
	for _, m := range metrics.Metrics {
		if m.Protocol == "" {
			continue
		}
		family, variant, ok := prompts.AnsweredAs(m.ID)
		if !presets[m.ID] || !ok {
			t.Errorf("preset %s: no family names it", m.ID)
		} else if a, err := prompts.AnswersOf(family, variant); err != nil || !slices.Contains(a.Presets, m.ID) {
			t.Errorf("preset %s is answered as %s/%s, whose presets are %q, %v", m.ID, family, variant, a.Presets, err)
		}
	}
}

// golden is a document whose gold every family can express.
func golden() (prompts.Dataset, *ner.Document) {
	dataset := prompts.Dataset{ID: "golden"}
	for _, name := range []string{"person", "harbour town", "ship"} {
		dataset.Types = append(dataset.Types, prompts.TypeInfo{Name: ner.EntityType(name), Native: name, Definition: "Something.", Phrase: "are things", Guidelines: "Mark it."})
	}
	d := &ner.Document{
		ID: "golden/test/0", Text: "Mira Okafor met Bo in Port Varna .",
		Spans: []ner.Span{{Start: 0, End: 11, Type: "person"}, {Start: 16, End: 18, Type: "person"}, {Start: 22, End: 32, Type: "harbour town"}},
	}
	d.Tokens = answers.WordRanges(d.Text)
	dataset.Train = []*ner.Document{d}
	return dataset, d
}

// TestFamiliesParseThemselves writes gold as the answer of each variant of each family,
// and parses it as the answer of a stored run, by the ladder and by the published parsers
// in the table. Both must find all gold entities.
func TestFamiliesParseThemselves(t *testing.T) {
	for _, f := range prompts.Families {
		for _, v := range f.Variants {
			t.Run(f.Name+"/"+v.Name, func(t *testing.T) {
				s := prompts.Settings{Family: f.Name, Variant: v.Name}
				if v.NeedsShots {
					s.Shots = "1"
				}
				parsesItself(t, s)
			})
		}
	}
	for _, shape := range prompts.AnswerShapes {
		t.Run("own/"+shape, func(t *testing.T) {
			own, err := prompts.ReadFamilies(fstest.MapFS{
				"mine/family.toml": {Data: fmt.Appendf(nil, "meaning = \"m\"\nanswer = %q\nshape = \"completion\"\nmax_tokens = 9\n[[variant]]\nname = \"a\"\n", shape)},
				"mine/a.txt":       {Data: []byte("{text} " + map[bool]string{true: "{type}", false: "{types}"}[shape == "list"])},
			})
			if err != nil {
				t.Fatal(err)
			}
			parsesItself(t, prompts.Settings{Family: "mine", Own: own.Items})
		})
	}
}

// goldenOptions are those of a stored run: they come from its keys, because a family of the
// user's own may be gone.
func goldenOptions(dataset prompts.Dataset, r *prompts.Renderer) loop.ParseOptions {
	options := answerForm(r.Keys())
	for i, word := range r.Words() {
		options.Types = append(options.Types, answers.TypeName{Natural: dataset.Types[i].Name, Prompt: word})
	}
	return options
}

func parsesItself(t *testing.T, s prompts.Settings) {
	dataset, d := golden()
	r, err := prompts.New(dataset, s)
	if err != nil {
		t.Fatal(err)
	}
	options := goldenOptions(dataset, r)
	var presets []metrics.Metric
	var protocols []metrics.Protocol
	for _, id := range options.Presets {
		m, _ := metrics.Find(id)
		presets, protocols = append(presets, m), append(protocols, m.Protocol)
	}
	parser, err := loop.NewPassageParser(options, protocols...)
	if err != nil {
		t.Fatal(err)
	}
	queries, err := r.Queries(d)
	if err != nil {
		t.Fatal(err)
	}
	var given []ner.Answer
	for _, q := range queries {
		given = append(given, ner.Answer{Types: q.Types, Completion: ner.Completion{Text: r.Answer(d, q.Types), Finish: ner.FinishStop}})
	}
	parsed, err := parser.Passage(d, given)
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range parsed.Predictions {
		if p.Outcome != ner.OK && p.Outcome != ner.Empty || p.Step != "strict" {
			t.Errorf("answer %q is %s by step %s", given[i].Completion.Text, p.Outcome, p.Step)
		}
	}
	slices.SortFunc(parsed.Passage.Pred, ner.Span.Compare)
	if !slices.Equal(parsed.Passage.Pred, d.Spans) {
		t.Errorf("found %v, want %v", parsed.Passage.Pred, d.Spans)
	}
	for _, m := range presets {
		if c := m.Count(&parsed.Passage).ByType.Total(); c.TP != c.NGold || c.TP != c.NPred || c.TP == 0 {
			t.Errorf("%s counts %+v, want all right", m.ID, c)
		}
	}
	publishedParserReads(t, r.Answers(), d, given)
}

// TestStopStringInAnswer: a server may leave the stop string, or a part of it, at the end of
// an answer that reaches the token limit there. All gold entities are found all the same,
// and nothing else.
func TestStopStringInAnswer(t *testing.T) {
	dataset, d := golden()
	for _, f := range prompts.Families {
		for _, v := range f.Variants {
			complete, err := f.Named(v.Name)
			if err != nil {
				t.Fatal(err)
			}
			if complete.NoFewshot || len(v.Needs) > 0 {
				continue
			}
			t.Run(f.Name+"/"+v.Name, func(t *testing.T) {
				r, err := prompts.New(dataset, prompts.Settings{Family: f.Name, Variant: v.Name, Shots: "1", As: "completion", Dataset: "D"})
				if err != nil {
					t.Fatal(err)
				}
				parser, err := loop.NewPassageParser(goldenOptions(dataset, r))
				if err != nil {
					t.Fatal(err)
				}
				queries, err := r.Queries(d)
				if err != nil {
					t.Fatal(err)
				}
				stop := queries[0].Prompt.Stop[len(queries[0].Prompt.Stop)-1]
				for n := 1; n <= len(stop); n++ {
					if strings.TrimSpace(stop[:n]) == "" {
						continue // white space is removed, and does not end a last item
					}
					var given []ner.Answer
					for _, q := range queries {
						given = append(given, ner.Answer{Types: q.Types, Completion: ner.Completion{Text: r.Answer(d, q.Types) + stop[:n], Finish: ner.FinishLength}})
					}
					parsed, err := parser.Passage(d, given)
					if err != nil {
						t.Fatal(err)
					}
					for _, p := range parsed.Predictions {
						// A form without an end of its own cannot tell whether an answer is complete.
						if p.Outcome != ner.OK && p.Outcome != ner.Empty && p.Outcome != ner.Repaired && p.Outcome != ner.Truncated {
							t.Errorf("behind %q: %s by step %s", stop[:n], p.Outcome, p.Step)
						}
					}
					slices.SortFunc(parsed.Passage.Pred, ner.Span.Compare)
					if !slices.Equal(parsed.Passage.Pred, d.Spans) {
						t.Errorf("behind %q: found %v, want %v", stop[:n], parsed.Passage.Pred, d.Spans)
					}
				}
			})
		}
	}
}

// publishedParserReads checks that the published parser of a family finds as many
// mentions as gold has.
func publishedParserReads(t *testing.T, a prompts.Answers, d *ner.Document, given []ner.Answer) {
	if a.Published == "" {
		return
	}
	parser, err := answers.FindPublishedParser(a.Published)
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, g := range given {
		mentions, ok := parser.Parse(answers.PublishedAnswer{Text: g.Completion.Text, Words: answers.Words(d.Text), Types: g.Types})
		if !ok {
			t.Errorf("published parser %s: answer %q cannot be parsed", a.Published, g.Completion.Text)
		}
		found += len(mentions)
	}
	if found != len(d.Spans) {
		t.Errorf("published parser %s finds %d mentions, want %d", a.Published, found, len(d.Spans))
	}
}

// TestAnswersOfRuns checks the form of the answers of stored runs.
func TestAnswersOfRuns(t *testing.T) {
	for _, tc := range []struct {
		name string
		keys map[string]string
		form string // empty: an error
	}{
		{"default variant", map[string]string{"family": "uniner", "variant": "repo"}, "uniner_list"},
		{"variant of its own", map[string]string{"family": "uniner", "variant": "allinone"}, "uniner_pairs"},
		{"dataset line", map[string]string{"family": "uniner", "variant": "allinone+nl"}, "uniner_pairs"},
		{"variant that is gone", map[string]string{"family": "code", "variant": "of_before"}, "gollie"},
		{"own family that is gone", map[string]string{"family": "mine", "variant": "a", "answer": "pairs"}, "pairs"},
		{"own family with the name of a later one", map[string]string{"family": "gner", "variant": "a", "answer": "list"}, "list"},
		{"family that is gone", map[string]string{"family": "of_before", "variant": "a"}, ""},
		{"no family", map[string]string{}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a, err := answersOf(tc.keys)
			if a.Form != tc.form || (err != nil) != (tc.form == "") {
				t.Errorf("form is %q, %v, want %q", a.Form, err, tc.form)
			}
		})
	}
	if n := trainedTokens(map[string]string{"family": "uniner"}); n != 1024 {
		t.Errorf("uniner was trained on %d tokens, want 1024", n)
	}
	if n := trainedTokens(map[string]string{"family": "gner"}); n != 0 {
		t.Errorf("gner was trained on %d tokens, want 0: not known", n)
	}
}
