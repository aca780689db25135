package llamacpp_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"nerbench/internal/fault"
	"nerbench/internal/reference"
	"nerbench/internal/tinymodel"
	"nerbench/ner"
	"nerbench/runners"
	"nerbench/runners/local/llamacpp"
)

func texts(completions []ner.Completion) []string {
	var out []string
	for _, c := range completions {
		out = append(out, c.Text)
	}
	return out
}

// TestIdentity: the digest is the hash of the file.
func TestIdentity(t *testing.T) {
	r := open(t, llamacpp.Config{File: tiny(t)})
	id := r.Identity()
	if !strings.HasPrefix(id.Digest, "c7e00c02a06e72ff") || len(id.Digest) != 64 { // see the test of tinymodel
		t.Errorf("digest %s", id.Digest)
	}
	if id.Server != "llama.cpp" || id.ServerVersion != llamacpp.Build || id.Context != tinymodel.Context || !strings.HasSuffix(id.Model, "/tiny.gguf") {
		t.Errorf("identity %+v", id)
	}
	if id.Quantisation != "all F32" || !strings.HasPrefix(r.Device(), "CPU ") {
		t.Errorf("quantisation %q, device %q", id.Quantisation, r.Device())
	}
}

// TestAnswersDependOnTheQuestionOnly: the answers are the same one by one, as one
// passage, with few sequences, and with prompts longer than a batch.
func TestAnswersDependOnTheQuestionOnly(t *testing.T) {
	file := tiny(t)
	shared := "Text: " + strings.Repeat("Mira left Port Varna . ", 80) // beyond one batch
	var queries []ner.Query
	for _, q := range []string{"person", "place", "a long description of something rare", "", "person"} {
		queries = append(queries, query(shared+q, 12))
	}
	var want []string
	alone := open(t, llamacpp.Config{File: file, Sequences: 1, LongestAnswer: 12, Decoding: runners.Decoding{Context: 2048}})
	for _, q := range queries {
		got, err := alone.Complete(t.Context(), []ner.Query{q})
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, got[0].Text)
	}
	if want[0] == want[1] || want[0] != want[4] {
		t.Fatalf("the model answers %q", want)
	}
	for _, sequences := range []int{1, 2, 16} {
		r := open(t, llamacpp.Config{File: file, Sequences: sequences, LongestAnswer: 12, Decoding: runners.Decoding{Context: 2048}})
		got, err := r.Complete(t.Context(), queries)
		if err != nil || !slices.Equal(texts(got), want) {
			t.Errorf("%d sequences: %q, %v; want %q", sequences, texts(got), err, want)
		}
	}
}

// TestPromptTokens: every token of the common prefix and of the rest of each query is
// computed once, with at most a tenth more in all.
func TestPromptTokens(t *testing.T) {
	r := open(t, llamacpp.Config{File: tiny(t), LongestAnswer: 4, Decoding: runners.Decoding{Context: 2048}})
	all := passages(20, 4)
	least := 0
	for _, queries := range all {
		got, err := r.Complete(t.Context(), queries)
		if err != nil {
			t.Fatal(err)
		}
		shortest := slices.MinFunc(got, func(a, b ner.Completion) int { return a.PromptTokens - b.PromptTokens })
		// The common prefix ends before the name of the type.
		tail := len("Hours in the text? ASSISTANT:") // in bytes; a token has at least one
		least += shortest.PromptTokens - tail
		for _, c := range got {
			least += c.PromptTokens - (shortest.PromptTokens - tail)
		}
	}
	u := r.Usage()
	if u.Computed > int64(least)*11/10 || u.Computed == 0 {
		t.Errorf("%d tokens computed, %d are needed; all prompts have %d", u.Computed, least, u.Prompts)
	}
	if u.Prompts < 3*u.Computed {
		t.Errorf("%d of %d tokens computed: no prefix was shared", u.Computed, u.Prompts)
	}
}

func TestStopAndLength(t *testing.T) {
	r := open(t, llamacpp.Config{File: tiny(t), LongestAnswer: 30})
	ask := func(q ner.Query) ner.Completion {
		got, err := r.Complete(t.Context(), []ner.Query{q})
		if err != nil {
			t.Fatal(err)
		}
		return got[0]
	}
	free := ask(query("Text: x", 30))
	if free.Finish != ner.FinishLength || free.AnswerTokens != 30 || free.PromptTokens != 8 { // BOS, and a token for each byte
		t.Fatalf("free: %+v", free)
	}
	stop := free.Text[10:13]
	q := query("Text: x", 30)
	q.Prompt.Stop = []string{"\x00never", stop}
	if got := ask(q); got.Finish != ner.FinishStop || got.Text != free.Text[:strings.Index(free.Text, stop)] {
		t.Errorf("stop %q: %+v, without it %q", stop, got, free.Text)
	}
}

// TestSeed: sampling depends on the seed only, not on earlier queries.
func TestSeed(t *testing.T) {
	file := tiny(t)
	sample := func(seed int) string {
		r := open(t, llamacpp.Config{File: file, Decoding: runners.Decoding{Temperature: 1, Seed: seed}})
		got, err := r.Complete(t.Context(), []ner.Query{query("Text: x", 20), query("Text: x", 20)})
		if err != nil || got[0].Text != got[1].Text {
			t.Fatalf("got %+v, %v", got, err)
		}
		return got[0].Text
	}
	if one, again, other := sample(7), sample(7), sample(8); one != again || one == other {
		t.Errorf("seed 7: %q and %q; seed 8: %q", one, again, other)
	}
}

// TestChat: the template of the file is applied, with one BOS. A file without a template
// is an error with advice.
func TestChat(t *testing.T) {
	file := reference.Path(t, "models", "tiny-uniner-frequency", "model-f16.gguf")
	const text, question = "find me a cheap italian restaurant near here", "What describes Cuisine in the text?"
	chat := ner.Query{Prompt: ner.Prompt{MaxTokens: 32, Messages: []ner.Message{
		{Role: "user", Content: "Text: " + text}, {Role: "assistant", Content: "I've read this text."}, {Role: "user", Content: question},
	}}}
	raw := query("A virtual assistant answers questions from a user based on the provided text. USER: Text: "+text+
		" ASSISTANT: I've read this text.</s>USER: "+question+" ASSISTANT:", 32)
	got, err := open(t, llamacpp.Config{File: file}).Complete(t.Context(), []ner.Query{chat, raw})
	if err != nil {
		t.Fatal(err)
	}
	if got[0].Text != ` ["italian"]` || got[0].PromptTokens != got[1].PromptTokens || got[1].Text != got[0].Text {
		t.Errorf("chat %+v, completion %+v", got[0], got[1])
	}
	_, err = open(t, llamacpp.Config{File: tiny(t)}).Complete(t.Context(), []ner.Query{chat})
	hint, ok := errors.AsType[*fault.Hint](err)
	if !ok || !strings.Contains(hint.Advice, "as=completion") || !errors.Is(err, runners.ErrFatal) {
		t.Errorf("without a template: %v", err)
	}
}

func TestClosed(t *testing.T) {
	r := open(t, llamacpp.Config{File: tiny(t), Decoding: runners.Decoding{Context: 2048}})
	ended := make(chan error)
	go func() {
		_, err := r.Complete(context.Background(), []ner.Query{query("Text: x", 2000)})
		ended <- err
	}()
	for r.Usage().Steps == 0 {
	}
	r.Close()
	if err := <-ended; err == nil {
		t.Error("queries in progress end without an error")
	}
	if _, err := r.Complete(t.Context(), []ner.Query{query("Text: x", 4)}); err == nil {
		t.Error("a closed model answers")
	}
}

func TestOpenRefuses(t *testing.T) {
	whole, err := os.ReadFile(tiny(t))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write := func(name string, content []byte) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, content, 0o644); err != nil {
			t.Fatal(err)
		}
		return file
	}
	strange := []byte(strings.ReplaceAll(string(whole), "\x05\x00\x00\x00\x00\x00\x00\x00llama", "\x05\x00\x00\x00\x00\x00\x00\x00novel"))
	good := write("good.gguf", whole)
	decoding := runners.Decoding{Context: 512, Seed: 1}
	for _, tc := range []struct {
		name         string
		config       llamacpp.Config
		text, advice string
	}{
		{"absent", llamacpp.Config{File: filepath.Join(dir, "nosuch.gguf")}, "no such file", "-m gguf/PATH"},
		{"folder", llamacpp.Config{File: dir}, "is a folder", "name the GGUF file"},
		{"no GGUF", llamacpp.Config{File: write("text.gguf", []byte("hello"))}, "not a GGUF file", "safetensors"},
		{"cut in the header", llamacpp.Config{File: write("header.gguf", whole[:5000])}, "unexpected EOF", "download it again"},
		{"cut in the weights", llamacpp.Config{File: write("cut.gguf", whole[:len(whole)-1000])}, "not within the file bounds", "download it again"},
		{"unknown architecture", llamacpp.Config{File: write("novel.gguf", strange)}, "unknown model architecture: 'novel'", "does not support it"},
		{"context beyond the model's", llamacpp.Config{File: good, Decoding: runners.Decoding{Context: 1 << 30}}, "the model was trained for 2048", "--context"},
		{"no GPU", llamacpp.Config{File: good, GPULayers: 3}, "finds no GPU", "doctor"},
		{"unknown split", llamacpp.Config{File: good, Split: "half"}, "want none, layer or row", ""},
		{"too many sequences", llamacpp.Config{File: good, Sequences: 1000}, "at most", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tc.config.Library = library(t)
			if tc.config.Decoding.Context == 0 {
				tc.config.Decoding = decoding
			}
			r, err := llamacpp.Open(t.Context(), tc.config)
			if err == nil {
				r.Close()
				t.Fatal("no error")
			}
			hint, _ := errors.AsType[*fault.Hint](err)
			if !strings.Contains(err.Error(), tc.text) || strings.Contains(err.Error(), "\n") || tc.advice != "" && (hint == nil || !strings.Contains(hint.Advice, tc.advice)) {
				t.Errorf("error %v, hint %+v; want %q, %q", err, hint, tc.text, tc.advice)
			}
		})
	}
}
