package onnx_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"nerbench/ner"
	"nerbench/runners/local/onnx"
	"nerbench/runners/runnertest"
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
			if !runnertest.Turns(t, r, c) {
				t.Fatal("the classifier must be opened again")
			}
			if got := found(t, r, text); !slices.Equal(got, next.want) || !slices.Equal(r.Unmapped(), next.unmapped) {
				t.Errorf("%q without %q, want %q without %q", got, r.Unmapped(), next.want, next.unmapped)
			}
		}
		other := c
		if other.Folder = folder(t); runnertest.Turns(t, r, other) {
			t.Error("another folder is the same classifier")
		}
		for name, change := range map[string]func(*onnx.Config){
			"match no type of the dataset": func(c *onnx.Config) { c.Types = map[string]ner.EntityType{"DISH": "dish"} },
			`aggregation "most"`:           func(c *onnx.Config) { c.Aggregation = "most" },
		} {
			other := c
			change(&other)
			if turned, err := r.Turn(t.Context(), other); turned || err == nil || !strings.Contains(err.Error(), name) {
				t.Errorf("%v, error %v, want %s", turned, err, name)
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
		"no tokenizer": func(dir string) error { return os.Remove(filepath.Join(dir, "tokenizer.json")) },
		"no labels":    func(dir string) error { return os.WriteFile(filepath.Join(dir, "config.json"), []byte(`{}`), 0o600) },
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
			if !runnertest.Turns(t, r, c) {
				t.Error("the classifier must be opened again")
			}
			if err := change(c.Folder); err != nil {
				t.Fatal(err)
			}
			if runnertest.Turns(t, r, c) {
				t.Error("the classifier is the same")
			}
		})
	}
}
