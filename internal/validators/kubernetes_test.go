//go:build validators

package validators

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestKubernetesFiles: the files of examples/kubernetes match the schemas of Kubernetes,
// which find a name or a type that is wrong.
func TestKubernetesFiles(t *testing.T) {
	python := os.Getenv("NERBENCH_VALIDATORS")
	if python == "" {
		t.Fatal("NERBENCH_VALIDATORS names no Python: see doc.go")
	}
	files, err := filepath.Glob("../../examples/kubernetes/*.yaml")
	if err != nil || len(files) < 3 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	check := func(file string) (string, error) {
		out, err := exec.Command(python, "-m", "kubernetes_validate", "--strict", file).CombinedOutput()
		return string(out), err
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		objects := 1 + strings.Count(string(text), "\n---\n")
		if out, err := check(file); err != nil || strings.Count(out, " passed for resource ") != objects {
			t.Errorf("%s: %v\n%s", file, err, out)
		}
		for _, change := range [][2]string{{"metadata:", "metadatum:"}, {"replicas: ", "replicas: x"}, {"name: ", "name: 1 # "}} {
			if !strings.Contains(string(text), change[0]) {
				continue
			}
			wrong := filepath.Join(t.TempDir(), "wrong.yaml")
			if err := os.WriteFile(wrong, []byte(strings.Replace(string(text), change[0], change[1], 1)), 0o600); err != nil {
				t.Fatal(err)
			}
			if out, err := check(wrong); err == nil {
				t.Errorf("%s with %q: %s", file, change[1], out)
			}
		}
	}
}
