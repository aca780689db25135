//go:build unix

package servers

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// trainFile is a file of examples/train.
func trainFile(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("..", "..", "examples", "train", name))
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// TestTrainPins compares the packages that an export for TRL names with those that
// .ci/train installs.
func TestTrainPins(t *testing.T) {
	installed, err := os.ReadFile(trainFile(t, "requirements.txt"))
	if err != nil {
		t.Fatal(err)
	}
	exported, err := os.ReadFile(filepath.Join("..", "..", "distill", "export", "assets", "trl", "requirements.txt"))
	if err != nil {
		t.Fatal(err)
	}
	for _, pin := range append(strings.Fields(string(exported)), "gguf==0.19.0") {
		if !strings.Contains(string(installed), "\n"+pin+"\n") {
			t.Errorf("%s is not installed by .ci/train", pin)
		}
	}
}
