//go:build unix

package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"nerbench/internal/reference"
)

// TestFleetOfLocalModels: workers that have the model in their own process answer as one
// process does, and a worker that is killed is replaced by another one.
func TestFleetOfLocalModels(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name     string
		passages int
		prepare  func(t *testing.T, w *workplace) (env, model []string)
		ask      []string
	}{
		{"exec", 120, func(t *testing.T, w *workplace) ([]string, []string) {
			return nil, []string{"-m", "exec/spans", "--command", commandOf(t, "spans")}
		}, nil},
		{"onnx", 400, func(t *testing.T, w *workplace) ([]string, []string) {
			w.classifier()
			return nil, []string{"-m", "onnx/classifier"}
		}, []string{"--aggregation", "first"}},
		{"gguf", 30, func(t *testing.T, w *workplace) ([]string, []string) {
			// Trained: the last bit of a sum, which depends on what shares a batch, changes no answer.
			file := reference.Path(t, "models", "tiny-uniner-uniform", "model-q8_0.gguf")
			library := llamaLibrary(t, "cpu")
			if err := os.Symlink(file, filepath.Join(w.dir, "tiny.gguf")); err != nil {
				t.Fatal(err)
			}
			return []string{"NERBENCH_LLAMA_LIB=" + library}, []string{"-m", "gguf/tiny.gguf", "--threads", "1"}
		}, []string{"--set", "max_tokens=16"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			f := &machines{workplace: newWorkplace(t, tc.passages, 0), passages: tc.passages, store: "results.db", join: "results.db.fleet"}
			t.Cleanup(f.end)
			env, model := tc.prepare(t, f.workplace)
			start := func(args ...string) *member {
				cmd := f.program(args...)
				cmd.Env = append(cmd.Env, env...)
				return f.launch(cmd)
			}
			ask := slices.Concat([]string{"run", "-d", "mini", "--probe", "0"}, model, tc.ask, []string{"--store"})
			worker := func() *member { return start(append([]string{"worker", "--join", f.join}, model...)...) }
			for killed := false; !killed; {
				f.again()
				f.fill(f.passages)
				calm := start(append(ask, f.store)...)
				if code := calm.wait(); code != exitOK {
					t.Fatalf("one process: exit code %d\n%s", code, calm.output)
				}
				f.want, _ = f.dumped(f.store)
				f.again()
				f.coordinator = start(append(ask, f.store, "--listen", "127.0.0.1:0")...)
				f.workers = []*member{worker()}
				f.awaitMore(f.store, 0, f.coordinator.ended)
				f.workers[0].kill()
				// Nobody else is there: the run goes on if the worker was killed in the middle.
				// Else it was too fast, and has twice as many passages next time.
				if killed = f.says(f.coordinator, "is gone: silent"); !killed {
					f.passages *= 2
				}
			}
			f.workers = append(f.workers, worker(), worker())
			f.finish()
		})
	}
}

// TestWorkerStartsOnce: a worker starts a program once for the datasets of a command.
func TestWorkerStartsOnce(t *testing.T) {
	t.Parallel()
	f := &machines{workplace: newWorkplace(t, 1, 0), store: "results.db", join: "results.db.fleet"}
	t.Cleanup(f.end)
	model := []string{"-m", "exec/x", "--command", commandOf(t, "recorded")}
	ask := slices.Concat([]string{"run", "-q", "--probe", "0"}, model, f.three(4))
	f.must(append(ask, "--store", "calm.db")...)
	f.write("processes", "")
	f.coordinator = f.start(append(ask, "--store", f.store, "--listen", "127.0.0.1:0")...)
	worker := f.start(append([]string{"worker", "--join", f.join}, model...)...)
	f.workers = []*member{worker}
	if code := f.coordinator.wait(); code != exitOK {
		t.Fatalf("exit code %d", code)
	}
	if err := worker.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if code := worker.wait(); code != exitInterrupted {
		t.Errorf("worker: exit code %d", code)
	}
	f.awaitEnd("processes")
	text, err := os.ReadFile(filepath.Join(f.dir, "processes"))
	if starts := len(strings.Fields(string(text))); err != nil || starts != 1 {
		t.Errorf("%d starts, %v", starts, err)
	}
	if f.dump("calm.db") != f.dump(f.store) {
		t.Error("the stores differ")
	}
}
