package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"nerbench/harness"
	"nerbench/internal/reference"
	"nerbench/ner"
	"nerbench/runners/ollama/ollamatest"
)

// referenceRow is what a small trained model answers, computed elsewhere.
type referenceDataset struct {
	First200 struct {
		TP    int `json:"tp"`
		NPred int `json:"n_pred"`
		NGold int `json:"n_gold"`
		Void  int `json:"void"`
	} `json:"first_200"`
	Answers [][]string `json:"answers_first_200"`
}

// TestRealServer runs the main job against a real Ollama server with a small
// trained model whose answers are known: it is killed once and continued, and
// ends with the known scores in store, table and report.
func TestRealServer(t *testing.T) {
	model := reference.Path(t, "models", "tiny-uniner-frequency")
	data := reference.Path(t, "data")
	server := ollamatest.Start(t)
	server.Create(t, "tiny-uniner-frequency", filepath.Join(model, "model-f16.gguf"))
	w := &workplace{t: t, dir: t.TempDir()}
	env := []string{"OLLAMA_HOST=" + server.Host, "NERBENCH_DATA=" + data, "NERBENCH_DATASETS="}
	run := func(args ...string) (int, string) {
		t.Helper()
		cmd := w.program(args...)
		cmd.Env = append(cmd.Env, env...)
		out, err := cmd.Output()
		if err != nil && cmd.ProcessState == nil {
			t.Fatal(err)
		}
		return cmd.ProcessState.ExitCode(), string(out)
	}
	var ds map[string]referenceDataset
	readReference(t, filepath.Join(model, "reference.json"), &ds)

	const dataset, limit = "mit-restaurant", 200
	asking := []string{"run", "-m", "ollama/tiny-uniner-frequency", "-q", "--json", "--limit", strconv.Itoa(limit), "-d", dataset}
	w.killOnce(t, env, asking...)
	code, out := run(asking...)
	var summary harness.Summary
	if err := json.Unmarshal([]byte(out), &summary); code != 0 || err != nil {
		t.Fatalf("exit code %d, %v\n%s", code, err, out)
	}
	report := summary.Runs[0]
	if report.Complete != limit || report.Queries != limit*len(ds[dataset].Answers[0]) || report.Asked == 0 || report.Asked >= report.Queries {
		t.Errorf("%d passages, %d queries, %d asked after the kill", report.Complete, report.Queries, report.Asked)
	}
	different := listDifferent(t, w, report.Run, ds[dataset].Answers[:limit])
	if most := report.Queries / 100; len(different) > most {
		t.Errorf("%d of %d answers differ from the reference, at most %d may:\n%s", len(different), report.Queries, most, strings.Join(different, "\n"))
	}
	checkCounts(t, report, ds[dataset])
	if code, out := run("table", "--metric", "uniner_f1", "--format", "csv", "--suite", "crossner-mit"); code != 0 || !strings.Contains(out, "mit-restaurant") {
		t.Errorf("table: exit code %d\n%s", code, out)
	}
	if code, out := run("site", "build"); code != 0 {
		t.Errorf("site: exit code %d\n%s", code, out)
	}
	page, err := os.ReadFile(filepath.Join(w.dir, "report", "index.html"))
	if err != nil || !strings.Contains(string(page), "mit-restaurant") {
		t.Errorf("the report does not show the dataset: %v", err)
	}
}

func readReference(t *testing.T, name string, ds *map[string]referenceDataset) {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Rows map[string]referenceDataset }
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	*ds = file.Rows
}

// checkCounts holds the string-set counts to the reference: each answer that
// differs may change a few.
func checkCounts(t *testing.T, report harness.Result, want referenceDataset) {
	t.Helper()
	got := report.Scores["uniner_f1"]
	near := func(what string, got, want int) {
		if d := got - want; d < -16 || d > 16 {
			t.Errorf("%s is %d, want about %d", what, got, want)
		}
	}
	if got.NGold != want.First200.NGold {
		t.Errorf("n_gold is %d, want %d", got.NGold, want.First200.NGold)
	}
	near("tp", int(got.TP), want.First200.TP)
	near("n_pred", got.NPred, want.First200.NPred)
	if report.Outcomes[ner.OK] == 0 {
		t.Errorf("outcomes are %v", report.Outcomes)
	}
	t.Logf("%s: tp %g, n_pred %d, n_gold %d; reference %+v", report.Dataset, got.TP, got.NPred, got.NGold, want.First200)
}
