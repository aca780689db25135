package export

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"nerbench/distill"
	"nerbench/ner"
	"nerbench/prompts"
	"nerbench/runners/local/chattemplate"
)

func TestMain(m *testing.M) {
	if chattemplate.Serve() {
		return
	}
	os.Exit(m.Run())
}

// TestChatTemplateIsThePrompt renders each question alone, and compares the text with the
// prompt of family uniner.
func TestChatTemplateIsThePrompt(t *testing.T) {
	template := chattemplate.New(ChatTemplate)
	defer template.Close()
	set := inventedSet()
	n := 0
	for _, c := range append(set.Train, set.Dev...) {
		for _, q := range c.Questions {
			alone := c
			alone.Questions = []distill.Question{q}
			chat := alone.Chat().Messages
			var asked []ner.Message
			for _, m := range chat[:len(chat)-1] {
				asked = append(asked, ner.Message(m))
			}
			got, err := template.Render(chattemplate.Input{Messages: asked, BOS: "<s>", EOS: "<other>"})
			if err != nil {
				t.Fatal(err)
			}
			if want := "<s>" + promptOf(t, c, q.Type); got != want {
				t.Errorf("text is\n%q\nwant\n%q", got, want)
			}
			n++
		}
	}
	if n != 9 {
		t.Errorf("%d prompts", n)
	}
}

// promptOf is the prompt that a run of family uniner sends.
func promptOf(t *testing.T, c distill.Conversation, name string) string {
	t.Helper()
	s := prompts.Settings{Family: "uniner", Variant: "repo"}
	if c.Dataset != "" {
		s.Variant, s.Dataset = "repo+nl", c.Dataset
	}
	r, err := prompts.New(prompts.Dataset{ID: "d", Types: []prompts.TypeInfo{{Name: ner.EntityType(name)}}}, s)
	if err != nil {
		t.Fatal(err)
	}
	queries, err := r.Queries(&ner.Document{Text: c.Text})
	if err != nil {
		t.Fatal(err)
	}
	return queries[0].Prompt.Text
}

// TestTrainedRanges: answers and their ends are trained, and nothing else.
func TestTrainedRanges(t *testing.T) {
	template := chattemplate.New(ChatTemplate)
	defer template.Close()
	for _, c := range inventedSet().Train {
		var messages []ner.Message
		for _, m := range c.Chat().Messages {
			messages = append(messages, ner.Message(m))
		}
		text, trained, err := template.RenderTrained(chattemplate.Input{Messages: messages, BOS: "<s>"})
		if err != nil {
			t.Fatal(err)
		}
		if len(trained) != len(c.Questions) {
			t.Fatalf("%d trained ranges, want %d: %q", len(trained), len(c.Questions), text)
		}
		for i, r := range trained {
			var answers []string
			answer, ended := strings.CutSuffix(text[r.Start:r.End], "</s>")
			if err := json.Unmarshal([]byte(answer), &answers); err != nil || !ended || len(answers) != len(c.Questions[i].Answers) {
				t.Errorf("trained text %d is %q: %v", i, text[r.Start:r.End], err)
			}
		}
	}
}
