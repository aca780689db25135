package main

import (
	"fmt"
	"hash/fnv"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"nerbench/runners/ollama/ollamatest"
)

var capital = regexp.MustCompile(`\p{Lu}\p{L}+`)

// namesIn are the names of a passage in the forms of tuples, each with a type.
func namesIn(passage string) string {
	var tuples []string
	for i, name := range capital.FindAllString(passage, -1) {
		tuples = append(tuples, fmt.Sprintf("(%q, %q)", name, []string{"person", "town", "ship"}[i%3]))
	}
	return "[" + strings.Join(tuples, ", ") + "]"
}

// teach answers as teachers do: well in several forms, cut off, with nothing, with a refusal,
// in another language. The passage decides.
func teach(prompt string) string {
	_, passage, _ := strings.Cut(prompt, "Passage: ")
	h := fnv.New32()
	h.Write([]byte(passage))
	list := namesIn(passage)
	switch h.Sum32() % 8 {
	case 0:
		return "Sure! Here are the entities:\n```python\n" + list + "\n```\nLet me know."
	case 1:
		return strings.NewReplacer("(", "[", ")", "]").Replace(list)
	case 2:
		return strings.TrimSuffix(list, "]") + `, ("Ad`
	case 3:
		return "[]"
	case 4:
		return "I cannot help with this passage."
	case 5:
		return `[("Москва", "город"), ("Ada", "None")]`
	}
	return list
}

// passages are texts of a corpus as JSON Lines.
func passages(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `{"id": "d%d", "text": "Ada%d met Bo in Port%d . Mira%d sailed the Tessel%d home ."}`+"\n", i, i, i%7, i, i%3)
	}
	return b.String()
}

// scriptTB lets a server for tests end with a script.
type scriptTB struct {
	testing.TB
	ts *testscript.TestScript
}

func (s scriptTB) Cleanup(f func()) { s.ts.Defer(f) }

// startTeacher starts an Ollama server with a model that finds names: teacher MODEL. With
// bad, it is another model of that name, whose answers are no lists.
func startTeacher(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 {
		ts.Fatalf("usage: teacher MODEL [bad]")
	}
	fake := ollamatest.New(scriptTB{ts: ts}, func(f *ollamatest.Fake) {
		f.Model = args[0]
		if len(args) > 1 {
			f.Digest = strings.Repeat("cd", 32)
		}
		f.Answer = func(prompt string) string {
			if len(args) > 1 {
				return "I see no need for a list here."
			}
			_, passage, _ := strings.Cut(prompt, "Passage: ")
			return namesIn(passage)
		}
	})
	ts.Setenv("OLLAMA_HOST", fake.URL)
}
