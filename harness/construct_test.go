package harness

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nerbench/distill"
	"nerbench/ner"
	"nerbench/runners/ollama/ollamatest"
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
