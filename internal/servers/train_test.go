//go:build unix

package servers

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"nerbench/internal/reference"
)

// trainer is the Python with the packages of examples/train.
func trainer(t *testing.T) string {
	t.Helper()
	path := os.Getenv("NERBENCH_TRAIN")
	if path == "" {
		reference.Skip(t, "NERBENCH_TRAIN names no Python with the packages of examples/train (.ci/train installs it)")
	}
	return path
}

// python runs a program, with one thread.
func (w *workplace) python(t *testing.T, python, program string, args ...string) {
	t.Helper()
	cmd := exec.Command(python, append([]string{program}, args...)...)
	cmd.Dir = w.dir
	cmd.Env = append(os.Environ(), "OMP_NUM_THREADS=1", "HF_HUB_OFFLINE=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", program, err, out)
	}
}

// TestConverted asks a file that to_gguf.py has written: its answers are the known ones.
// The tokenizer of the folder does not say that it adds BOS.
func TestConverted(t *testing.T) {
	python, model := trainer(t), newTrained(t)
	w := newWorkplace(t, "NERBENCH_LLAMA_LIB="+llamaLibrary(t, "cpu"))
	folder := filepath.Join(w.dir, "model")
	if err := os.CopyFS(folder, os.DirFS(model.folder)); err != nil {
		t.Fatal(err)
	}
	forgetBOS(t, filepath.Join(folder, "tokenizer_config.json"))
	w.python(t, python, trainFile(t, "to_gguf.py"), "model", "model.gguf")
	q := question{model: "gguf/model.gguf", dataset: "mit-restaurant", limit: 20, flags: []string{"--threads", "1"}}
	model.check(t, w, q, w.ask(t, q), 5, 0)
}

// forgetBOS removes add_bos_token from a file, as saving it with transformers 5 does.
func forgetBOS(t *testing.T, file string) {
	t.Helper()
	var config map[string]any
	readJSON(t, file, &config)
	if config["add_bos_token"] != true {
		t.Fatalf("%s: add_bos_token is %v", file, config["add_bos_token"])
	}
	delete(config, "add_bos_token")
	text, err := json.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(file); err != nil { // the copy of a file that nobody may write
		t.Fatal(err)
	}
	if err := os.WriteFile(file, text, 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestTrain takes a student from a dataset to a score, by the program of the export, which
// compares the labels of TRL with the answers. After 10 steps it is asked for 20, and goes on
// from the last checkpoint that is complete. The base is in 16-bit floats, in which AdamW
// would damage it: the student must not be.
func TestTrain(t *testing.T) {
	python, base := trainer(t), reference.Path(t, "models", "tiny-uniner-none")
	w := newWorkplace(t, "NERBENCH_LLAMA_LIB="+llamaLibrary(t, "cpu"))
	w.printed(t, "distill", "build", "-d", "mit-restaurant", "--held-out-too", "--variant", "repo", "--cap", "300", "--dev", "0", "--negatives", "frequency", "--out", "set")
	w.printed(t, "distill", "export", "set", "--for", "trl", "--out", "export")
	w.train(t, python, base, "10")
	if steps := trainedSteps(t, filepath.Join(w.dir, "student")); !slices.Equal(steps, []int{9, 10}) {
		t.Fatalf("10 steps left checkpoints %v", steps)
	}
	// The state of a checkpoint is written last: here, the writer was stopped before.
	if err := os.Mkdir(filepath.Join(w.dir, "student", "checkpoint-11"), 0o755); err != nil {
		t.Fatal(err)
	}
	// It goes on with the checkpoints of the first call, one at each step; a new training of
	// 20 steps has them at 18 and 20.
	w.train(t, python, base, "20")
	if steps := trainedSteps(t, filepath.Join(w.dir, "student")); !slices.Equal(steps, []int{19, 20}) {
		t.Fatalf("20 steps left checkpoints %v", steps)
	}
	var config struct {
		Type string `json:"dtype"`
	}
	readJSON(t, filepath.Join(w.dir, "student", "config.json"), &config)
	if config.Type != "float32" {
		t.Errorf("the student is in %s", config.Type)
	}
	w.python(t, python, trainFile(t, "to_gguf.py"), "student", "student.gguf")
	for _, student := range []string{"student", "student.gguf"} {
		w.printed(t, "distill", "check", "set", student)
	}
	q := question{model: "gguf/student.gguf", dataset: "mit-restaurant", limit: 10, flags: []string{"--threads", "1"}}
	result := w.ask(t, q)
	if result.Complete != q.limit || result.Scores["uniner_f1"].TP == 0 {
		t.Errorf("result is %+v", result)
	}
	t.Logf("after 20 steps of 4: %+v", result.Scores["uniner_f1"])
}

// train trains on the export.
func (w *workplace) train(t *testing.T, python, base, steps string) {
	t.Helper()
	w.python(t, python, filepath.Join("export", "train.py"), base, "student", "--steps", steps,
		"--batch", "4", "--accumulation", "1", "--learning-rate", "1.5e-3")
}

// trainedSteps are the steps of the checkpoints in the folder of a student.
func trainedSteps(t *testing.T, student string) []int {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(student, "checkpoint-*"))
	if err != nil {
		t.Fatal(err)
	}
	var steps []int
	for _, path := range found {
		var state struct {
			Step int `json:"global_step"`
		}
		readJSON(t, filepath.Join(path, "trainer_state.json"), &state)
		steps = append(steps, state.Step)
	}
	slices.Sort(steps)
	return steps
}

// readJSON reads a file into a value.
func readJSON(t *testing.T, path string, value any) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, value); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}
