package harness

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"nerbench/distill"
	"nerbench/internal/fault"
	"nerbench/internal/tinymodel"
	"nerbench/ner"
	"nerbench/results"
	"nerbench/runners"
	"nerbench/runners/ollama/ollamatest"
	"nerbench/runners/open"
)

// teacherBench has a server whose model says that Ada is a person.
func teacherBench(t *testing.T) (*Bench, *ollamatest.Fake) {
	t.Helper()
	fake := ollamatest.New(t, func(f *ollamatest.Fake) { f.Answer = func(string) string { return `[("Ada", "person")]` } })
	return &Bench{Getenv: func(name string) string {
		if name == "OLLAMA_HOST" {
			return fake.URL
		}
		return ""
	}}, fake
}

func constructRequest(t *testing.T, text string) ConstructRequest {
	t.Helper()
	file := filepath.Join(t.TempDir(), "a.txt")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return ConstructRequest{
		Paths: []string{file}, Dir: filepath.Join(t.TempDir(), "made"), Sample: 100, Chunk: 4, Tokens: "words", Decontaminate: "off",
		Ask: Request{Plan: ner.Plan{Model: "ollama/tiny"}},
	}
}

// TestConstructByServerTokens: the server counts the tokens, and its template is not counted.
func TestConstructByServerTokens(t *testing.T) {
	b, fake := teacherBench(t)
	fake.Tokens = func(prompt string) int { return 7 + strings.Count(prompt, "") - 1 } // characters, and a template
	r := constructRequest(t, "Ada sat by the sea.")
	r.Tokens, r.Chunk = "server", 10
	if _, err := b.Construct(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	passages, err := distill.ReadPassages(t.Context(), r.Dir)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]bool{}
	for _, p := range passages {
		got[p.Text] = true
	}
	if len(got) != 2 || !got["Ada sat by"] || !got["the sea."] {
		t.Errorf("the passages are %v", got)
	}
	c, err := distill.ReadCorpus(r.Dir)
	if err != nil || c.Passages.Tokenizer != "ollama/tiny" {
		t.Errorf("the tokenizer is %q, %v", c.Passages.Tokenizer, err)
	}
}

// TestReadConstructed: the answers are filtered anew, with other choices, and the files stay.
func TestReadConstructed(t *testing.T) {
	b, fake := teacherBench(t)
	r := constructRequest(t, "Ada sat. Bo sat. Bo ran off .")
	out, err := b.Construct(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	if out.Answered != 3 || out.Kept != 1 || out.Dropped[distill.NotInPassage] != 2 {
		t.Errorf("constructed: %+v", out)
	}
	asked := fake.Asked()
	d, err := ReadConstructed(t.Context(), r.Dir, distill.Filters{KeepElsewhere: true})
	if err != nil || len(d.Kept) != 3 || len(d.Dropped) != 0 || d.Passages != 3 {
		t.Errorf("read: %+v, %v", d, err)
	}
	written, err := distill.ReadDir(t.Context(), r.Dir)
	if err != nil || len(written.Kept) != 1 || written.Corpus.Teacher.Run != out.Run {
		t.Errorf("written: %+v, %v", written, err)
	}
	if fake.Asked() != asked {
		t.Error("the model was asked")
	}
}

// TestConstructedHasNoScores: there is no gold for the answers of a teacher.
func TestConstructedHasNoScores(t *testing.T) {
	b, _ := teacherBench(t)
	r := constructRequest(t, "Ada sat.")
	out, err := b.Construct(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	b.Store = filepath.Join(r.Dir, distill.AnswersFile)
	if scored, err := b.Score(t.Context(), nil, nil); err != nil || len(scored.Runs) != 0 {
		t.Errorf("all runs: %+v, %v", scored, err)
	}
	if _, err := b.Score(t.Context(), []string{out.Run}, nil); err == nil || !strings.Contains(err.Error(), "which have no gold") {
		t.Errorf("the run: %v", err)
	}
}

// TestKilledWithAllAnswers: if construct is killed when it has all answers, the same command
// ends the run, without the teacher.
func TestKilledWithAllAnswers(t *testing.T) {
	b, fake := teacherBench(t)
	r := constructRequest(t, "Ada sat. Bo sat. Ada ran off .")
	out, err := b.Construct(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	made, err := distill.ReadCorpus(r.Dir)
	if err != nil {
		t.Fatal(err)
	}
	open := func() *results.Store {
		t.Helper()
		store, err := results.Open(t.Context(), filepath.Join(r.Dir, distill.AnswersFile), results.Existing)
		if err != nil {
			t.Fatal(err)
		}
		return store
	}
	store := open()
	if err := store.Begin(t.Context(), ner.Run{Keys: made.Teacher.Keys}, 3); err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil { // the run is not ended
		t.Fatal(err)
	}
	fake.Close()
	if _, err := b.Construct(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	store = open()
	defer store.Close()
	if ended, err := store.Ended(t.Context(), out.Run); err != nil || !ended {
		t.Errorf("the run is not ended, %v", err)
	}
}

// TestStoppedFilter: if construct is stopped before it writes corpus.toml, no training data
// is made of its files, and the same command mends them.
func TestStoppedFilter(t *testing.T) {
	b, fake := teacherBench(t)
	r := constructRequest(t, "Ada sat. Bo sat. Ada ran off .")
	if _, err := b.Construct(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	asked := fake.Asked()
	for _, name := range []string{distill.KeptFile, distill.DroppedFile} {
		file := filepath.Join(r.Dir, name)
		before, err := os.ReadFile(file)
		if err != nil || len(before) == 0 {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, before[:bytes.IndexByte(before, '\n')], 0o600); err != nil { // the last line feed is missing, or more
			t.Fatal(err)
		}
		_, err = b.Training(t.Context(), TrainingRequest{Dirs: []string{r.Dir}, Settings: distill.DefaultSettings()})
		if err == nil || !strings.Contains(err.Error(), name+": its checksum is not that of corpus.toml") {
			t.Errorf("the error is %v", err)
		}
		if _, err := b.Construct(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		if after, err := os.ReadFile(file); err != nil || !bytes.Equal(after, before) {
			t.Errorf("%s is %q, %v, want %q", name, after, err, before)
		}
	}
	if fake.Asked() != asked {
		t.Error("the model was asked")
	}
}

// TestTooLong: if no passage fits into the context, the reason is shown in place of answers.
func TestTooLong(t *testing.T) {
	b, fake := teacherBench(t)
	fake.ContextLength = 40
	r := constructRequest(t, strings.Repeat("Ada sat by the sea. ", 40))
	r.Chunk, r.Ask.Plan.MaxTokens = 256, 8
	out, err := b.Construct(t.Context(), r)
	if !errors.As(err, new(*PartialError)) || out == nil || !slices.Equal(out.Unparsed, []string{"(no answer: too_long)"}) {
		t.Errorf("the result is %+v, %v", out, err)
	}
}

// TestConstructChangedPassages: a folder whose passages are not those of its answers is
// refused.
func TestConstructChangedPassages(t *testing.T) {
	b, _ := teacherBench(t)
	r := constructRequest(t, "Ada sat. Bo sat. Bo ran off .")
	if _, err := b.Construct(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(r.Dir, distill.PassagesFile)
	passages, err := distill.ReadPassages(t.Context(), r.Dir)
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func() []distill.Passage{
		"one less": func() []distill.Passage { return passages[:2] },
		"another text": func() []distill.Passage {
			return []distill.Passage{passages[0], {ID: passages[1].ID, Text: "Mira sat."}, passages[2]}
		},
	} {
		if err := distill.WriteRecords(file, change()); err != nil {
			t.Fatal(err)
		}
		if _, err := b.Construct(t.Context(), r); err == nil || !strings.Contains(err.Error(), "it was changed") {
			t.Errorf("%s: the error is %v", name, err)
		}
	}
}

// TestPlanOfAPart: a plan counts the passages of its part, whatever the answers about others.
func TestPlanOfAPart(t *testing.T) {
	b, _ := teacherBench(t)
	var text strings.Builder
	for i := range 40 {
		fmt.Fprintf(&text, "Ada saw thing%d. ", i)
	}
	r := constructRequest(t, text.String())
	r.Ask.Part = ner.Shard{Index: 1, Of: 2}
	if _, err := b.Construct(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	r.Ask.Part, r.Plan = ner.Shard{Index: 2, Of: 2}, true
	out, err := b.Construct(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	if p := out.Plan; p.Probed != 16 || p.Answered != 16 || p.Left != 4 || out.Answered != 36 {
		t.Errorf("the plan is %+v of %d answers", p, out.Answered)
	}
}

// TestTeacherWithoutTemplate: the error says how to ask a base model, whether a server or
// this process has it. With demonstrations it is asked.
func TestTeacherWithoutTemplate(t *testing.T) {
	b, fake := teacherBench(t)
	fake.Template = "{{ .Prompt }}"
	r := constructRequest(t, "Ada ran.")
	refused := func() {
		t.Helper()
		_, err := b.Construct(t.Context(), r)
		var hint *fault.Hint
		if !errors.Is(err, runners.ErrNoTemplate) || !errors.As(err, &hint) || !strings.Contains(hint.Advice, "--demonstration FILE") {
			t.Errorf("%s: error is %v", r.Ask.Plan.Model, err)
		}
	}
	refused()
	if n := fake.Asked(); n > 0 {
		t.Errorf("it was asked %d times", n)
	}
	base := r
	base.Demonstrations = filepath.Join(t.TempDir(), "shown.jsonl")
	shown := `{"text": "Bo sat.", "entities": [{"text": "Bo", "type": "person"}]}`
	if err := os.WriteFile(base.Demonstrations, []byte(shown), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := b.Construct(t.Context(), base); err != nil || out.Answered == 0 {
		t.Errorf("with demonstrations, the result is %+v, %v", out, err)
	}
	var model bytes.Buffer
	if err := tinymodel.Write(&model, 1); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "tiny.gguf")
	if err := os.WriteFile(file, model.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	r.Dir = filepath.Join(t.TempDir(), "made")
	r.Ask.Plan.Model, r.Ask.Local.Library = "gguf/"+file, llamaLibrary(t)
	refused()
}

// TestFileTokens: passages and conversations are cut by the tokens of a model file, which is
// recorded by its name and digest.
func TestFileTokens(t *testing.T) {
	library := llamaLibrary(t)
	var model bytes.Buffer
	if err := tinymodel.Write(&model, 1); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "tiny.gguf")
	if err := os.WriteFile(file, model.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	v, err := open.OpenVocabulary(file, library, os.Getenv)
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	tokens := func(text string) int { // without the beginning of a text
		n, err := v.Count(&ner.Prompt{Text: text})
		first, errFirst := v.Count(&ner.Prompt{Text: ""})
		if err != nil || errFirst != nil {
			t.Fatal(err, errFirst)
		}
		return n - first
	}
	b, fake := teacherBench(t)
	fake.Change(func(string) string { return `[("Ada", "person"), ("Varna", "town"), ("Tessel", "ship")]` })
	const most = 40
	r := constructRequest(t, "Ada saw the Tessel in Varna, and Bo did not see it there . Bo saw Ada and the Tessel near Varna, but Mira never came back .")
	r.Chunk, r.Tokens, r.Ask.Local.Library = most, "gguf:"+file, library
	if _, err := b.Construct(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	passages, err := distill.ReadPassages(t.Context(), r.Dir)
	if err != nil {
		t.Fatal(err)
	}
	words := 0
	for _, p := range passages {
		words = max(words, len(ner.Words(p.Text)))
		if n := tokens(p.Text); n > most {
			t.Errorf("%q has %d tokens, more than %d", p.Text, n, most)
		}
	}
	if len(passages) < 2 || words == most {
		t.Errorf("passages of at most %d words, which are not cut by tokens: %v", words, passages)
	}
	c, err := distill.ReadCorpus(r.Dir)
	if want := fmt.Sprintf("%x", sha256.Sum256(model.Bytes())); err != nil || c.Passages.Tokens != "gguf:tiny.gguf" || c.Passages.Tokenizer != want {
		t.Errorf("the tokenizer is %q %q, want the digest %q; %v", c.Passages.Tokens, c.Passages.Tokenizer, want, err)
	}

	s := distill.DefaultSettings()
	s.Negatives, s.Dev, s.Tokens, s.MaxTokens = "none", 0, "gguf:"+file, 200
	set, err := b.Training(t.Context(), TrainingRequest{Dirs: []string{r.Dir}, Settings: s, Library: library})
	if err != nil {
		t.Fatal(err)
	}
	if of := set.Build.Settings; set.Build.Counts.Split == 0 || of.Tokens != "gguf:tiny.gguf" || of.Tokenizer != c.Passages.Tokenizer {
		t.Errorf("the training data is %+v", set.Build)
	}
	for _, conversation := range set.Train {
		if n := tokens(conversation.Rendered()); n > s.MaxTokens {
			t.Errorf("%s has %d tokens, more than %d", conversation.ID, n, s.MaxTokens)
		}
	}
	s.Tokens = "words"
	if set, err = b.Training(t.Context(), TrainingRequest{Dirs: []string{r.Dir}, Settings: s}); err != nil || set.Build.Counts.Split != 0 {
		t.Errorf("by words, %d passages are split; %v", set.Build.Counts.Split, err)
	}
}
