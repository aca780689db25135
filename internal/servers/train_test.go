//go:build unix && train

package servers

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"nerbench/internal/reference"
)

// trainer is the Python with the packages of examples/train. make train installs them and
// runs these tests, which have a build tag (docs/decisions/0028-training.md).
func trainer(t *testing.T) string {
	t.Helper()
	path := os.Getenv("NERBENCH_TRAIN")
	if path == "" {
		t.Fatal("NERBENCH_TRAIN names no Python with the packages of examples/train (.ci/train)")
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
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var config map[string]any
	if err := json.Unmarshal(text, &config); err != nil {
		t.Fatal(err)
	}
	if config["add_bos_token"] != true {
		t.Fatalf("%s: add_bos_token is %v", file, config["add_bos_token"])
	}
	delete(config, "add_bos_token")
	if text, err = json.Marshal(config); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(file); err != nil { // the copy of a file that nobody may write
		t.Fatal(err)
	}
	if err := os.WriteFile(file, text, 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestTrain takes a student from a dataset to a score, with 20 steps of training.
func TestTrain(t *testing.T) {
	python, base := trainer(t), reference.Path(t, "models", "tiny-uniner-none")
	w := newWorkplace(t, "NERBENCH_LLAMA_LIB="+llamaLibrary(t, "cpu"))
	w.printed(t, "distill", "build", "-d", "mit-restaurant", "--held-out-too", "--variant", "repo", "--cap", "300", "--negatives", "frequency", "--out", "set")
	w.printed(t, "distill", "export", "set", "--for", "trl", "--out", "export")
	// It compares the labels of TRL with the answers.
	w.python(t, python, trainFile(t, "train.py"), "--base", base, "--data", "export", "--out", "student", "--steps", "20", "--batch", "4")
	w.python(t, python, trainFile(t, "to_gguf.py"), "student", "student.gguf")
	for _, student := range []string{"student", "student.gguf"} {
		w.printed(t, "distill", "check", "set", student)
	}
	q := question{model: "gguf/student.gguf", dataset: "mit-restaurant", limit: 10, flags: []string{"--threads", "1"}}
	if result := w.ask(t, q); result.Complete != q.limit || result.Scores["uniner_f1"].TP == 0 {
		t.Errorf("result is %+v", result)
	}
}

// TestTrainExport trains two steps with the program of an export itself. The base is in
// 16-bit floats, in which AdamW would damage it: the student must not be.
func TestTrainExport(t *testing.T) {
	python, base := trainer(t), reference.Path(t, "models", "tiny-uniner-none")
	w := newWorkplace(t)
	w.printed(t, "distill", "build", "-d", "mit-restaurant", "--held-out-too", "--variant", "repo", "--cap", "50", "--negatives", "frequency", "--out", "set")
	w.printed(t, "distill", "export", "set", "--for", "trl", "--out", "export")
	t.Setenv("MAX_STEPS", "2")
	w.python(t, python, filepath.Join("export", "train.py"), base, "student")
	w.printed(t, "distill", "check", "set", "student")
	text, err := os.ReadFile(filepath.Join(w.dir, "student", "config.json"))
	if err != nil {
		t.Fatal(err)
	}
	var config struct {
		Type string `json:"dtype"`
	}
	if err := json.Unmarshal(text, &config); err != nil || config.Type != "float32" {
		t.Errorf("the student is in %s, %v", config.Type, err)
	}
}
