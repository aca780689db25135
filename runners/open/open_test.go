package open_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"nerbench/runners/open"
)

// TestStoredNames checks that runs name a file or folder as it was given, and that the
// names of older versions are known.
func TestStoredNames(t *testing.T) {
	t.Chdir(t.TempDir())
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string][]string{
		"ollama/llama3.2":         {"ollama/llama3.2"},
		"vllm/org/name":           {"vllm/org/name"},
		"tagger":                  {"tagger"},
		"gguf/models/a/b.gguf":    {"gguf/models/a/b.gguf", "gguf/a/b.gguf"},
		"gguf/a/b.gguf":           {"gguf/a/b.gguf"},
		"gguf//models/a/b.gguf":   {"gguf/a/b.gguf"},
		"gguf/b.gguf":             {"gguf/b.gguf", "gguf/" + filepath.Base(here) + "/b.gguf"},
		"onnx/models/classifier/": {"onnx/models/classifier", "onnx/classifier"},
		"onnx/.":                  {"onnx/" + filepath.Base(here)},
		"nosuch/x":                {"nosuch/x"},
	} {
		if got := open.StoredNames(name); !slices.Equal(got, want) {
			t.Errorf("StoredNames(%s) = %q, want %q", name, got, want)
		}
	}
}

func TestIsStored(t *testing.T) {
	names := []string{"gguf/m/a.gguf", "gguf/a.gguf", "gguf/x@y.gguf"}
	digest := "0123456789abcdef0123"
	for stored, want := range map[string]bool{
		"gguf/m/a.gguf": true, "gguf/a.gguf": true, "gguf/b.gguf": false, "gguf/a.ggufx": false,
		open.WithDigest("gguf/a.gguf", digest): true, open.WithDigest("gguf/b.gguf", digest): false, "": false,
		"gguf/x@y.gguf": true, open.WithDigest("gguf/x@y.gguf", digest): true, "gguf/x": false,
	} {
		if got := open.IsStored(stored, names); got != want {
			t.Errorf("%q: %v, want %v", stored, got, want)
		}
	}
}

func TestParseKeepAlive(t *testing.T) {
	for text, want := range map[string]time.Duration{"30m": 30 * time.Minute, "-1": -time.Second, "0": 0, "90": 90 * time.Second, "-1m": -time.Minute} {
		if got, err := open.ParseKeepAlive(text); err != nil || got == nil || *got != want {
			t.Errorf("ParseKeepAlive(%s) = %v, %v, want %s", text, got, err, want)
		}
	}
	if got, err := open.ParseKeepAlive(""); got != nil || err != nil {
		t.Errorf("no time is %v, %v", got, err)
	}
	for _, text := range []string{"soon", "1.5", "5 m"} {
		if _, err := open.ParseKeepAlive(text); err == nil {
			t.Errorf("%s is accepted", text)
		}
	}
}
