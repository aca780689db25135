package distill

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"nerbench/ner"
)

// TestPrompts: the prompts of docs/spec/prompts.md §6.1.
func TestPrompts(t *testing.T) {
	for variant, task := range map[string]string{
		"type":       "Given a passage, your task is to extract all entities and identify their entity types. The output should be in a list of tuples of the following format: [(\"entity 1\", \"type of entity 1\"), ... ].",
		"definition": "Given a passage, your task is to extract all entities and concepts, and define their type using a short sentence. The output should be in a list of tuples of the following format: [(\"entity 1\", \"type of entity 1\"), ... ].",
	} {
		a, err := NewAsking(variant)
		if err != nil {
			t.Fatal(err)
		}
		q := a.Query(&ner.Document{Text: "Ada ran."}, 9, []string{"</s>"})
		want := ner.Prompt{MaxTokens: 9, Stop: []string{"</s>"}, Messages: []ner.Message{
			{Role: "system", Content: "You are a helpful information extraction system."},
			{Role: "user", Content: task + "\n\nPassage: Ada ran."},
		}}
		if !reflect.DeepEqual(q.Prompt, want) {
			t.Errorf("%s: the prompt is %+v", variant, q.Prompt)
		}
	}
	if _, err := NewAsking("short"); err == nil || err.Error() != `distill construct: variant "short": unknown (known: type, definition)` {
		t.Errorf("an unknown variant: %v", err)
	}
}

// demonstrated are prompts with a file of demonstrations.
func demonstrated(t *testing.T, text string) (*Asking, error) {
	t.Helper()
	a, err := NewAsking("type")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "shown.jsonl")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return a, a.Demonstrate(file)
}

func TestDemonstrate(t *testing.T) {
	const shown = `{"text": "Ada ran to \"Port\".", "entities": [{"text": "Ada", "type": "person"}, {"text": "\"Port\"", "type": "place"}], "id": "1"}
{"text": "nothing", "entities": []}
`
	a, err := demonstrated(t, shown)
	if err != nil {
		t.Fatal(err)
	}
	const want = `Given a passage, your task is to extract all entities and identify their entity types. The output should be in a list of tuples of the following format: [("entity 1", "type of entity 1"), ... ].

Passage: Ada ran to "Port".
Entities: [("Ada", "person"), ("\"Port\"", "place")]

Passage: nothing
Entities: []

Passage: Bo sat.
Entities:`
	if p := a.Prompt("Bo sat."); p.Text != want || p.Chat() || !reflect.DeepEqual(p.Stop, []string{"\n\n", "\nPassage:"}) {
		t.Errorf("the prompt is %q, stop %q", p.Text, p.Stop)
	}
	keys := a.Keys()
	b, err := demonstrated(t, strings.Replace(shown, "person", "human", 1))
	if err != nil {
		t.Fatal(err)
	}
	if keys["shots"] != "2" || keys["family_hash"] == b.Keys()["family_hash"] || a.Demonstrations() == b.Demonstrations() {
		t.Errorf("keys %v and %v", keys, b.Keys())
	}
}

func TestDemonstrateErrors(t *testing.T) {
	for name, tc := range map[string]struct{ text, want string }{
		"empty":               {"", "no demonstration"},
		"no JSON":             {"{", "line 1: want {"},
		"no text":             {`{"entities": []}`, "it has no text"},
		"a text of a corpus":  {`{"text": "Ada ran."}`, "line 1: it has no field entities"},
		"no type":             {`{"text": "Ada", "entities": [{"text": "Ada"}]}`, "without text or type"},
		"an entity elsewhere": {"{\"text\": \"x\", \"entities\": []}\n" + `{"text": "Ada", "entities": [{"text": "Bo", "type": "person"}]}`, "line 2: the entity \"Bo\" does not occur"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := demonstrated(t, tc.text); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("the error is %v, want %s", err, tc.want)
			}
		})
	}
}
