package open_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nerbench/internal/reference"
	"nerbench/internal/tinymodel"
	"nerbench/ner"
	"nerbench/runners"
	"nerbench/runners/open"
)

// classifier writes a token classifier in which a word has a label.
func classifier(t *testing.T, dir, word, label string) {
	t.Helper()
	c := tinymodel.Classifier{
		Labels: []string{"O", "B-PER", "B-LOC"}, Positions: 64,
		Tokens: map[string]string{word: label, "Port": "B-LOC", "left": "O"}, Order: []string{word, "Port", "left"},
	}
	if err := c.WriteFolder(dir); err != nil {
		t.Fatal(err)
	}
}

// generator writes a language model with the weights of a seed.
func generator(t *testing.T, file string, seed uint64) {
	t.Helper()
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := tinymodel.Write(f, seed); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// labels maps a native label to a type.
func labels(native, typ string) map[string]ner.EntityType {
	return map[string]ner.EntityType{native: ner.EntityType(typ)}
}

// TestKept: a model in the process is loaded once for datasets with the same settings, and
// answers as if it were loaded for each. It is loaded again if its files have changed, if
// another model was asked between.
func TestKept(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	classifier(t, "a", "Mira", "B-PER")
	classifier(t, "b", "Mira", "B-LOC")
	folder := func(name, native, typ string) open.Spec {
		return open.Spec{Name: "onnx/" + name, Dataset: typ, Types: []ner.EntityType{ner.EntityType(typ)}, Labels: labels(native, typ)}
	}
	t.Run("onnx", func(t *testing.T) {
		people, places, none := folder("a", "PER", "person"), folder("a", "LOC", "place"), folder("a", "DISH", "dish")
		first := people
		first.Local.Aggregation = "first"
		testKept(t, []step{
			{"first", people, nil, 1},
			{"other types", places, nil, 1},
			{"another aggregation", first, nil, 1},
			{"another folder", folder("b", "LOC", "place"), nil, 2},
			{"the first again", people, nil, 3},
			{"other weights", people, func() { classifier(t, "a", "Mira", "B-LOC") }, 4},
			{"no type", none, nil, 4},
			{"after an error", people, nil, 4},
		})
	})
	t.Run("gguf", func(t *testing.T) {
		cache, _ := os.UserCacheDir() // without a cache folder, no library is found there
		library := filepath.Join(cache, "nerbench", "llama-v0.5.0", "cpu")
		if named := os.Getenv("NERBENCH_LLAMA_LIB"); named != "" {
			library = named
		}
		if _, err := open.LlamaFolders(library, os.Getenv); err != nil {
			reference.Skip(t, err.Error())
		}
		generator(t, "tiny.gguf", 1)
		generator(t, "other.gguf", 2)
		of := func(file string, longest, answer int) open.Spec {
			s := open.Spec{Name: "gguf/" + file, Longest: longest, LongestAnswer: answer, Decoding: runners.Decoding{Seed: 1}}
			s.Local = open.Local{Library: library, Threads: 1, GPULayers: -1}
			return s
		}
		hot, wide := of("tiny.gguf", 200, 12), of("tiny.gguf", 200, 12)
		hot.Decoding.Temperature, hot.Decoding.Seed = 1, 7
		wide.Decoding.Context = 1 << 20 // longer than that of its training
		testKept(t, []step{
			{"first", of("tiny.gguf", 200, 12), nil, 1},
			{"a longer context", of("tiny.gguf", 800, 40), nil, 1},
			{"a shorter context", of("tiny.gguf", 100, 8), nil, 1},
			{"another decoding", hot, nil, 1},
			{"another file", of("other.gguf", 200, 12), nil, 2},
			{"a context that is too long", wide, nil, 2},
			{"the first again", of("tiny.gguf", 200, 12), nil, 3},
			{"other weights", of("tiny.gguf", 200, 12), func() { generator(t, "tiny.gguf", 3) }, 4},
		})
	})
}

// step opens a model, after a change.
type step struct {
	name   string
	spec   open.Spec
	change func()
	loads  int // so far
}

func testKept(t *testing.T, steps []step) {
	kept := &open.Kept{}
	defer kept.Close()
	queries := func() (list []ner.Query) {
		for _, text := range []string{"Mira left Port", "Port", "Mira Mira left"} {
			q := ner.Query{Document: &ner.Document{Text: text}, Types: []ner.EntityType{"person", "place"}}
			q.Prompt = ner.Prompt{Text: "Text: " + text, MaxTokens: 8}
			list = append(list, q)
		}
		return list
	}()
	answer := func(s open.Spec) string {
		m, err := open.Open(t.Context(), s)
		if err != nil {
			return "error: " + err.Error()
		}
		defer m.Close()
		var out []string
		for _, q := range queries { // one after the other: what shares a batch may change the last bit of a sum
			got, err := m.Runner.Complete(t.Context(), []ner.Query{q})
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, fmt.Sprintf("%q %s %d", got[0].Text, got[0].Finish, got[0].PromptTokens))
		}
		return strings.Join(append(out, m.Identity.Digest, fmt.Sprint(m.RunKeys(), m.Facts(), m.Counts(), m.AnswerBy)), "\n")
	}
	for _, s := range steps {
		if s.change != nil {
			s.change()
		}
		want := answer(s.spec)
		s.spec.Kept = kept
		if got := answer(s.spec); got != want {
			t.Errorf("%s:\n%s\nwant that of a model that is loaded for it:\n%s", s.name, got, want)
		}
		if n := kept.Loads(); n != s.loads {
			t.Errorf("%s: %d loads so far, want %d", s.name, n, s.loads)
		}
	}
}
