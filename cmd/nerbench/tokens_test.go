package main

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"nerbench/ner"
	"nerbench/runners/local/llamacpp"
	"nerbench/runners/ollama/ollamatest"
	"nerbench/runners/open"
)

// TestTokenisation: a server that splits each empty line into two tokens more than the
// model file is noticed by models check, and by compare and table in its runs.
func TestTokenisation(t *testing.T) {
	library := llamaLibrary(t, "cpu")
	var count atomic.Pointer[func(prompt string) int]
	w := newWorkplace(t, 4, 0, func(f *ollamatest.Fake) { f.Tokens = func(prompt string) int { return (*count.Load())(prompt) } })
	sum := fmt.Sprintf("%x", sha256.Sum256(w.tinyModel("tiny.gguf")))
	folders, err := open.LlamaFolders("", os.Getenv) // a process loads one library: that of doctor
	if err != nil {
		t.Fatal(err)
	}
	own, err := llamacpp.OpenVocabulary(folders[0], filepath.Join(w.dir, "tiny.gguf"))
	if err != nil {
		t.Fatal(err)
	}
	defer own.Close()
	exact := func(prompt string) int {
		n, err := own.Count(&ner.Prompt{Text: prompt})
		if err != nil {
			t.Error(err)
		}
		return n
	}
	count.Store(&exact)
	llama := []string{"--llama-lib", library}
	check := func(args ...string) (stdout, stderr string) {
		t.Helper()
		code, stdout, stderr := w.with(nil, append(append([]string{"models", "check", "ollama/tiny"}, llama...), args...)...)
		if strings.Contains(stderr, "panic") || code > 2 {
			t.Errorf("exit code %d\n%s", code, stderr)
		}
		return stdout, stderr
	}
	if stdout, _ := check(); strings.Contains(stdout, "tokenisation") {
		t.Errorf("the server reports no file, but\n%s", stdout)
	}
	if stdout, _ := check("--reference", "gguf/tiny.gguf"); !strings.Contains(stdout, "tokenisation: the same as by the model file (") {
		t.Errorf("the check says\n%s", stdout)
	}
	if _, stderr := check("--reference", "tiny.gguf"); !strings.Contains(stderr, "want gguf/FILE") {
		t.Errorf("the check says\n%s", stderr)
	}
	w.fake.SetModelfile("# Modelfile\nFROM /nowhere/blobs/sha256-" + sum + "\nTEMPLATE x\n")
	if stdout, _ := check(); !strings.Contains(stdout, "tokenisation: unchecked: the model file of the server cannot be read here") {
		t.Errorf("the check says\n%s", stdout)
	}
	blob := filepath.Join(w.dir, "blobs", "sha256-"+sum)
	w.tinyModel("blobs/sha256-" + sum)
	w.fake.SetModelfile("# Modelfile\nFROM " + blob + "\nTEMPLATE x\n")
	others := func(prompt string) int {
		return exact(prompt) + strings.Count(prompt, "\n") + strings.Count(prompt, "Text:")
	}
	count.Store(&others)
	if stdout, _ := check(); !strings.Contains(stdout, `tokenisation: differs from the model file in `) || !strings.Contains(stdout, `“one⏎two” has 6 tokens by the model file, 7 on the server`) ||
		!strings.Contains(stdout, "note: the server splits texts into other tokens than the model file") {
		t.Errorf("the check says\n%s", stdout)
	}

	w.fake.Change(func(string) string { return "[]" })
	for _, args := range [][]string{{"-m", "ollama/tiny"}, append([]string{"-m", "gguf/tiny.gguf", "--set", "max_tokens=1"}, llama...)} {
		if code, _, stderr := w.with(nil, append([]string{"run", "-d", "mini", "-q"}, args...)...); code != 0 {
			t.Fatalf("%q: exit code %d\n%s", args, code, stderr)
		}
	}
	const model = "gguf/tiny.gguf"
	const want = "8 of 8 prompts have other token counts ("
	if code, stdout, stderr := w.with(nil, "compare", "ollama/tiny", model); code != 0 || !strings.Contains(stdout, want) {
		t.Errorf("compare: exit code %d\n%s%s", code, stdout, stderr)
	}
	if code, stdout, stderr := w.with(nil, "table"); code != 0 || !strings.Contains(stdout, want) {
		t.Errorf("table: exit code %d\n%s%s", code, stdout, stderr)
	}
	if code, stdout, stderr := w.with(nil, "compare", "ollama/tiny", model, "--json"); code != 0 || !strings.Contains(stdout, `"differ": 8`) {
		t.Errorf("compare --json: exit code %d\n%s%s", code, stdout, stderr)
	}
}
