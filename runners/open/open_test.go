package open_test

import (
	"os"
	"path/filepath"
	"testing"

	"nerbench/runners/open"
)

// TestStoredName: runs name a file or folder without its path.
func TestStoredName(t *testing.T) {
	t.Chdir(t.TempDir())
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"ollama/llama3.2":         "ollama/llama3.2",
		"vllm/org/name":           "vllm/org/name",
		"tagger":                  "tagger",
		"gguf/models/a/b.gguf":    "gguf/a/b.gguf",
		"gguf//models/a/b.gguf":   "gguf/a/b.gguf",
		"gguf/b.gguf":             "gguf/" + filepath.Base(here) + "/b.gguf",
		"onnx/models/classifier/": "onnx/classifier",
		"onnx/.":                  "onnx/" + filepath.Base(here),
		"nosuch/x":                "nosuch/x",
	} {
		if got := open.StoredName(name); got != want {
			t.Errorf("StoredName(%s) = %s, want %s", name, got, want)
		}
	}
}
