//go:build validators

package validators

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestGLiNERReadsExports lets GLiNER read an export of training data (a golden file of
// distill/export): words, spans and classes.
func TestGLiNERReadsExports(t *testing.T) {
	readExports(t, "gliner", "NERBENCH_ADAPTERS", ".ci/adapters")
}

// readExports runs the part of testdata/trainers.py for a kind of trainer.
func readExports(t *testing.T, kind, variable, script string) {
	t.Helper()
	python := os.Getenv(variable)
	if python == "" {
		t.Fatalf("%s names no Python (%s installs it)", variable, script)
	}
	folder, err := filepath.Abs(filepath.Join("..", "..", "distill", "export", "testdata"))
	if err != nil {
		t.Fatal(err)
	}
	check := exec.Command(python, "testdata/trainers.py", kind, folder)
	// LLaMA-Factory refuses transformers later than 5.6, which only its trainer needs.
	check.Env = append(os.Environ(), "HF_HUB_OFFLINE=1", "HF_HOME="+t.TempDir(), "DISABLE_VERSION_CHECK=1")
	out, err := check.CombinedOutput()
	if err != nil || !strings.HasSuffix(string(out), kind+": ok\n") {
		t.Errorf("%v\n%s", err, out)
	}
}
