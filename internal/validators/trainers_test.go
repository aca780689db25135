//go:build validators

package validators

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestTrainersReadExports lets the libraries of trainers read the exports of training data
// (the golden files of distill/export): GLiNER its words, spans and classes; datasets all
// files; transformers the chat template, and what is trained.
func TestTrainersReadExports(t *testing.T) {
	for _, tc := range []struct{ kind, variable, script string }{
		{"gliner", "NERBENCH_ADAPTERS", ".ci/adapters"}, {"trl", "NERBENCH_TRAIN", ".ci/train"},
	} {
		t.Run(tc.kind, func(t *testing.T) {
			python := os.Getenv(tc.variable)
			if python == "" {
				t.Skipf("%s names no Python (%s installs it)", tc.variable, tc.script)
			}
			folder, err := filepath.Abs(filepath.Join("..", "..", "distill", "export", "testdata"))
			if err != nil {
				t.Fatal(err)
			}
			check := exec.Command(python, "testdata/trainers.py", tc.kind, folder)
			check.Env = append(os.Environ(), "HF_HUB_OFFLINE=1", "HF_HOME="+t.TempDir())
			out, err := check.CombinedOutput()
			if err != nil || !strings.HasSuffix(string(out), tc.kind+": ok\n") {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}
