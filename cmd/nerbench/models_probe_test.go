package main

import (
	"bytes"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"nerbench/datasets"
	"nerbench/internal/tinymodel"
	"nerbench/ner"
	"nerbench/runners/ollama/ollamatest"
)

// TestModelsCheckAsksForFewTokens: the server is asked for no more than the bound,
// eight questions and the longest.
func TestModelsCheckAsksForFewTokens(t *testing.T) {
	var mu sync.Mutex
	var limits []float64
	w := newWorkplace(t, 9, 0, func(f *ollamatest.Fake) {
		f.Intercept = func(_ http.ResponseWriter, r *ollamatest.Request) bool {
			mu.Lock()
			defer mu.Unlock()
			limits = append(limits, r.Options["num_predict"].(float64))
			return false
		}
	})
	v := w.check(0, "ollama/tiny", "--answer-tokens", "30", "--set", "context=2048")
	slices.Sort(limits)
	if want := []float64{1, 30, 30, 30, 30, 30, 30, 30, 30}; !slices.Equal(limits, want) {
		t.Errorf("asked for %v tokens, want %v", limits, want)
	}
	if v.Queries != 4 || v.MostTokens != 30 || v.Cut != 0 {
		t.Errorf("verdict is %+v", v)
	}
}

// TestModelsCheckBound: a model that never stops is asked for no more than the
// bound, and the bound is printed.
func TestModelsCheckBound(t *testing.T) {
	library := []string{"NERBENCH_LLAMA_LIB=" + llamaLibrary(t, "cpu")}
	w := newWorkplace(t, 9, 0)
	var b bytes.Buffer
	if err := tinymodel.WriteSize(&b, 3, tinymodel.Size{Vocabulary: 4096, Width: 256, Heads: 4, Layers: 3, Inner: 512}); err != nil {
		t.Fatal(err)
	}
	w.write("models/random.gguf", b.String())
	model := func(args ...string) []string {
		return append([]string{"models", "check", "gguf/models/random.gguf", "-d", "mini", "--threads", "1"}, args...)
	}
	code, stdout, stderr := w.with(library, model("--answer-tokens", "24")...)
	for _, want := range []string{"asked 4 questions twice: ", "bound: at most 24 tokens an answer and 2m0s for all questions; "} {
		if !strings.Contains(stdout, want) {
			t.Errorf("stdout lacks %q:\n%s", want, stdout)
		}
	}
	for _, want := range []string{
		"opening gguf/models/random.gguf", "asking 4 questions twice, then the longest one: at most 24 tokens an answer, and 2m0s for all questions",
		"4 of 4 questions were asked twice, ",
	} {
		if !strings.Contains(stderr, want) {
			t.Errorf("stderr lacks %q:\n%s", want, stderr)
		}
	}
	if code != 1 {
		t.Errorf("exit code %d: random answers can be read:\n%s", code, stdout)
	}
	written := 0
	if m := regexp.MustCompile(`; (\d+) tokens were written`).FindStringSubmatch(stdout); m != nil {
		written, _ = strconv.Atoi(m[1])
	}
	if most := 2*4*24 + 1; written > most || written < most/2 { // a random model seldom stops
		t.Errorf("%d tokens were written, want at most %d and about as many", written, most)
	}
	code, stdout, _ = w.with(library, model("--time-limit", "1ns", "--json")...)
	if code != 1 || !strings.Contains(stdout, "no answer came within 1ns") || !strings.Contains(stdout, `"answer_tokens": 0,`) {
		t.Errorf("without time: exit code %d\n%s", code, stdout)
	}
	for _, wrong := range [][]string{{"--answer-tokens", "0"}, {"--time-limit", "-1s"}} {
		if code, _, stderr := w.with(library, model(wrong...)...); code != 2 || !strings.Contains(stderr, wrong[0]) {
			t.Errorf("%v: exit code %d\n%s", wrong, code, stderr)
		}
	}
}

// TestJudge: answers that the bound cut are neither good nor bad.
func TestJudge(t *testing.T) {
	row, err := sampleRow("law")
	if err != nil {
		t.Fatal(err)
	}
	plan := runPlan{keys: map[string]string{"family": "uniner"}, rows: []*datasets.Row{row}}
	for _, tc := range []struct {
		name     string
		verdict  checkedModel
		ok       bool
		contains string
	}{
		{"all read", checkedModel{Queries: 4, Outcomes: map[ner.Outcome]int{ner.OK: 4}}, true, ""},
		{"some cut", checkedModel{Queries: 4, Cut: 1, MostTokens: 9, Outcomes: map[ner.Outcome]int{ner.OK: 3}}, true, "1 of 4 answers did not end within 9 tokens"},
		{"all cut", checkedModel{Queries: 4, Cut: 4, MostTokens: 9}, false, "no answer ended within 9 tokens"},
		{"stopped in between", checkedModel{Stopped: true, TimeLimit: "1s", Outcomes: map[ner.Outcome]int{ner.OK: 2}}, true, "the time limit of 1s ended the check"},
		{"stopped at once", checkedModel{Stopped: true, TimeLimit: "1s"}, false, "no answer came within 1s"},
		{"nothing to ask", checkedModel{}, false, "nothing to ask about"},
		{"another family", checkedModel{Queries: 4, Outcomes: map[ner.Outcome]int{ner.NoStructure: 4}}, false, "is uniner the family"},
	} {
		v := tc.verdict
		v.judge(plan, nil, ner.Completion{})
		said := strings.Join(append(v.Problems, v.Remarks...), "; ")
		if v.OK != tc.ok || !strings.Contains(said, tc.contains) || tc.contains == "" && said != "" {
			t.Errorf("%s: %v, %q", tc.name, v.OK, said)
		}
	}
}
