package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"nerbench/internal/reference"
)

// three adds three datasets, each with passages of another length and another label of
// places, and returns the flags that name them.
func (w *workplace) three(passages int) (flags []string) {
	w.t.Helper()
	mini, err := os.ReadFile(filepath.Join(w.dir, "datasets/mini.toml"))
	if err != nil {
		w.t.Fatal(err)
	}
	for i, id := range []string{"mini-a", "mini-b", "mini-c"} {
		place := []string{"LOC", "PLACE", "LOC"}[i]
		w.write("datasets/"+id+".toml", strings.NewReplacer(`id = "mini"`, `id = "`+id+`"`, `data_dir = "mini"`, `data_dir = "`+id+`"`, `"LOC"`, `"`+place+`"`).Replace(string(mini)))
		var test strings.Builder
		for n := range passages {
			fmt.Fprintf(&test, "Person%d\tB-PER\nleft\tO\nTown2\tB-%s\n%s.\tO\n\n", i+7*n, place, strings.Repeat("and\tO\n", []int{2, 40, 9}[i]))
		}
		w.write("data/"+id+"/test.tsv", test.String())
		flags = append(flags, "-d", id)
	}
	return flags
}

// TestKeptModels: the runs of a command over several datasets, for which a model in the
// process is loaded once, are those of one command for each dataset.
func TestKeptModels(t *testing.T) {
	t.Parallel()
	llama := func(t *testing.T) []string { return []string{"NERBENCH_LLAMA_LIB=" + llamaLibrary(t, "cpu")} }
	for _, tc := range []struct {
		name    string
		prepare func(t *testing.T, w *workplace) (env []string)
		args    []string
	}{
		{"onnx", func(t *testing.T, w *workplace) []string { w.classifier(); return nil }, []string{"-m", "onnx/classifier", "--aggregation", "first"}},
		// One query at a time: what shares a batch may change the last bit of a sum, and so the
		// answers of a model of random weights.
		{"gguf", func(t *testing.T, w *workplace) []string { w.tinyModel("tiny.gguf"); return llama(t) }, []string{"-m", "gguf/tiny.gguf", "--threads", "1", "--sequences", "1", "--set", "max_tokens=12"}},
		{"gguf, trained", func(t *testing.T, w *workplace) []string {
			file := reference.Path(t, "models", "tiny-uniner-frequency", "model-f16.gguf")
			if err := os.Symlink(file, filepath.Join(w.dir, "tiny.gguf")); err != nil {
				t.Fatal(err)
			}
			return llama(t)
		}, []string{"-m", "gguf/tiny.gguf", "--threads", "1", "--set", "max_tokens=24"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := newWorkplace(t, 1, 0)
			env, datasets := tc.prepare(t, w), w.three(6)
			run := func(store string, datasets ...string) {
				t.Helper()
				code, stdout, stderr := w.with(env, slices.Concat([]string{"run", "-q", "--store", store}, tc.args, datasets)...)
				if code != exitOK || strings.Count(stdout, "6 of 6 passages") != len(datasets)/2 {
					t.Fatalf("%s: exit code %d\n%s%s", datasets, code, stdout, stderr)
				}
			}
			for i := range 3 {
				run("each.db", datasets[2*i:2*i+2]...)
			}
			run("all.db", datasets...)
			each, all := w.dump("each.db"), w.dump("all.db")
			if each != all || !strings.Contains(each, "mini-c") {
				t.Errorf("the stores differ:\n%s\n%s", each, all)
			}
		})
	}
}
