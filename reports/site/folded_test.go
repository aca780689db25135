package site

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"nerbench/ner"
)

// folded is a board with a folded run, which predicts nothing.
func folded() (*Board, *fakeArchive) {
	board, archive := invented(9, true)
	board.Suites = []Suite{{ID: "demo", Title: "Demo", Datasets: []string{"demo"}}}
	f1 := 0.1
	board.Models[0].Others = []Configuration{{Name: "shots=3", Runs: []string{"run-x"}}}
	board.Folded = []Run{{ID: "run-x", Model: "a", Dataset: "demo", Configuration: "shots=3", Passages: 9, Complete: 9, Scores: map[string]Measure{"span_f1": {F1: &f1}}}}
	for i := range archive.documents["demo"] {
		d := &archive.documents["demo"][i]
		archive.answers["run-x"] = append(archive.answers["run-x"], told(d, nil, nil, Answer{Types: []ner.EntityType{"city"}, Text: "[]", Outcome: ner.Empty}))
	}
	return board, archive
}

func built(t *testing.T, b *Board, a Archive, mode AnswersMode) (read func(string) string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "site")
	if _, err := Build(t.Context(), dir, b, a, Options{Answers: mode}); err != nil {
		t.Fatal(err)
	}
	return func(name string) string {
		content, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
		if err != nil {
			return ""
		}
		return string(content)
	}
}

// TestFoldedRuns: the runs of other configurations have pages, which the page of the model
// links, and are no part of the numbers of the board.
func TestFoldedRuns(t *testing.T) {
	without, archive := folded()
	without.Folded = nil
	board, _ := folded()
	before, read := built(t, without, archive, AllAnswers), built(t, board, archive, AllAnswers)
	if !strings.Contains(read("m/a.html"), `<a href="../run/run-x.html">demo</a>`) || strings.Contains(before("m/a.html"), "run-x") {
		t.Error("the page of the model has no link")
	}
	page := read("run/run-x.html")
	for _, want := range []string{"Another configuration of", `<span class="mono">shots=3</span>`, `href="../m/a.html#configurations"`, `view.html#run=run-x"`} {
		if !strings.Contains(page, want) {
			t.Errorf("the page of the run has no %s", want)
		}
	}
	for _, name := range []string{"data/board.json", "matrix.html", "index.html", "d/demo.html", "run/run-a.html", "data/compare.json"} {
		if before(name) == "" || before(name) != read(name) {
			t.Errorf("%s changes with a folded run", name)
		}
	}
	var passages passagesData
	if err := json.Unmarshal([]byte(read("data/d/demo/passages.json")), &passages); err != nil {
		t.Fatal(err)
	}
	if last := passages.Runs[len(passages.Runs)-1]; len(passages.Runs) != 4 || last.Slug != "run-x" || last.Name != "A, shots=3" {
		t.Errorf("runs of the dataset: %+v", passages.Runs)
	}
	lazy, err := Open(board, archive, Options{Answers: AllAnswers})
	if err != nil {
		t.Fatal(err)
	}
	defer lazy.Close()
	for _, name := range []string{"run/run-x.html", "data/runs/run-x/answers.json"} {
		if content, err := lazy.File(name); err != nil || string(content) != read(name) {
			t.Errorf("%s of a server differs: %v", name, err)
		}
	}
}

// TestWithoutAnswers: the page of a run without a viewer says why.
func TestWithoutAnswers(t *testing.T) {
	for name, tc := range map[string]struct {
		run, want string
		mode      AnswersMode
		change    func(b *Board, a *fakeArchive)
	}{
		"a folded configuration": {"run-x", "This site has no answers of other configurations.", ErrorAnswers, nil},
		"none":                   {"run-a", "This site has no answers.", NoAnswers, nil},
		"other passages":         {"run-a", "on other passages than most runs", ErrorAnswers, func(_ *Board, a *fakeArchive) { delete(a.answers, "run-a") }},
		"no data":                {"run-a", "its passages were missing", ErrorAnswers, func(_ *Board, a *fakeArchive) { delete(a.documents, "demo") }},
	} {
		t.Run(name, func(t *testing.T) {
			board, archive := folded()
			board.Runs[0].Complete = 9
			if tc.change != nil {
				tc.change(board, archive)
			}
			page := built(t, board, archive, tc.mode)("run/" + tc.run + ".html")
			if !strings.Contains(page, tc.want) || strings.Contains(page, "view.html") {
				t.Errorf("no %q in the page", tc.want)
			}
		})
	}
	board, archive := folded()
	if page := built(t, board, archive, ErrorAnswers)("run/run-a.html"); strings.Contains(page, "This site has no") {
		t.Error("a run with answers has a reason")
	}
}

// TestAnswersWithoutText: of a submission without answers, there are offsets, types and
// outcomes, also where the text of the passage is shown.
func TestAnswersWithoutText(t *testing.T) {
	for _, mayShow := range []bool{false, true} {
		board, archive := invented(3, mayShow)
		for i := range archive.answers["run-a"] {
			a := &archive.answers["run-a"][i]
			a.WithoutText = true
			a.Answers = []Answer{{Outcome: ner.OK}, {Outcome: ner.Empty}}
			a.Unaligned = append(a.Unaligned, ner.Mention{Text: "0", Type: "city"})
		}
		s, err := newSite(board)
		if err != nil {
			t.Fatal(err)
		}
		files := &memoryFiles{byName: map[string]any{}}
		s.attach(t.Context(), archive, AllAnswers, files)
		if _, err := s.Findings("demo"); err != nil {
			t.Fatal(err)
		}
		c, ok := files.byName["runs/run-a/a000"].(chunk)
		if !ok || len(c.Items) != 3 {
			t.Fatalf("chunk %+v", files.byName["runs/run-a/a000"])
		}
		for _, item := range c.Items {
			var p predictedData
			if err := json.Unmarshal(item, &p); err != nil {
				t.Fatal(err)
			}
			if len(p.Spans) == 0 || !slices.Equal(p.Outcomes, []ner.Outcome{ner.OK, ner.Empty}) || len(p.Answers) > 0 || len(p.Other) == 0 || p.Other[0].Text != "" || p.Other[0].Type != "city" {
				t.Errorf("may be shown %v: %+v", mayShow, p)
			}
		}
	}
}

// failingFiles fails to write the file of comparisons, once.
type failingFiles struct{ failed bool }

func (f *failingFiles) Fixed(string, any) error { return nil }

func (f *failingFiles) Hashed(key string, _ any) (string, error) {
	if key == "compare" && !f.failed {
		f.failed = true
		return "data/compare.js", errors.New("disk full")
	}
	return "data/" + key + ".js", nil
}

// TestComparisonsAfterAFault: a file that could not be written is not taken for written.
func TestComparisonsAfterAFault(t *testing.T) {
	board, archive := folded()
	s, err := newSite(board)
	if err != nil {
		t.Fatal(err)
	}
	s.attach(t.Context(), archive, AllAnswers, &failingFiles{})
	if name, err := s.comparisonsFile(); name != "" || err == nil || s.compared != "" {
		t.Errorf("%q, %v, then %q", name, err, s.compared)
	}
	if name, err := s.comparisonsFile(); name != "data/compare.js" || err != nil {
		t.Errorf("again: %q, %v", name, err)
	}
}
