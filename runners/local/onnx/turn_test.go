package onnx_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"nerbench/ner"
	"nerbench/runners/local/onnx"
)

// TestTurn: a loaded classifier takes the types of the next dataset, and is opened again if
// anything in its folder has changed, or if it cannot answer.
func TestTurn(t *testing.T) {
	config := func(dir string) onnx.Config { return onnx.Config{Folder: dir, Types: types} }
	t.Run("types", func(t *testing.T) {
		c := config(folder(t))
		r := open(t, c)
		const text = "Mira left Bar ."
		for _, next := range []struct {
			types       map[string]ner.EntityType
			aggregation string
			want        []string
			unmapped    []string
		}{
			{types, "simple", []string{"0 Mira/person", "10 Ba/person"}, []string{"SHIP"}},
			{map[string]ner.EntityType{"PER": "place", "SHIP": "person"}, "first", []string{"0 Mira/place", "10 Bar/place"}, []string{"LOC"}},
			{types, "", []string{"0 Mira/person", "10 Ba/person"}, []string{"SHIP"}},
		} {
			c.Types, c.Aggregation = next.types, next.aggregation
			if !r.Turn(t.Context(), c) {
				t.Fatal("the classifier must be opened again")
			}
			if got := found(t, r, text); !slices.Equal(got, next.want) || !slices.Equal(r.Unmapped(), next.unmapped) {
				t.Errorf("%q without %q, want %q without %q", got, r.Unmapped(), next.want, next.unmapped)
			}
		}
		for name, change := range map[string]func(*onnx.Config){
			"folder":      func(c *onnx.Config) { c.Folder = folder(t) },
			"types":       func(c *onnx.Config) { c.Types = map[string]ner.EntityType{"DISH": "dish"} },
			"aggregation": func(c *onnx.Config) { c.Aggregation = "most" },
		} {
			other := c
			change(&other)
			if r.Turn(t.Context(), other) {
				t.Errorf("%s: the classifier is the same", name)
			}
		}
		if got := found(t, r, text); !slices.Equal(got, []string{"0 Mira/person", "10 Ba/person"}) { // none of these has changed anything
			t.Errorf("%q", got)
		}
	})
	for name, change := range map[string]func(dir string) error{
		"another model": func(dir string) error { // of the same size
			other := classifier
			other.Labels = slices.Clone(classifier.Labels)
			other.Labels[1], other.Labels[3] = other.Labels[3], other.Labels[1]
			return other.WriteFolder(dir)
		},
		"no tokenizer":  func(dir string) error { return os.Remove(filepath.Join(dir, "tokenizer.json")) },
		"another label": func(dir string) error { return os.WriteFile(filepath.Join(dir, "config.json"), []byte(`{}`), 0o600) },
		"two models": func(dir string) error {
			if err := os.Mkdir(filepath.Join(dir, "more"), 0o700); err != nil {
				return err
			}
			return os.WriteFile(filepath.Join(dir, "more", "model.onnx"), nil, 0o600)
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := config(folder(t))
			r := open(t, c)
			if !r.Turn(t.Context(), c) {
				t.Error("the classifier must be opened again")
			}
			if err := change(c.Folder); err != nil {
				t.Fatal(err)
			}
			if r.Turn(t.Context(), c) {
				t.Error("the classifier is the same")
			}
		})
	}
}
