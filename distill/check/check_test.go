package check

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"nerbench/distill"
	"nerbench/distill/export"
	"nerbench/internal/reference"
	"nerbench/internal/tinymodel"
	"nerbench/runners/cards"
	"nerbench/runners/local/chattemplate"
	"nerbench/runners/open"
)

func TestMain(m *testing.M) {
	if chattemplate.Serve() {
		return
	}
	os.Exit(m.Run())
}

// invented is a small set, with a dataset line and signs of all kinds.
func invented() *distill.Set {
	type q = distill.Question
	return &distill.Set{
		Build: distill.Build{Settings: distill.Settings{Negatives: "frequency", Variant: "repo+nl"}, Seen: []string{"ncbi"}, Train: distill.SetFile{SHA256: "abc"}},
		Train: []distill.Conversation{
			{ID: "a/0", Text: "Zoë Quill, \"the 2nd\", met Ümit in Port-Varna. \n 😀", Questions: []q{
				{Type: "person", Answers: []string{"Zoë Quill", "Ümit"}}, {Type: "river", Answers: []string{}, Negative: true}, {Type: "lake", Answers: []string{}, Negative: true}, {Type: "town", Answers: []string{"Port-Varna"}},
			}},
			{ID: "n/3", Text: "Old sores heal .", Dataset: "NCBI", DatasetLine: "sp_nl", Questions: []q{{Type: "disease", Answers: []string{"sores"}}}},
		},
		Dev: []distill.Conversation{{ID: "c/0", Text: "Ada left.", Questions: []q{{Type: "person", Answers: []string{"Ada"}}}}},
	}
}

// folder writes a student: a byte-level tokenizer without merges, and a chat template.
func folder(t *testing.T, change func(config, tokenizer map[string]any, files map[string]string)) string {
	t.Helper()
	vocabulary := map[string]int{"<s>": 0, "</s>": 1}
	n := rune(0)
	for b := range 256 {
		r := rune(b)
		if !('!' <= b && b <= '~' || 0xA1 <= b && b <= 0xAC || 0xAE <= b && b <= 0xFF) {
			r = 0x100 + n
			n++
		}
		vocabulary[string(r)] = len(vocabulary)
	}
	vocabulary["Ġ["] = len(vocabulary)
	special := func(content string) map[string]any {
		return map[string]any{"id": vocabulary[content], "content": content, "special": true, "normalized": false, "single_word": false, "lstrip": false, "rstrip": false}
	}
	tokenizer := map[string]any{
		"version": "1.0", "added_tokens": []any{special("<s>"), special("</s>")}, "normalizer": nil,
		"pre_tokenizer": map[string]any{"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true},
		"post_processor": map[string]any{"type": "TemplateProcessing", "single": []any{
			map[string]any{"SpecialToken": map[string]any{"id": "<s>", "type_id": 0}}, map[string]any{"Sequence": map[string]any{"id": "A", "type_id": 0}},
		}},
		"model": map[string]any{"type": "BPE", "vocab": vocabulary, "merges": []string{"Ġ ["}},
	}
	config := map[string]any{"tokenizer_class": "PreTrainedTokenizerFast", "bos_token": "<s>", "eos_token": map[string]any{"content": "</s>"}, "add_bos_token": true, "model_max_length": 4096}
	files := map[string]string{"chat_template.jinja": export.ChatTemplate, "config.json": `{"max_position_embeddings": 2048}`}
	if change != nil {
		change(config, tokenizer, files)
	}
	dir := t.TempDir()
	for name, v := range map[string]any{"tokenizer.json": tokenizer, "tokenizer_config.json": config} {
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = string(text)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func run(t *testing.T, name string, set *distill.Set) *Result {
	t.Helper()
	s, err := Open(t.Context(), name, Where{Getenv: os.Getenv})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	r, err := Run(t.Context(), set, s)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// point returns a point of a result.
func point(t *testing.T, r *Result, name string) Point {
	t.Helper()
	for _, p := range r.Points {
		if p.Name == name {
			return p
		}
	}
	t.Fatalf("no point %s: %+v", name, r.Points)
	return Point{}
}

func TestGoodFolder(t *testing.T) {
	r := run(t, folder(t, nil), invented())
	for _, name := range []string{"text", "tokens", "bos", "end", "trained", "context"} {
		if p := point(t, r, name); p.State != OK {
			t.Errorf("%s: %+v, %+v", name, p, p.Difference)
		}
	}
	if !r.OK || r.Conversations != 3 || r.All != 3 || r.Prompts != 6 || len(r.Notes) != 0 {
		t.Errorf("result: %+v", r)
	}
}

// TestBadFolder: each fault is found, and only that point fails.
func TestBadFolder(t *testing.T) {
	type m = map[string]any
	type s = map[string]string
	for _, tc := range []struct {
		name   string
		change func(config, tokenizer m, files s)
		point  string
		state  string
		note   string
		where  *Difference
	}{
		{"no BOS in prompts", func(config, tokenizer m, _ s) { config["add_bos_token"], tokenizer["post_processor"] = false, nil },
			"bos", Failed, "add_bos_token was lost", nil},
		{"no BOS in training", func(_, _ m, f s) {
			f["chat_template.jinja"] = strings.TrimPrefix(export.ChatTemplate, "{{ bos_token }}")
		},
			"bos", Failed, "the chat template writes none", nil},
		{"BOS twice", func(_, _ m, f s) { f["chat_template.jinja"] = "{{ bos_token }}" + export.ChatTemplate }, "bos", Failed, "2 times in training", nil},
		{"no key about BOS", func(config, _ m, _ s) { delete(config, "add_bos_token") }, "bos", OK, "once", nil},
		{"a line break", func(_, _ m, f s) {
			f["chat_template.jinja"] = strings.Replace(export.ChatTemplate, "}}</s>", "}}</s>\n", 1)
		},
			"text", Failed, "renders another text than the prompts",
			&Difference{Conversation: "a/0", Question: "person", At: 180, Student: "\nUSER: What describes person in the text…", Prompt: "USER: What describes person in the text?…"}},
		{"</s> is no token", func(_, tokenizer m, _ s) { tokenizer["added_tokens"] = tokenizer["added_tokens"].([]any)[:1] }, "end", Failed, "</s> is 4 tokens", nil},
		{"</s> is not trained", func(_, _ m, f s) {
			f["chat_template.jinja"] = strings.Replace(export.ChatTemplate, "</s>{% endgeneration %}", "{% endgeneration %}</s>", 1)
		}, "trained", Failed, "leave out an answer or its </s>", nil},
		{"one of two equal answers is not trained", func(_, _ m, f s) {
			f["chat_template.jinja"] = strings.Replace(export.ChatTemplate, "{% else %}", "{% elif loop.index0 == 6 %} {{ m['content'] }}</s>{% else %}", 1)
		}, "trained", Failed, "conversation a/0: the marks of the chat template leave out an answer or its </s>", nil},
		{"no marks", func(_, _ m, f s) {
			f["chat_template.jinja"] = strings.NewReplacer("{% generation %}", "", "{% endgeneration %}", "").Replace(export.ChatTemplate)
		}, "trained", Unknown, "no generation marks", nil},
		{"a blank by itself", func(_, tokenizer m, _ s) { tokenizer["model"].(m)["merges"] = []string{} }, "tokens", Failed, "the blank before an answer", nil},
		{"a short context", func(_, _ m, f s) { f["config.json"] = `{"max_position_embeddings": 300}` }, "context", Failed, "and the context is 300", nil},
		{"no template", func(_, _ m, f s) { delete(f, "chat_template.jinja") }, "text", Unknown, "no chat template", nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := run(t, folder(t, tc.change), invented())
			p := point(t, r, tc.point)
			if p.State != tc.state || !strings.Contains(p.Note, tc.note) {
				t.Errorf("point is %+v (all: %+v)", p, r.Points)
			}
			if tc.where != nil && (p.Difference == nil || *p.Difference != *tc.where) {
				t.Errorf("difference is %+v, want %+v", p.Difference, tc.where)
			}
			for _, other := range r.Points {
				if other.Name != tc.point && other.State == Failed && tc.name != "a line break" {
					t.Errorf("%s fails too: %+v", other.Name, other)
				}
			}
			if r.OK != (tc.state != Failed) {
				t.Errorf("ok is %t", r.OK)
			}
			if tc.name == "no key about BOS" && len(r.Notes) != 1 {
				t.Errorf("notes are %q", r.Notes)
			}
		})
	}
}

func TestOpenRefuses(t *testing.T) {
	for name, want := range map[string]string{
		filepath.Join(t.TempDir(), "missing"): "student:", t.TempDir(): "no tokenizer_config.json",
		folder(t, func(_, _ map[string]any, f map[string]string) { f["config.json"] = "{" }): "config.json",
	} {
		if _, err := Open(t.Context(), name, Where{Getenv: os.Getenv}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
}

func TestCard(t *testing.T) {
	set := invented()
	s := &Model{Name: "students/model.gguf", Run: "gguf//x/students/model.gguf", Context: 2048}
	dir := t.TempDir()
	file, err := WriteCard(set, s, dir)
	if err != nil || filepath.Base(file) != "students-model.toml" {
		t.Fatalf("%q, %v", file, err)
	}
	list, err := cards.Read(os.DirFS(dir))
	if err != nil || len(list) != 1 {
		t.Fatalf("%v, %v", list, err)
	}
	c := list[0]
	if c.Saw("ncbi") != "yes" || c.Saw("jnlpba") != "no" || c.Family != "uniner" || c.Variant != "repo+nl" || c.Model != s.Run || c.Context != 2048 {
		t.Errorf("card is %+v", c)
	}
	before, _ := os.ReadFile(file)
	if _, err := WriteCard(set, s, dir); err != nil {
		t.Errorf("again: %v", err)
	}
	set.Build.Sources = []distill.Source{{Dir: "made"}} // with passages without a dataset line
	if _, err := WriteCard(set, s, dir); err == nil || !strings.Contains(err.Error(), "variant is uniner repo+nl, and the training data has uniner repo") {
		t.Errorf("other prompts: %v", err)
	}
	set.Build.Sources, set.Build.Seen = nil, nil
	if _, err := WriteCard(set, s, dir); err == nil || !strings.Contains(err.Error(), "training is [ncbi], and the training data has []") {
		t.Errorf("another set: %v", err)
	}
	if after, _ := os.ReadFile(file); string(after) != string(before) {
		t.Error("the card changed")
	}
	if file, err := WriteCard(set, &Model{Name: "ollama/tiny:latest"}, dir); err != nil || filepath.Base(file) != "tiny-latest.toml" {
		t.Errorf("%q, %v", file, err)
	}
	if list, err := cards.Read(os.DirFS(dir)); err != nil || list[1].Saw("ncbi") != "no" {
		t.Errorf("no dataset: %+v, %v", list, err)
	}
}

// lose returns a copy of a GGUF file with add_bos_token = false, as some conversions write
// it.
func lose(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	const key = "tokenizer.ggml.add_bos_token"
	at := bytes.Index(text, []byte(key)) + len(key) + 4 // behind the type
	if at < len(key)+4 || text[at] != 1 {
		t.Fatalf("%s has no %s = true", file, key)
	}
	text[at] = 0
	name := filepath.Join(t.TempDir(), "lost.gguf")
	if err := os.WriteFile(name, text, 0o644); err != nil {
		t.Fatal(err)
	}
	return name
}

// withLibrary skips a test without llama.cpp.
func withLibrary(t *testing.T) {
	t.Helper()
	if _, err := open.LlamaFolders("", os.Getenv); err != nil {
		reference.Skip(t, err.Error())
	}
}

// tinyGGUF writes a model of random weights with the chat template.
func tinyGGUF(t *testing.T) string {
	t.Helper()
	var model bytes.Buffer
	if err := tinymodel.Write(&model, 1); err != nil {
		t.Fatal(err)
	}
	text := model.Bytes()
	// The key comes first. Its length is a multiple of the alignment of weights.
	const key = "tokenizer.chat_template"
	value := export.ChatTemplate + "{#"
	for (8+len(key)+4+8+len(value)+2)%32 != 0 {
		value += " "
	}
	value += "#}"
	var pair []byte
	pair = binary.LittleEndian.AppendUint64(pair, uint64(len(key)))
	pair = append(pair, key...)
	pair = binary.LittleEndian.AppendUint32(pair, 8) // a string
	pair = binary.LittleEndian.AppendUint64(pair, uint64(len(value)))
	pair = append(pair, value...)
	binary.LittleEndian.PutUint64(text[16:], binary.LittleEndian.Uint64(text[16:])+1)
	name := filepath.Join(t.TempDir(), "tiny.gguf")
	if err := os.WriteFile(name, slices.Concat(text[:24], pair, text[24:]), 0o644); err != nil {
		t.Fatal(err)
	}
	return name
}

// TestGGUF finds the BOS that a conversion has lost (the same weights score less without
// it), and a pre-tokenizer that a converter did not know.
func TestGGUF(t *testing.T) {
	withLibrary(t)
	file := tinyGGUF(t)
	for _, tc := range []struct {
		name, file string
		bos        Point
	}{
		{"as made", file, Point{Name: "bos", State: OK, Note: "<s>, once"}},
		{"BOS lost", lose(t, file), Point{Name: "bos", State: Failed, Note: "prompts do not begin with <s>, and the training data does: add_bos_token was lost in a conversion"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := run(t, tc.file, invented())
			if got := point(t, r, "bos"); got != tc.bos {
				t.Errorf("bos is %+v, want %+v", got, tc.bos)
			}
			for _, name := range []string{"text", "end", "trained", "context"} {
				if p := point(t, r, name); p.State != OK {
					t.Errorf("%s: %+v", name, p)
				}
			}
			if p := point(t, r, "pre-tokenizer"); p.State != Failed || !strings.Contains(p.Note, "unknown to the converter") {
				t.Errorf("pre-tokenizer: %+v", p)
			}
		})
	}
}

func TestPreTokenizer(t *testing.T) {
	for in, want := range map[[2]string]string{
		{"gpt2", "llama-bpe"}: OK, {"gpt2", ""}: Failed, {"gpt2", "default"}: Failed, {"llama", "default"}: OK, {"", ""}: "",
	} {
		if got := preTokenizer(in[0], in[1]); got.State != want {
			t.Errorf("%q is %+v, want %q", in, got, want)
		}
	}
}

// TestTrainedStudents checks real students, whose template and BOS are right.
func TestTrainedStudents(t *testing.T) {
	for _, name := range []string{"tiny-uniner-none", "tiny-uniner-none/model-f16.gguf"} {
		t.Run(name, func(t *testing.T) {
			path := reference.Path(t, "models", name)
			if strings.HasSuffix(name, ".gguf") {
				withLibrary(t)
				if p := point(t, run(t, lose(t, path), invented()), "bos"); p.State != Failed {
					t.Errorf("BOS lost: %+v", p)
				}
			}
			r := run(t, path, invented())
			for _, p := range r.Points {
				if p.State == Failed || p.State == Unknown && p.Name != "trained" {
					t.Errorf("%s: %+v, %+v", p.Name, p, p.Difference)
				}
			}
		})
	}
}
