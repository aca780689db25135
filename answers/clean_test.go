package answers_test

import (
	"strings"
	"testing"

	"nerbench/answers"
	"nerbench/ner"
)

// TestThinkingMarks reads an answer behind each pair of marks of the table, with both
// marks, in upper case, and with one of them.
func TestThinkingMarks(t *testing.T) {
	d := &ner.Document{Text: "Ada wrote it in Lisp ."}
	read := func(form, text string, d *ner.Document, marks ...answers.ThinkingMark) ner.Prediction {
		parser, err := answers.NewParser(form, twoTypes, "")
		if err != nil {
			t.Fatal(err)
		}
		return parser.WithThinking(marks...).Read(d, []ner.EntityType{"person"}, ner.Completion{Text: text, Finish: ner.FinishStop})
	}
	const thought = ` It is ["Lisp"], I think. `
	for _, m := range answers.ThinkingMarks {
		closing := m.Close + m.Until
		texts := map[string]string{
			"both marks":   m.Open + thought + closing + `["Ada"]`,
			"upper case":   strings.ToUpper(m.Open) + thought + strings.ToUpper(m.Close) + m.Until + `["Ada"]`,
			"twice":        m.Open + thought + closing + m.Open + thought + closing + `["Ada"]`,
			"closing mark": thought + closing + ` ["Ada"]`,
			"opening mark": `["Ada"] ` + m.Open + thought,
		}
		if m.Start {
			delete(texts, "opening mark")
			delete(texts, "closing mark")
		}
		for name, text := range texts {
			if p := read("list", text, d); p.Outcome != ner.OK || len(p.Mentions) != 1 || p.Mentions[0].Text != "Ada" {
				t.Errorf("%s, %s: %s: %+v", m.Open, name, p.Outcome, p.Mentions)
			}
		}
	}
	own := answers.ThinkingMark{Open: "<plan>", Close: "</plan>"}
	if p := read("list", "<plan>"+thought+`</plan>["Ada"]`, d, own); p.Outcome != ner.OK || len(p.Mentions) != 1 {
		t.Errorf("marks of a model: %s: %+v", p.Outcome, p.Mentions)
	}
	marked := &ner.Document{Text: "Ada wrote </think> ."}
	if p := read("list", `["Ada", "</think>"]`, marked); p.Outcome != ner.OK || len(p.Mentions) != 2 {
		t.Errorf("a mark of the passage: %s: %+v", p.Outcome, p.Mentions)
	}
	tagged, err := answers.NewParser("tags", []answers.TypeName{{Natural: "thought"}}, "")
	if err != nil {
		t.Fatal(err)
	}
	if p := tagged.Read(d, []ner.EntityType{"thought"}, ner.Completion{Text: "<thought>Ada</thought> wrote it in Lisp ."}); p.Outcome != ner.OK || len(p.Mentions) != 1 {
		t.Errorf("a tag of the prompt: %s: %+v", p.Outcome, p.Mentions)
	}
}

// TestEdgeTokens reads answers of all forms between special tokens.
func TestEdgeTokens(t *testing.T) {
	d := &ner.Document{Text: "Ada left ."}
	for form, text := range map[string]string{
		"list": `["Ada"]`, "object": `{"person": ["Ada"]}`, "objects": `[{"text": "Ada", "type": "person"}]`, "pairs": `[["Ada", "person"]]`,
		"tags": "<person>Ada</person> left .", "wrapped_tags": "<response><person>Ada</person> left .</response>", "segments": "person: Ada",
		"typed_pairs": "person: Ada", "labels": "Ada(B-person) left(O) .(O)", "gollie": `[Person(span="Ada")]`, "knowcoder": `results = [Person("Ada")]`, "markers": "@@Ada## left .",
	} {
		parser, err := answers.NewParser(form, twoTypes, "")
		if err != nil {
			t.Fatal(err)
		}
		for _, tokens := range [][2]string{{"", "<|im_end|>"}, {"", "<|eot_id|>\n"}, {"", "<end_of_turn>"}, {"", " <|end_of_text|><|endoftext|>"}, {"<s> ", "</s>"}, {"<|im_start|>assistant\n", "<|im_end|>"}, {"<start_of_turn>model\n", "<end_of_turn>\n<eos>"}} {
			p := parser.Read(d, []ner.EntityType{"person"}, ner.Completion{Text: tokens[0] + text + tokens[1], Finish: ner.FinishStop})
			if p.Outcome != ner.OK || len(p.Mentions) != 1 || p.Mentions[0].Text != "Ada" {
				t.Errorf("%s between %q: %s: %+v", form, tokens, p.Outcome, p.Mentions)
			}
		}
	}
}
