package onnx_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"nerbench/internal/fault"
	"nerbench/internal/tinymodel"
	"nerbench/ner"
	"nerbench/runners"
	"nerbench/runners/local/onnx"
	"nerbench/runners/runnertest"
)

// classifier labels a few words, and some word endings with labels of their own.
var classifier = tinymodel.Classifier{
	Labels: []string{"O", "B-PER", "I-PER", "B-LOC", "I-LOC", "B-SHIP"},
	Tokens: map[string]string{
		"Mira": "B-PER", "Lo": "B-PER", "##we": "I-PER", "Zo": "B-PER", "##ë": "O", "Ba": "B-PER", "##r": "O", "Port": "B-LOC", "Varna": "I-LOC",
		"Anna": "B-SHIP", "left": "O", ".": "O", "x": "O",
	},
	Order:     []string{"Mira", "Lo", "##we", "Zo", "##ë", "Ba", "##r", "Port", "Varna", "Anna", "left", ".", "x"},
	Positions: 16,
}

var types = map[string]ner.EntityType{"PER": "person", "loc": "place"}

func folder(t testing.TB) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "classifier")
	if err := classifier.WriteFolder(dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

func open(t testing.TB, c onnx.Config) *onnx.Runner {
	t.Helper()
	if c.Folder == "" {
		c.Folder = folder(t)
	}
	if c.Types == nil {
		c.Types = types
	}
	r, err := onnx.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return r
}

func query(text string) ner.Query {
	return ner.Query{Document: &ner.Document{Text: text}, Types: []ner.EntityType{"person", "place"}}
}

func TestConformance(t *testing.T) {
	dir := folder(t)
	runnertest.Run(t, runnertest.Suite{
		New:   func(t *testing.T) runners.Runner { return open(t, onnx.Config{Folder: dir}) },
		Query: query,
	})
}

// found are the spans of an answer, as "text/type".
func found(t *testing.T, r *onnx.Runner, text string) []string {
	t.Helper()
	got, err := r.Complete(t.Context(), []ner.Query{query(text)})
	if err != nil {
		t.Fatal(err)
	}
	var answer struct {
		Spans []struct {
			Start, End int
			Type       string
		}
	}
	if err := json.Unmarshal([]byte(got[0].Text), &answer); err != nil {
		t.Fatalf("%q: %v", got[0].Text, err)
	}
	points := []rune(text)
	var out []string
	for _, s := range answer.Spans {
		out = append(out, fmt.Sprintf("%d %s/%s", s.Start, string(points[s.Start:s.End]), s.Type))
	}
	return out
}

func TestSpans(t *testing.T) {
	dir := folder(t)
	for _, tc := range []struct {
		name, aggregation, text string
		want                    []string
	}{
		{"words and parts of words", "simple", "Mira left Port Varna . Lowe left", []string{"0 Mira/person", "10 Port Varna/place", "23 Lowe/person"}},
		{"two of a kind", "simple", "Mira Mira", []string{"0 Mira/person", "5 Mira/person"}},
		{"a label without a type", "simple", "Mira left Anna .", []string{"0 Mira/person"}},
		{"code points", "simple", "👩‍🚀 x Mira", []string{"6 Mira/person"}},
		{"simple: each token by itself", "simple", "Bar left", []string{"0 Ba/person"}},
		{"first: a word by its first token", "first", "Bar left Lowe .", []string{"0 Bar/person", "9 Lowe/person"}},
		{"a non-ASCII word is not split", "simple", "Zoë, left Mira.", []string{"0 Zoë/person", "10 Mira/person"}},
		{"nothing", "simple", "x x .", nil},
		{"no text", "simple", "", nil},
		{"blanks", "simple", " \n ", nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := open(t, onnx.Config{Folder: dir, Aggregation: tc.aggregation})
			if got := found(t, r, tc.text); !slices.Equal(got, tc.want) {
				t.Errorf("%q: %q, want %q", tc.text, got, tc.want)
			}
		})
	}
}

// TestWindows: a text that is too long for the model has the spans of its parts, each
// once and with the right offsets.
func TestWindows(t *testing.T) {
	r := open(t, onnx.Config{})
	for _, gap := range []int{0, 1, 2, 3, 5, 11} {
		var b strings.Builder
		var want []string
		for i := range 20 {
			b.WriteString(strings.Repeat("x ", gap))
			for _, e := range []struct{ text, typ string }{{"Mira", "person"}, {"Port Varna", "place"}, {"Lowe", "person"}}[i%3 : i%3+1] {
				want = append(want, fmt.Sprintf("%d %s/%s", b.Len(), e.text, e.typ))
				b.WriteString(e.text + " ")
			}
			b.WriteString("left ")
		}
		if got := found(t, r, b.String()); !slices.Equal(got, want) {
			t.Errorf("gap %d: %q, want %q", gap, got, want)
		}
	}
}

func TestIdentity(t *testing.T) {
	dir := folder(t)
	r := open(t, onnx.Config{Folder: dir})
	one := r.Identity()
	if one.Model != "onnx/classifier" || len(one.Digest) != 64 || one.ServerVersion != onnx.Version {
		t.Errorf("identity %+v", one)
	}
	if got := r.Unmapped(); !slices.Equal(got, []string{"SHIP"}) {
		t.Errorf("unmapped %q", got)
	}
	config := filepath.Join(dir, "config.json")
	text, err := os.ReadFile(config)
	if err == nil {
		err = os.WriteFile(config, append(text, '\n'), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	if other := open(t, onnx.Config{Folder: dir}).Identity(); other.Digest == one.Digest {
		t.Error("another file, the same digest")
	}
}

func TestOpenRefuses(t *testing.T) {
	without := func(name string) string {
		dir := folder(t)
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	with := func(name, content string) string {
		dir := folder(t)
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	for _, tc := range []struct {
		name   string
		config onnx.Config
		text   string
		advice string
	}{
		{"absent", onnx.Config{Folder: "nosuch"}, "no such file", "-m onnx/DIR"},
		{"no folder", onnx.Config{Folder: filepath.Join(folder(t), "model.onnx")}, "not a folder", "name the folder"},
		{"no model", onnx.Config{Folder: without("model.onnx")}, "no model.onnx", "optimum-cli"},
		{"no tokenizer", onnx.Config{Folder: without("tokenizer.json")}, "no tokenizer.json", "optimum-cli"},
		{"no config", onnx.Config{Folder: without("config.json")}, "no config.json", "optimum-cli"},
		{"config is not JSON", onnx.Config{Folder: with("config.json", "{")}, "unexpected end", "optimum-cli"},
		{"no labels", onnx.Config{Folder: with("config.json", `{"max_position_embeddings": 16}`)}, "not a token classifier", "optimum-cli"},
		{"broken tokenizer", onnx.Config{Folder: with("tokenizer.json", "{}")}, "returns no tokens", "optimum-cli"},
		{"empty model", onnx.Config{Folder: with("model.onnx", "")}, "model.onnx: empty", "optimum-cli"},
		{"model of no parts", onnx.Config{Folder: with("model.onnx", "\x08\x08")}, "the library cannot read the model", "optimum-cli"},
		{"empty config", onnx.Config{Folder: with("config.json", "")}, "config.json: empty", "optimum-cli"},
		{"empty tokenizer", onnx.Config{Folder: with("tokenizer.json", "")}, "tokenizer.json: empty", "optimum-cli"},
		{"null config", onnx.Config{Folder: with("config.json", "null")}, "no id2label", "optimum-cli"},
		{"nested tokenizer", onnx.Config{Folder: with("tokenizer.json", strings.Repeat("[", 1<<20))}, "exceeded max depth", "optimum-cli"},
		{"a negative label", onnx.Config{Folder: with("config.json", `{"id2label": {"-1": "O", "1": "B-PER"}}`)}, `id2label: "-1" is not a number from 0 to 1`, "optimum-cli"},
		{"labels are missing", onnx.Config{Folder: with("config.json", `{"id2label": {"1": "B-PER"}}`)}, `some labels are missing`, "optimum-cli"},
		{"no room for tokens", onnx.Config{Folder: with("config.json", `{"id2label": {"0": "B-PER"}, "max_position_embeddings": -5}`)}, "leaves -7 tokens", "optimum-cli"},
		{"broken model", onnx.Config{Folder: with("model.onnx", "hello")}, "onnx", "optimum-cli"},
		{"labels without types", onnx.Config{Types: map[string]ner.EntityType{"Dish": "dish"}}, "its labels (LOC, PER, SHIP) match no type of the dataset (Dish)", "--datasets"},
		{"unknown aggregation", onnx.Config{Aggregation: "best"}, "want simple or first", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if tc.config.Folder == "" {
				tc.config.Folder = folder(t)
			}
			if tc.config.Types == nil {
				tc.config.Types = types
			}
			r, err := onnx.Open(t.Context(), tc.config)
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

// TestOtherLabels: a model with other labels than its configuration gives no answers.
func TestOtherLabels(t *testing.T) {
	dir := folder(t)
	if err := os.WriteFile(filepath.Join(dir, "config.json"), []byte(`{"id2label": {"0": "O", "1": "B-PER"}}`), 0o644); err != nil {
		t.Fatal(err)
	}
	r := open(t, onnx.Config{Folder: dir})
	_, err := r.Complete(t.Context(), []ner.Query{query("Mira left")})
	if !errors.Is(err, runners.ErrFatal) || !strings.Contains(err.Error(), "6 numbers for a token, and config.json has 2 labels") {
		t.Errorf("error %v", err)
	}
}

// FuzzFolder: each folder ends in answers or in an error of one line.
func FuzzFolder(f *testing.F) {
	good := folder(f)
	var files [3][]byte
	names := []string{"config.json", "tokenizer.json", "model.onnx"}
	for i, name := range names {
		var err error
		if files[i], err = os.ReadFile(filepath.Join(good, name)); err != nil {
			f.Fatal(err)
		}
	}
	f.Add(files[0], files[1], files[2])
	f.Add(files[0], files[1], []byte{8, 8})
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, config, tokenizer, model []byte) {
		for i, content := range [][]byte{config, tokenizer, model} {
			if err := os.WriteFile(filepath.Join(dir, names[i]), content, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		r, err := onnx.Open(t.Context(), onnx.Config{Folder: dir, Types: types})
		if err == nil {
			defer r.Close()
			_, err = r.Complete(t.Context(), []ner.Query{query("Mira left Port Varna . Lowe left")})
		}
		if err != nil && strings.Contains(err.Error(), "\n") {
			t.Errorf("error %v", err)
		}
	})
}
