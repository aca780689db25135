package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"nerbench/internal/tinymodel"
)

// writeClassifier writes a classifier that finds persons only, or places only.
func writeClassifier(t *testing.T, folder, finds string) {
	t.Helper()
	tags := map[string]string{"Person": "O", "Town": "O", "left": "O", ".": "O"}
	tags[finds] = map[string]string{"Person": "B-PER", "Town": "B-LOC"}[finds]
	order := []string{"Person", "Town", "left", "."}
	for i := range 10 { // Person12 is Person ##1 ##2
		digit := "##" + string(rune('0'+i))
		tags[digit], order = "O", append(order, digit)
	}
	c := tinymodel.Classifier{Labels: []string{"O", "B-PER", "B-LOC"}, Positions: 16, Tokens: tags, Order: order}
	if err := c.WriteFolder(folder); err != nil {
		t.Fatal(err)
	}
}

// TestModelNames: a model in a folder has the name that the user gave, in tables and
// comparisons. Two models never share a name, and the runs of older versions are
// continued.
func TestModelNames(t *testing.T) {
	w := newWorkplace(t, 4, 0)
	elsewhere := t.TempDir()
	for folder, finds := range map[string]string{
		filepath.Join(w.dir, "a/model"): "Person", filepath.Join(w.dir, "b/model"): "Town", filepath.Join(elsewhere, "model"): "Town",
	} {
		writeClassifier(t, folder, finds)
	}
	ask := func(model string, more ...string) string {
		t.Helper()
		code, stdout, stderr := w.with(nil, append([]string{"run", "-m", model, "-d", "mini", "--aggregation", "first"}, more...)...)
		if code != 0 {
			t.Fatalf("%s: exit code %d\n%s%s", model, code, stdout, stderr)
		}
		return stdout + stderr
	}
	models := func() []string {
		t.Helper()
		_, out := w.run("runs", "list", "--json")
		var runs []struct{ Keys map[string]string }
		if err := json.Unmarshal([]byte(out), &runs); err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, r := range runs {
			names = append(names, r.Keys["model"])
		}
		return names
	}
	ask("onnx/a/model")
	ask("onnx/./b//model/")
	if got, want := models(), []string{"onnx/a/model", "onnx/b/model"}; !slices.Equal(got, want) {
		t.Fatalf("models are %q, want %q", got, want)
	}
	for _, args := range [][]string{{"onnx/a/model", "onnx/b/model"}, {"onnx/./a/model", "onnx/b/model/"}, {"model=onnx/./a/model", "onnx/b/model"}} {
		if code, out := w.run("compare", args[0], args[1], "--ci", "0"); code != 0 || !strings.Contains(out, "flips: only A found 4 gold entities, only B 4") {
			t.Errorf("compare %q: exit code %d\n%s", args, code, out)
		}
	}
	if code, out := w.run("table"); code != 0 || !strings.Contains(out, "onnx/a/model") || !strings.Contains(out, "onnx/b/model") {
		t.Errorf("table: exit code %d\n%s", code, out)
	}
	if code, out := w.run("table", "--where", "model=onnx/./a/model"); code != 0 || !strings.Contains(out, "onnx/a/model") || strings.Contains(out, "onnx/b/model") {
		t.Errorf("table of one model: exit code %d\n%s", code, out)
	}

	// A path that leads elsewhere is shortened, as all paths were in older versions: a run
	// of the same weights is continued.
	ask("onnx/" + filepath.Join(elsewhere, "model"))
	writeClassifier(t, filepath.Join(w.dir, "x/model"), "Town")
	if out := ask("onnx/x/model"); !strings.Contains(out, "onnx/x/model is named onnx/model, as in earlier runs of the same weights") || !strings.Contains(out, "all 4 passages are complete") {
		t.Errorf("the same weights: %s", out)
	}
	// Other weights of this name get another name.
	writeClassifier(t, filepath.Join(elsewhere, "other/model"), "Person")
	out := ask("onnx/" + filepath.Join(elsewhere, "other/model"))
	if !strings.Contains(out, "the store has another model named onnx/model: this one is named onnx/model@") {
		t.Errorf("other weights: %s", out)
	}
	names := models()
	if len(names) != 4 || names[2] != "onnx/model" || !strings.HasPrefix(names[3], "onnx/model@") {
		t.Fatalf("models are %q", names)
	}
	if again := ask("onnx/" + filepath.Join(elsewhere, "other/model")); !strings.Contains(again, "all 4 passages are complete") || len(models()) != 4 {
		t.Errorf("again: %s, models %q", again, models())
	}
	if code, out := w.run("compare", "onnx/model", names[3], "--ci", "0"); code != 0 || !strings.Contains(out, "flips: only A found 4 gold entities, only B 4") {
		t.Errorf("compare: exit code %d\n%s", code, out)
	}

	// A file whose weights have changed is another model.
	if err := os.RemoveAll(filepath.Join(w.dir, "b")); err != nil {
		t.Fatal(err)
	}
	writeClassifier(t, filepath.Join(w.dir, "b/model"), "Person")
	ask("onnx/b/model")
	if names := models(); len(names) != 5 || !strings.HasPrefix(names[4], "onnx/b/model@") {
		t.Errorf("after a change the models are %q", names)
	}
}

// TestSweepOfEqualNames: a sweep over two models whose names are equal in the store finds
// the runs of each by the digests of their files.
func TestSweepOfEqualNames(t *testing.T) {
	w := newWorkplace(t, 4, 0)
	elsewhere := t.TempDir()
	w.write("plan.toml", fmt.Sprintf(`title = "Two models"
datasets = ["mini"]
[grid]
model = [%q, %q]
`, "onnx/"+filepath.Join(elsewhere, "a/model"), "onnx/"+filepath.Join(elsewhere, "b/model")))
	writeClassifier(t, filepath.Join(elsewhere, "a/model"), "Person")
	writeClassifier(t, filepath.Join(elsewhere, "b/model"), "Town")
	if code, stdout, stderr := w.with(nil, "sweep", "run", "plan.toml", "-q", "--ci", "1000"); code != 0 {
		t.Fatalf("exit code %d\n%s%s", code, stdout, stderr)
	}
	code, stdout, stderr := w.with(nil, "sweep", "status", "plan.toml", "--json")
	if code != 0 {
		t.Fatalf("status: exit code %d\n%s%s", code, stdout, stderr)
	}
	runs := map[string]bool{}
	for _, m := range regexp.MustCompile(`"[0-9a-f]{16}"`).FindAllString(stdout, -1) {
		runs[m] = true
	}
	if len(runs) != 2 {
		t.Errorf("the status names %d runs, want 2:\n%s", len(runs), stdout)
	}
}
