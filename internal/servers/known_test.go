//go:build unix

package servers

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"nerbench/harness"
	"nerbench/internal/reference"
	"nerbench/ner"
)

// question is the command that asks a model about the first passages of a dataset.
type question struct {
	model   string
	dataset string
	limit   int
	flags   []string
}

func (q question) args() []string {
	return append([]string{"run", "-m", q.model, "-d", q.dataset, "--limit", strconv.Itoa(q.limit), "-q", "--json"}, q.flags...)
}

// trained is a small trained model whose answers are known: they were computed
// elsewhere.
type trained struct {
	folder string
	file   string // GGUF
	known  map[string]knownDataset
}

type knownDataset struct {
	First200 struct {
		TP    int `json:"tp"`
		NPred int `json:"n_pred"`
		NGold int `json:"n_gold"`
		Void  int `json:"void"`
	} `json:"first_200"`
	Answers [][]string `json:"answers_first_200"`
}

func newTrained(t *testing.T) trained {
	t.Helper()
	folder := reference.Path(t, "models", "tiny-uniner-frequency")
	text, err := os.ReadFile(filepath.Join(folder, "reference.json"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Rows map[string]knownDataset }
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	return trained{folder, filepath.Join(folder, "model-f16.gguf"), file.Rows}
}

// check holds the answers of a run against the known ones: at most so many in a
// hundred differ, besides those that may. It returns how many do.
func (m trained) check(t *testing.T, w *workplace, q question, result harness.Result, percent, besides int) (differ int) {
	t.Helper()
	known := m.known[q.dataset]
	if result.Complete != q.limit || result.Queries != q.limit*len(known.Answers[0]) {
		t.Errorf("%d of %d passages are complete, with %d queries", result.Complete, q.limit, result.Queries)
	}
	different := different(t, w.answers(t, result.Run), known.Answers[:q.limit])
	t.Logf("%s: %d of %d answers differ:\n%s", q.dataset, len(different), result.Queries, strings.Join(different, "\n"))
	if most := result.Queries*percent/100 + besides; len(different) > most {
		t.Errorf("%s: %d of %d answers differ from the known ones, at most %d may", q.dataset, len(different), result.Queries, most)
	}
	return len(different)
}

// checkCounts holds the string-set counts of the first 200 passages against the
// known ones: each answer that differs may change a few.
func (m trained) checkCounts(t *testing.T, result harness.Result) {
	t.Helper()
	got, want := result.Scores["uniner_f1"], m.known[result.Dataset].First200
	near := func(name string, got, want int) {
		if d := got - want; d < -16 || d > 16 {
			t.Errorf("%s is %d, want about %d", name, got, want)
		}
	}
	if got.NGold != want.NGold {
		t.Errorf("n_gold is %d, want %d", got.NGold, want.NGold)
	}
	near("tp", int(got.TP), want.TP)
	near("n_pred", got.NPred, want.NPred)
	if result.Outcomes[ner.OK] == 0 {
		t.Errorf("outcomes are %v", result.Outcomes)
	}
	t.Logf("%s: tp %g, n_pred %d, n_gold %d; known: %+v", result.Dataset, got.TP, got.NPred, got.NGold, want)
}

// answers are the passages of a run with their answers.
func (w *workplace) answers(t *testing.T, run string) (passages []harness.AnswersLine) {
	t.Helper()
	for line := range strings.Lines(w.printed(t, "runs", "export", run, "--what", "answers", "-q")) {
		var passage harness.AnswersLine
		if err := json.Unmarshal([]byte(line), &passage); err != nil {
			t.Fatal(err)
		}
		passages = append(passages, passage)
	}
	return passages
}

// different lists the answers that differ from the known ones but for white space
// at their edges.
func different(t *testing.T, passages []harness.AnswersLine, want [][]string) (list []string) {
	t.Helper()
	if len(passages) != len(want) {
		t.Fatalf("%d passages, want %d", len(passages), len(want))
	}
	for i, passage := range passages {
		for k, a := range passage.Answers {
			if got, want := strings.TrimSpace(a.Text), strings.TrimSpace(want[i][k]); got != want {
				list = append(list, fmt.Sprintf("%s %s (%d tokens): %q, not %q", passage.ID, a.Types, a.AnswerTokens, got, want))
			}
		}
	}
	return list
}

// withoutEnd is the number of answers that ended for no reason that the server
// named.
func withoutEnd(passages []harness.AnswersLine) (n int) {
	for _, passage := range passages {
		for _, a := range passage.Answers {
			if a.Finish == "" {
				n++
			}
		}
	}
	return n
}
