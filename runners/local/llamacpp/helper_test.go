package llamacpp_test

import (
	"os"
	"path/filepath"
	"testing"

	"nerbench/internal/reference"
	"nerbench/internal/tinymodel"
	"nerbench/ner"
	"nerbench/runners"
	"nerbench/runners/local/llamacpp"
)

// library is the folder of the library. Without one, the test is skipped.
func library(t testing.TB) string {
	t.Helper()
	cache, _ := os.UserCacheDir() // without a cache folder, no library is found there
	folders, err := llamacpp.Find(os.Getenv("NERBENCH_LLAMA_LIB"), cache)
	if err != nil {
		reference.Skip(t, err.Error())
	}
	return folders[0]
}

// tiny writes a model of random weights.
func tiny(t testing.TB) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "tiny.gguf")
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := tinymodel.Write(f, 1); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return file
}

func open(t testing.TB, c llamacpp.Config) *llamacpp.Runner {
	t.Helper()
	if c.Library = library(t); c.Decoding.Context == 0 {
		c.Decoding.Context = 512
	}
	if c.Threads == 0 {
		c.Threads = 1 // several threads wait for each other without sleep, which is slow beside other tests
	}
	if c.Decoding.Seed == 0 {
		c.Decoding.Seed = 1
	}
	r, err := llamacpp.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return r
}

func query(text string, most int) ner.Query {
	return ner.Query{Prompt: ner.Prompt{Text: text, MaxTokens: most}}
}

var _ runners.Runner = (*llamacpp.Runner)(nil)
