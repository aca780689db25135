package site

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nerbench/internal/fault"
	"nerbench/ner"
)

// text returns a long text without repeats, so that a part of it is found wherever it
// is written.
func text(n int) string {
	return fmt.Sprintf("Passage%05d Zoë 👩‍🚀 flew from Ērgļi to Oslo %05d.", n, n)
}

// invented returns a board with one dataset of n passages and three runs: a is right
// in every third passage, b is right in all of them, and c in none.
func invented(n int, mayShow bool) (*Board, *fakeArchive) {
	board := &Board{
		Metrics: []string{"span_f1"}, Datasets: []Dataset{{ID: "demo", Title: "Demo", Text: mayShow, Passages: n, Types: []ner.EntityType{"person", "city"}}},
		Models: []Model{{Slug: "a", Name: "A", Address: "ollama/a:1b"}, {Slug: "b", Name: "B", Address: "vllm/b"}, {Slug: "c", Name: "C", Address: "openai/c"}},
	}
	archive := &fakeArchive{documents: map[string][]ner.Document{}, answers: map[string][]Answered{}}
	for i, m := range board.Models {
		f1 := []float64{0.7, 1, 0}[i]
		board.Runs = append(board.Runs, Run{ID: "run-" + m.Slug, Model: m.Slug, Dataset: "demo", Scores: map[string]Measure{"span_f1": {F1: &f1}}})
	}
	for i := range n {
		d := ner.Document{ID: fmt.Sprintf("demo/test/%d", i), Text: text(i)}
		zoe, from, to := find(&d, "Zoë", "person"), find(&d, "Ērgļi", "city"), find(&d, "Oslo", "city")
		d.Spans = []ner.Span{zoe, from, to}
		archive.documents["demo"] = append(archive.documents["demo"], d)
		answer := func(text string) Answer {
			return Answer{Types: []ner.EntityType{"city"}, Prompt: "Text: " + d.Text + "\nWhich cities?", Text: text, Outcome: ner.OK}
		}
		right := []ner.Span{zoe, from, to}
		a := told(&d, right, nil, answer(`["Ērgļi"]`))
		if i%3 > 0 {
			a = told(&d, []ner.Span{zoe, to, find(&d, "flew", "city")}, []ner.Mention{{Text: fmt.Sprintf("Hallucinated%05d", i), Type: "city"}}, answer(`["flew"]`))
		}
		archive.answers["run-a"] = append(archive.answers["run-a"], a)
		archive.answers["run-b"] = append(archive.answers["run-b"], told(&d, right, nil, answer("[]")))
		archive.answers["run-c"] = append(archive.answers["run-c"], told(&d, []ner.Span{find(&d, "flew", "city")}, nil,
			Answer{Types: []ner.EntityType{"city"}, Text: "I cannot" + strings.Repeat(" really", i%2*1000), Outcome: ner.NoStructure}))
	}
	return board, archive
}

func writtenData(t *testing.T, n int, mayShow bool, mode AnswersMode) (map[string]any, Findings) {
	t.Helper()
	board, archive := invented(n, mayShow)
	s, err := newSite(board)
	if err != nil {
		t.Fatal(err)
	}
	files := &memoryFiles{byName: map[string]any{}}
	s.attach(t.Context(), archive, mode, files)
	f, err := s.Findings("demo")
	if err != nil {
		t.Fatal(err)
	}
	return files.byName, f
}

func TestChunks(t *testing.T) {
	files, _ := writtenData(t, 1203, true, AllAnswers)
	entry := files["d/demo/passages"].(passagesData)
	if entry.Passages != 1203 || len(entry.Chunks) < 3 || len(entry.Runs) != 3 || entry.Runs[0].ID != "run-b" || *entry.Runs[0].F1 != 1 {
		t.Errorf("the dataset is %+v", entry)
	}
	at := 0
	for _, ref := range entry.Chunks {
		c := files[ref.File].(chunk)
		if ref.First != at || len(c.Items) > chunkPassages {
			t.Errorf("chunk %s begins at %d, want %d, and has %d passages", ref.File, ref.First, at, len(c.Items))
		}
		size := 0
		for _, item := range c.Items {
			var p passageData
			if err := json.Unmarshal(item, &p); err != nil {
				t.Fatal(err)
			}
			runes := []rune(p.Text)
			if got := string(runes[p.Gold[1].Start:p.Gold[1].End]); p.Text != text(at) || got != "Ērgļi" {
				t.Fatalf("passage %d is %+v, its second entity %q", at, p, got)
			}
			at++
			size += len(item)
		}
		if size > chunkBytes {
			t.Errorf("chunk %s has %d bytes", ref.File, size)
		}
	}
	if at != 1203 {
		t.Errorf("%d passages in chunks", at)
	}
	run := files["runs/run-a/answers"].(runData)
	if len(run.Templates) != 1 || strings.Join(run.Templates[0], "…") != "Text: …\nWhich cities?" {
		t.Errorf("templates %q", run.Templates)
	}
}

// TestAnswersModes checks which passages the chunks of runs have.
func TestAnswersModes(t *testing.T) {
	const n = 600
	drawn := draw("demo", n)
	if len(drawn) != drawnPassages {
		t.Errorf("%d passages are drawn", len(drawn))
	}
	for _, mode := range AnswersModes {
		files, _ := writtenData(t, n, true, mode)
		for run, wrong := range map[string]func(int) bool{
			"run-a": func(p int) bool { return p%3 > 0 }, "run-b": func(int) bool { return false }, "run-c": func(int) bool { return true },
		} {
			has := map[int]bool{}
			for _, ref := range files["runs/"+run+"/answers"].(runData).Chunks {
				for _, item := range files[ref.File].(chunk).Items {
					var p predictedData
					if err := json.Unmarshal(item, &p); err != nil {
						t.Fatal(err)
					}
					has[p.Passage] = true
				}
			}
			bits := files["runs/"+run+"/index"].(indexFile).Passages
			for p := range n {
				want := mode == AllAnswers || mode == ErrorAnswers && (wrong(p) || drawn[p])
				if has[p] != want || bits[8*p+7]&bitAnswers > 0 != want {
					t.Fatalf("--answers %s: %s: passage %d: in the chunks %v, want %v", mode, run, p, has[p], want)
				}
			}
		}
	}
}

// TestIndex checks the counts, the classes, and the keys of errors.
func TestIndex(t *testing.T) {
	files, _ := writtenData(t, 5, true, ErrorAnswers)
	x := files["runs/run-a/index"].(indexFile)
	want := []byte{2, 0, 2, 0, 1, 0, 1, 1<<0 | 1<<4 | bitAnswers | bitComplete} // passage 1
	if got := x.Passages[8:16]; !bytes.Equal(got, want) {
		t.Errorf("passage 1 is %v, want %v", got, want)
	}
	if got := len(x.Passages); got != 5*8 {
		t.Errorf("%d bytes", got)
	}
	if got := x.Types["city"]; !bytes.Equal(got, []byte{0b10110}) {
		t.Errorf("passages with errors about cities: %b", got)
	}
	if x.Types["person"] != nil {
		t.Error("an error about persons")
	}
	// Passages 1, 2 and 4 have one missed entity and two wrong predictions.
	if len(x.Errors) != 3*(4+3*4) || binary.LittleEndian.Uint16(x.Errors) != 1 || binary.LittleEndian.Uint16(x.Errors[2:]) != 2 {
		t.Errorf("errors are %v", x.Errors)
	}
	other := files["runs/run-c/index"].(indexFile)
	if got := other.Passages[8+6]; got != 6 || other.Passages[8+7]&bitUnreadable == 0 {
		t.Errorf("the outcome is number %d, want that of no_structure", got)
	}
}

func TestLongAnswers(t *testing.T) {
	files, _ := writtenData(t, 2, true, AllAnswers)
	whole, ok := files["runs/run-c/x1-0"].(longAnswer)
	if !ok || len(whole.Text) != len("I cannot")+7000 {
		t.Errorf("the long answer is not in a file of its own")
	}
	if _, ok := files["runs/run-c/x0-0"]; ok {
		t.Error("a short answer has a file of its own")
	}
	for _, tc := range []struct{ text, want string }{
		{strings.Repeat("x", longText), strings.Repeat("x", longText)},
		{strings.Repeat("é", longText), strings.Repeat("é", longText/2)},
		{"x" + strings.Repeat("é", longText), "x" + strings.Repeat("é", longText/2-1)},
	} {
		if got := beginning(tc.text); got != tc.want {
			t.Errorf("%d bytes are kept of %.10q, want %d", len(got), tc.text, len(tc.want))
		}
	}
}

// TestWithoutPermission checks that no data file has 8 characters of a text or of a
// mention that may not be shown.
func TestWithoutPermission(t *testing.T) {
	const n = 20
	for _, mode := range AnswersModes {
		files, _ := writtenData(t, n, false, mode)
		all, err := json.Marshal(files)
		if err != nil {
			t.Fatal(err)
		}
		for i := range n {
			secret := []rune(text(i) + " " + fmt.Sprintf("Hallucinated%05d", i))
			for at := 0; at+8 <= len(secret); at++ {
				if part := string(secret[at : at+8]); bytes.Contains(all, []byte(part)) {
					t.Fatalf("--answers %s: a file has %q", mode, part)
				}
			}
		}
		if mode != NoAnswers && !bytes.Contains(all, []byte(`"class":1`)) {
			t.Error("the offsets are missing")
		}
	}
	files, _ := writtenData(t, n, true, AllAnswers)
	if all, _ := json.Marshal(files); !bytes.Contains(all, []byte("Hallucinated00001")) {
		t.Error("the test cannot find mentions")
	}
}

func TestFindings(t *testing.T) {
	_, f := writtenData(t, 6, true, ErrorAnswers)
	if len(f.Hardest) != 4 || f.Hardest[0].Passage != 1 || f.Hardest[0].Wrong != 2 || f.Hardest[0].Systems != 3 {
		t.Errorf("hardest are %+v", f.Hardest)
	}
	if len(f.Against) != 8 || f.Against[0].Agree != 2 {
		t.Fatalf("against gold: %+v", f.Against)
	}
	for _, a := range f.Against {
		runes := []rune(text(a.Passage))
		if got := string(runes[a.Span.Start:a.Span.End]); a.Passage%3 == 0 || got != map[bool]string{true: "Ērgļi", false: "flew"}[a.Missed] {
			t.Errorf("%+v is %q", a, got)
		}
	}
}

func TestOtherPassagesAreRefused(t *testing.T) {
	board, archive := invented(3, true)
	archive.answers["run-a"][1].Document = "demo/test/7"
	s, err := newSite(board)
	if err != nil {
		t.Fatal(err)
	}
	s.attach(t.Context(), archive, AllAnswers, &memoryFiles{byName: map[string]any{}})
	if _, err := s.Findings("demo"); err == nil || !strings.Contains(err.Error(), "demo/test/7") {
		t.Errorf("error is %v", err)
	}
}

// TestLinksToAnswers checks that the pages of runs, datasets and models link to the
// passages, and that no page does without an archive.
func TestLinksToAnswers(t *testing.T) {
	board, archive := invented(9, true)
	board.Suites = []Suite{{ID: "demo", Title: "Demo", Datasets: []string{"demo"}}}
	for name, a := range map[string]Archive{"with": archive, "without": nil} {
		dir := filepath.Join(t.TempDir(), "board")
		if _, err := Build(t.Context(), dir, board, a, Options{}); err != nil {
			t.Fatal(err)
		}
		for page, links := range map[string][]string{
			"run/run-a.html":    {`../view.html#run=run-a"`, `../view.html#run=run-a&amp;show=errors"`, `../compare.html"`},
			"d/demo.html":       {`../view.html#run=run-b,run-a,run-c&amp;p=2"`, "<td>predicted by 2 of 3</td>", ">flew<", ">Ērgļi<"},
			"m/a.html":          {`../compare.html#a=a"`},
			"methods.html":      {`"compare.html"`},
			"view.html":         {`"outcomes"`},
			"compare.html":      {`id="compare"`, `data-file="data/compare.`},
			"data/compare.json": {`"metric":"span_f1"`},
		} {
			content, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(page)))
			if err != nil && a != nil {
				t.Error(err)
			}
			for _, l := range links {
				// A number in an attribute of JSON is escaped.
				has := strings.Contains(strings.ReplaceAll(string(content), "&#34;", `"`), l)
				if has != (a != nil) {
					t.Errorf("%s an archive: %s has %s: %v", name, page, l, has)
				}
			}
		}
	}
}

// TestMaxBytes checks that a folder over the limit is an error that names the flags, and
// that nothing stays.
func TestMaxBytes(t *testing.T) {
	board, archive := invented(9, true)
	dir := filepath.Join(t.TempDir(), "board")
	_, err := Build(t.Context(), dir, board, archive, Options{MaxBytes: 10_000})
	var hint *fault.Hint
	if !errors.As(err, &hint) || !strings.Contains(hint.Advice, "--max-size") {
		t.Errorf("error is %v", err)
	}
	if left, _ := os.ReadDir(filepath.Dir(dir)); len(left) > 0 {
		t.Errorf("%v is left", left)
	}
}
