package llamacpp_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"nerbench/internal/fault"
	"nerbench/ner"
	"nerbench/runners"
	"nerbench/runners/local/chattemplate"
	"nerbench/runners/local/llamacpp"
)

func TestMain(m *testing.M) {
	if chattemplate.Serve() {
		return
	}
	os.Exit(m.Run())
}

// TestAbort: if an assertion of the library fails, the error is one line with advice, and
// the process goes on. The library cannot be used after it, so a process of its own runs
// the test.
func TestAbort(t *testing.T) {
	const variable = "NERBENCH_TEST_ABORT"
	dir := library(t)
	if os.Getenv(variable) == "" {
		command := exec.Command(os.Args[0], "-test.run=^TestAbort$")
		command.Env = append(os.Environ(), variable+"=1")
		if out, err := command.CombinedOutput(); err != nil || !bytes.Contains(out, []byte("PASS")) {
			t.Errorf("%v: %s", err, out)
		}
		return
	}
	file := tiny(t)
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	key := []byte("llama.attention.layer_norm_rms_epsilon")
	at := bytes.Index(b, key) + len(key) + 4
	binary.LittleEndian.PutUint32(b[at:], math.Float32bits(-1)) // no such number: an assertion of the computation
	bad := filepath.Join(t.TempDir(), "bad.gguf")
	if err := os.WriteFile(bad, b, 0o644); err != nil {
		t.Fatal(err)
	}
	check := func(err error, text string) {
		t.Helper()
		hint, _ := errors.AsType[*fault.Hint](err)
		if err == nil || !strings.Contains(err.Error(), text) || strings.Contains(err.Error(), "\n") || hint == nil {
			t.Errorf("error %v, hint %+v; want %q", err, hint, text)
		}
	}
	config := llamacpp.Config{File: bad, Library: dir, Threads: 2, Decoding: runners.Decoding{Context: 512, Seed: 1}}
	r, err := llamacpp.Open(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		_, err = r.Complete(t.Context(), []ner.Query{query("Text: x", 4), query("Text: y", 4)})
		check(err, "llama.cpp failed: assertion (eps >= 0.0f) failed")
		if !errors.Is(err, runners.ErrFatal) {
			t.Errorf("error %v is not fatal", err)
		}
	}
	r.Close()
	_, err = llamacpp.Open(t.Context(), llamacpp.Config{File: file, Library: dir, Decoding: runners.Decoding{Context: 512}})
	check(err, "llama.cpp failed")
}
