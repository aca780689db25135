package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nerbench/internal/tinymodel"
)

// TestONNX: a token classifier of a few words is asked about a dataset, scored, and not
// asked again; what is wrong with its folder is said in a line, the store intact.
func TestONNX(t *testing.T) {
	w := newWorkplace(t, 40, 0)
	classifier := tinymodel.Classifier{
		Labels: []string{"O", "B-PER", "I-PER", "B-LOC"}, Positions: 16,
		Tokens: map[string]string{"Person": "B-PER", "Town": "B-LOC", "left": "O", ".": "O"},
		Order:  []string{"Person", "Town", "left", "."},
	}
	for i := range 10 { // Person12 is Person ##1 ##2
		digit := "##" + string(rune('0'+i))
		classifier.Tokens[digit], classifier.Order = "O", append(classifier.Order, digit)
	}
	folder := filepath.Join(w.dir, "classifier")
	if err := classifier.WriteFolder(folder); err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr := w.with(nil, "run", "-m", "onnx/classifier", "-d", "mini", "-q", "--aggregation", "first")
	if code != 0 || !strings.Contains(stdout, "40 of 40 passages") || !strings.Contains(stdout, "span_f1            F1 100.0") {
		t.Fatalf("exit code %d\n%s%s", code, stdout, stderr)
	}
	if code, stdout, _ = w.with(nil, "run", "-m", "onnx/classifier", "-d", "mini", "-q", "--aggregation", "first"); code != 0 || !strings.Contains(stdout, "asked now 0") {
		t.Errorf("again: exit code %d\n%s", code, stdout)
	}
	// Each token by itself: numbers are cut off, and nothing is right.
	if code, stdout, _ = w.with(nil, "run", "-m", "onnx/classifier", "-d", "mini", "-q"); code != 0 || !strings.Contains(stdout, "asked now 40") || !strings.Contains(stdout, "span_f1            F1 0.0") {
		t.Errorf("simple: exit code %d\n%s", code, stdout)
	}
	before := w.dump("results.db")
	if err := os.Remove(filepath.Join(folder, "tokenizer.json")); err != nil {
		t.Fatal(err)
	}
	classifier.Labels = []string{"O", "B-DISH"}
	classifier.Tokens, classifier.Order = map[string]string{"x": "B-DISH"}, []string{"x"}
	if err := classifier.WriteFolder(filepath.Join(w.dir, "other")); err != nil {
		t.Fatal(err)
	}
	for model, want := range map[string]string{
		"classifier": "classifier: no tokenizer.json", "other": "its labels (DISH) match no type of the dataset", "nosuch": "no such file",
	} {
		code, stdout, stderr := w.with(nil, "run", "-m", "onnx/"+model, "-d", "mini")
		lines := strings.Split(strings.TrimSpace(stderr), "\n")
		if code != exitError || stdout != "" || len(lines) != 2 || !strings.Contains(lines[0], want) || !strings.HasPrefix(lines[1], "nerbench: hint: ") {
			t.Errorf("%s: exit code %d\n%s%s", model, code, stdout, stderr)
		}
	}
	if after := w.dump("results.db"); after != before {
		t.Errorf("the store has changed:\n%s", after)
	}
}

// classifier writes an ONNX model, which knows the mentions of the workplace, as the folder
// "classifier".
func (w *workplace) classifier() {
	w.t.Helper()
	classifier := tinymodel.Classifier{
		Labels: []string{"O", "B-PER", "I-PER", "B-LOC"}, Positions: 16,
		Tokens: map[string]string{"Person": "B-PER", "Town": "B-LOC", "left": "O", ".": "O"},
		Order:  []string{"Person", "Town", "left", "."},
	}
	if err := classifier.WriteFolder(filepath.Join(w.dir, "classifier")); err != nil {
		w.t.Fatal(err)
	}
}

// TestONNXKilledAndContinued: a process that is killed, and given the same command,
// asks the rest; its store is that of a quiet day.
func TestONNXKilledAndContinued(t *testing.T) {
	t.Parallel()
	const passages = 400
	w := newWorkplace(t, passages, 0)
	w.classifier()
	asking := []string{"run", "-m", "onnx/classifier", "-d", "mini", "-q", "--store"}
	if code, _, stderr := w.with(nil, append(asking, "calm.db")...); code != 0 {
		t.Fatalf("undisturbed run: exit code %d\n%s", code, stderr)
	}
	kept := 0
	for range 4 {
		cmd := w.program(append(asking, "killed.db")...)
		kept = w.killAfterMore(cmd, "killed.db", kept, 0)
	}
	code, stdout, stderr := w.with(nil, append(asking, "killed.db")...)
	if code != 0 || kept == 0 || kept < passages && strings.Contains(stdout, "asked now 0,") {
		t.Fatalf("%d kept: exit code %d\n%s%s", kept, code, stdout, stderr)
	}
	if calm, killed := w.dump("calm.db"), w.dump("killed.db"); calm != killed {
		t.Error("the stores differ")
	}
	t.Logf("%d of %d passages were complete after four kills", kept, passages)
}
