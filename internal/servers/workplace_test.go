//go:build unix

package servers

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"nerbench/harness"
	"nerbench/internal/reference"
	"nerbench/results"
	"nerbench/runners/local/llamacpp"
)

// workplace is a folder in which the program runs, with a store, and variables of
// the environment.
type workplace struct {
	dir string
	env []string
}

// newWorkplace is an empty folder, with the native files of the reference.
func newWorkplace(t testing.TB, env ...string) *workplace {
	t.Helper()
	env = append(env, "NERBENCH_DATA="+reference.Path(t, "data"), "NERBENCH_DATASETS=")
	return &workplace{dir: t.TempDir(), env: env}
}

// with is the same folder with more variables.
func (w *workplace) with(env ...string) *workplace {
	return &workplace{dir: w.dir, env: append(append([]string{}, w.env...), env...)}
}

func (w *workplace) command(args ...string) *exec.Cmd {
	cmd := exec.Command(nerbench, args...)
	cmd.Dir = w.dir
	cmd.Env = append(os.Environ(), w.env...)
	return cmd
}

// run runs the program to its end.
func (w *workplace) run(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	cmd := w.command(args...)
	var out, complaints bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaints
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), out.String(), complaints.String()
}

// printed is the output of the program, which must succeed.
func (w *workplace) printed(t *testing.T, args ...string) string {
	t.Helper()
	code, stdout, stderr := w.run(t, args...)
	if code != 0 {
		t.Fatalf("%v: exit code %d\n%s%s", args, code, stdout, stderr)
	}
	return stdout
}

// ask asks a model about the first passages of a dataset, and returns the result.
func (w *workplace) ask(t *testing.T, question question) harness.Result {
	t.Helper()
	return readResult(t, w.printed(t, question.args()...))
}

// askKilled is ask, but for a kill once some passages are in the store: the same
// command then continues the run.
func (w *workplace) askKilled(t *testing.T, question question) harness.Result {
	t.Helper()
	w.killOnce(t, question.args()...)
	result := w.ask(t, question)
	if result.Asked == 0 || result.Asked >= result.Queries {
		t.Errorf("%d of %d queries were asked after the kill", result.Asked, result.Queries)
	}
	return result
}

func readResult(t *testing.T, stdout string) harness.Result {
	t.Helper()
	var summary harness.Summary
	if err := json.Unmarshal([]byte(stdout), &summary); err != nil || len(summary.Runs) == 0 {
		t.Fatalf("no result: %v\n%s", err, stdout)
	}
	return summary.Runs[0]
}

// killOnce starts a run and kills it once it has kept some passages. A run that has ended
// before that was noticed, on a busy machine, is started again, with the store as it was.
func (w *workplace) killOnce(t *testing.T, args ...string) {
	t.Helper()
	before := w.kept(t)
	store := w.stored(t)
	for range 5 {
		killed := w.command(args...)
		var output bytes.Buffer
		killed.Stdout, killed.Stderr = &output, &output
		if err := killed.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- killed.Wait() }()
		for w.kept(t) == before && len(ended) == 0 {
			time.Sleep(20 * time.Millisecond)
		}
		_ = killed.Process.Kill() // it may have ended
		switch err := <-ended; {
		case !killed.ProcessState.Exited():
			return
		case err != nil:
			t.Fatalf("the run failed: %v\n%s", err, output.String())
		}
		for name := range w.stored(t) {
			if err := os.Remove(name); err != nil {
				t.Fatal(err)
			}
		}
		for name, content := range store {
			if err := os.WriteFile(name, content, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	t.Fatal("the run always ends by itself")
}

// stored are the files of the store.
func (w *workplace) stored(t *testing.T) map[string][]byte {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(w.dir, "results.db*"))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for _, name := range names {
		if files[name], err = os.ReadFile(name); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

// kept is the number of complete passages in the store.
func (w *workplace) kept(t *testing.T) (n int) {
	t.Helper()
	store, err := results.Open(t.Context(), filepath.Join(w.dir, "results.db"), results.Create)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	runs, err := store.Runs(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range runs {
		n += r.Complete
	}
	return n
}

// llamaLibrary is the folder of a kind of llama.cpp (cpu, vulkan).
func llamaLibrary(t testing.TB, kind string) string {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	dir := llamacpp.CacheFolder(cache, kind)
	if _, err := llamacpp.Find(dir, ""); err != nil {
		reference.Skip(t, err.Error())
	}
	return dir
}
