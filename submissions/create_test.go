package submissions

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nerbench/bundles"
	"nerbench/harness"
	"nerbench/internal/fault"
	"nerbench/metrics"
	"nerbench/ner"
	"nerbench/results"
)

// TestCreateRefuses: no bundle is written of runs that cannot be part of one, and no
// other file is replaced.
func TestCreateRefuses(t *testing.T) {
	w := newWorkplace(t)
	open := w.run(t, tiny, "open")[0]
	plan := tiny
	plan.Limit = 5
	first := w.run(t, plan, "open")[0]
	tagger := w.run(t, ner.Plan{Model: "tagger"}, "sample-law")[0]
	unscored := w.unscored(t, "shut")
	partial := w.partial(t)
	w.write(t, "other.txt", "a letter")
	for _, tc := range []struct {
		name, want string
		runs       []string
		out        string
	}{
		{"no run", "no run is selected", nil, ""},
		{"unknown run", "no such run", []string{"0123456789"}, ""},
		{"one dataset twice", "are both on open: a bundle has one run for each dataset", []string{open, first}, ""},
		{"two models", `are of different models: model is "vllm/tiny" and "tagger"`, []string{open, tagger}, ""},
		{"not scored", "has no scores of this version", []string{unscored}, ""},
		{"not complete", "1 of 3 passages are complete", []string{partial}, ""},
		{"another file", "exists and is not a bundle", []string{open}, "other.txt"},
		{"no folder", "not a directory", []string{open}, "other.txt/x.nbz"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			out := filepath.Join(w.dir, "refused.nbz")
			if tc.out != "" {
				out = filepath.Join(w.dir, tc.out)
			}
			_, err := Create(t.Context(), w.Bench, Request{Runs: tc.runs, Out: out})
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error is %v, want %q", err, tc.want)
			}
		})
	}
	if _, err := os.Stat(filepath.Join(w.dir, "refused.nbz")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a bundle was written: %v", err)
	}
	if text, err := os.ReadFile(filepath.Join(w.dir, "other.txt")); err != nil || string(text) != "a letter" {
		t.Errorf("another file is now %q, %v", text, err)
	}
	if left, _ := filepath.Glob(filepath.Join(os.TempDir(), "nerbench-bundle-*")); len(left) > 0 {
		t.Logf("temporary files that may be of other tests: %v", left)
	}
	path := w.bundle(t, "x.nbz", open)
	if again := w.bundle(t, "x.nbz", open); again != path {
		t.Error("a bundle cannot be replaced")
	}
}

// unscored is a run whose answers were not scored.
func (w *workplace) unscored(t *testing.T, id string) string {
	t.Helper()
	ds, err := w.AskedDatasets([]string{id}, "")
	if err != nil {
		t.Fatal(err)
	}
	s, err := w.Run(t.Context(), harness.Request{Plan: tiny, Datasets: ds, Servers: []string{w.server.URL}, AskOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	return s.Runs[0].Run
}

// partial is a run of three passages, of which one is complete.
func (w *workplace) partial(t *testing.T) string {
	t.Helper()
	store, err := w.OpenStore(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	run := ner.Run{Keys: map[string]string{"model": "vllm/tiny", "dataset": "open", "split": "dev"}}
	if err := store.Begin(t.Context(), run, 3); err != nil {
		t.Fatal(err)
	}
	writer := store.Writer(t.Context(), run.ID())
	p := ner.Passage{Document: "d", Answers: []ner.Answer{{Types: []ner.EntityType{"keeper"}}}}
	if err := writer.Record(t.Context(), p, true); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(writer.Close(), store.End(t.Context(), run.ID())); err != nil {
		t.Fatal(err)
	}
	return run.ID()
}

// TestStoreThatIsWritten: a run that another process is asking is refused, and others
// are not disturbed.
func TestStoreThatIsWritten(t *testing.T) {
	w := newWorkplace(t)
	run := w.run(t, tiny, "open")[0]
	store, err := w.OpenStore(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	asking := ner.Run{Keys: map[string]string{"model": "vllm/tiny", "dataset": "shut"}}
	if err := store.Begin(t.Context(), asking, 3); err != nil {
		t.Fatal(err)
	}
	_, err = Create(t.Context(), w.Bench, Request{Runs: []string{asking.ID()}, Out: filepath.Join(w.dir, "x.nbz")})
	if !errors.As(err, new(*results.AskedError)) {
		t.Errorf("a run that is asked: error is %v", err)
	}
	if _, err := Verify(t.Context(), w.Bench, w.bundle(t, "x.nbz", run)); err != nil {
		t.Errorf("another run of the store: %v", err)
	}
	before, err := store.Find(t.Context(), run)
	if err != nil {
		t.Fatal(err)
	}
	if err := store.AddFacts(t.Context(), run, map[string]string{"device": "CUDA0"}, nil); err != nil {
		t.Fatal(err)
	}
	if err := unchanged(t.Context(), store, []results.RunInfo{before}); err == nil || !strings.Contains(err.Error(), "another process changed it") {
		t.Errorf("a run that changed: error is %v", err)
	}
}

// TestStaleScores: scores that do not follow from the answers are not published.
func TestStaleScores(t *testing.T) {
	w := newWorkplace(t)
	run := w.run(t, tiny, "open")[0]
	store, err := w.OpenStore(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	info, err := store.Find(t.Context(), run)
	if err != nil {
		t.Fatal(err)
	}
	for id, m := range info.Scores.Metrics {
		if m.Passages, err = store.Counts(t.Context(), run, id); err != nil {
			t.Fatal(err)
		}
		m.Passages[3], m.Total.NPred = ner.Score{NPred: m.Passages[3].NPred + 1, NGold: m.Passages[3].NGold}, m.Total.NPred+1
		s := m.ByType["keeper"]
		s.NPred++
		m.ByType["keeper"] = s
		info.Scores.Metrics[id] = m
	}
	if err := errors.Join(store.SaveScores(t.Context(), run, info.Scores), store.Close()); err != nil {
		t.Fatal(err)
	}
	_, err = Create(t.Context(), w.Bench, Request{Runs: []string{run}, Out: filepath.Join(w.dir, "x.nbz")})
	if err == nil || !strings.Contains(err.Error(), "its answers have other counts than were stored") {
		t.Errorf("error is %v", err)
	}
}

// TestOldScores: scores of another version of the metrics are computed again first.
func TestOldScores(t *testing.T) {
	run := results.RunInfo{ID: "r", State: results.Complete, Passages: 1, Complete: 1, Scores: results.Scores{Passages: 1, Metrics: map[string]results.MetricScore{
		"span_f1": {Reader: "0", Version: metrics.Version},
	}}}
	if err := checkRun(run); err == nil || !strings.Contains(err.Error(), "no scores of this version") {
		t.Errorf("error is %v", err)
	}
}

func TestFileName(t *testing.T) {
	for model, want := range map[string]string{
		"ollama/Qwen3:8B": "ollama-qwen3-8b.nbz", "../../x": "x.nbz", "</script>": "script.nbz", "vllm//abs/path": "vllm-abs-path.nbz", "…": "model.nbz",
		"": "model.nbz", strings.Repeat("x", 300): strings.Repeat("x", 100) + ".nbz",
	} {
		if got := FileName(model); got != want {
			t.Errorf("%q: %s, want %s", model, got, want)
		}
	}
}

func TestPublished(t *testing.T) {
	run := results.RunInfo{
		Keys: map[string]string{
			"model": "openai//home/mira/m.gguf", "address": "http://10.0.0.7:8000", "root": "/srv/models/m", "server_version": "0.9.1", "stop": `["/end"]`,
			"training": "perceptron seed=0", "variant": "", "server": "vllm",
		},
		Facts: map[string]string{
			"device": "CUDA0", "answered_by": "/home/mira/m.gguf", "card": "~/cards/x", "thinking_marks": `["<a>","</a>"]`, "constrained_by": `C:\models`, "quantisation": "Q4/K",
		},
	}
	p := published(run)
	want := map[string]string{
		"model": "openai/m.gguf", "address": "sha256:", "root": "sha256:", "server_version": "0.9.1", "stop": `["/end"]`, "training": "perceptron seed=0", "server": "vllm",
		"device": "CUDA0", "answered_by": "sha256:", "card": "sha256:", "thinking_marks": `["<a>","</a>"]`, "constrained_by": "sha256:", "quantisation": "Q4/K",
	}
	for name, value := range want {
		got := p.Keys[name] + p.Facts[name]
		if got != value && !(value == "sha256:" && strings.HasPrefix(got, value) && len(got) == 19) {
			t.Errorf("%s is %q, want %q", name, got, value)
		}
	}
	if _, there := p.Keys["variant"]; there || len(p.Keys)+len(p.Facts) != len(want) {
		t.Errorf("published are %v and %v", p.Keys, p.Facts)
	}
	if run.Keys["root"] != "/srv/models/m" || run.Facts["card"] != "~/cards/x" {
		t.Error("the run itself was changed")
	}
	if got := modelName("onnx/models/x"); got != "onnx/models/x" {
		t.Errorf("a relative path is %s", got)
	}
}

func TestReadAbout(t *testing.T) {
	dir := t.TempDir()
	for name, tc := range map[string]struct{ text, want string }{
		"all": {`[model]
organisation = "Tessel Labs"
title = "Tiny"
url = "https://tiny.example/"
licence = "Apache-2.0"
open_weights = true
parameters = "7B"
released = "2026-05"
training = ["open"]
[submitter]
name = "Mira"
affiliation = "Zoo"
contact = "mira@zoo.example"
[declarations]
trained_on = "train"
configurations = 3
`, ""},
		"empty":       {"", ""},
		"unknown key": {"[model]\norganization = \"x\"\n", "organization"},
		"url":         {"[model]\nurl = \"file:///etc/passwd\"\n", "want an address https://"},
		"user":        {"[model]\nurl = \"https://mira:secret@tiny.example\"\n", "want an address https://"},
		"date":        {"[model]\nreleased = \"May 2026\"\n", "want 2006, 2006-01 or 2006-01-02"},
	} {
		path := filepath.Join(dir, "about.toml")
		if err := os.WriteFile(path, []byte(tc.text), 0o600); err != nil {
			t.Fatal(err)
		}
		a, err := ReadAbout(path)
		if tc.want == "" && err != nil || tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want) || !errors.As(err, new(*fault.UsageError))) {
			t.Errorf("%s: error is %v, want %q", name, err, tc.want)
		}
		if name == "all" && (a.Model.Parameters != "7B" || a.Submitter.Affiliation != "Zoo" || a.Declarations.Configurations != 3 || len(a.Model.Training) != 1) {
			t.Errorf("read %+v", a)
		}
	}
	if _, err := ReadAbout(filepath.Join(dir, "nosuch")); err == nil {
		t.Error("a file that does not exist is read")
	}
	if bundles.TrainedOn[0] != "none" {
		t.Error("the default of trained_on is another one")
	}
}
