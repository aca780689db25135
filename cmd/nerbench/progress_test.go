package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// TestLastProgress: the last state of a run has the figures that are printed, also if
// only a part of the passages was scored meanwhile: few of a long run, and none of an
// earlier call.
func TestLastProgress(t *testing.T) {
	t.Parallel()
	w := newWorkplace(t, 0, 0)
	var file strings.Builder
	for i := range 500 {
		tag := "B-PER"
		if i >= 200 { // the model finds a person in each passage
			tag = "O"
		}
		fmt.Fprintf(&file, "Person%d\t%s\nleft\tO\n.\tO\n\n", i, tag)
	}
	w.write("data/mini/test.tsv", file.String())
	type figures struct {
		F1 *float64 `json:"f1"`
	}
	type progress struct {
		Passages, Total int
		F1              *float64 `json:"span_f1"`
		Unreadable      *float64 `json:"unreadable"`
	}
	last := func(stderr string) progress {
		t.Helper()
		var p progress
		for line := range strings.Lines(stderr) {
			if strings.HasPrefix(line, "{") && strings.Contains(line, `"span_f1"`) {
				if err := json.Unmarshal([]byte(line), &p); err != nil {
					t.Fatal(err)
				}
			}
		}
		return p
	}
	asking := []string{"run", "--json", "-m", "ollama/tiny", "-d", "mini", "--probe", "0", "--max-connections", "1"}
	code, _, stderr := w.with(nil, append(asking, "--shard", "1/5")...)
	if p := last(stderr); code != 0 || p.Passages != 100 || p.F1 == nil {
		t.Fatalf("a part: exit code %d, %+v\n%s", code, p, stderr)
	}
	code, stdout, stderr := w.with(nil, asking...)
	var summary struct {
		Runs []struct{ Scores map[string]figures }
	}
	if err := json.Unmarshal([]byte(stdout), &summary); code != 0 || err != nil || len(summary.Runs) != 1 {
		t.Fatalf("exit code %d, %v\n%s%s", code, err, stdout, stderr)
	}
	p, want := last(stderr), summary.Runs[0].Scores["span_f1"].F1
	if want == nil || p.F1 == nil || *p.F1 != *want || p.Passages != 500 || p.Unreadable == nil || *p.Unreadable != 0 {
		t.Errorf("the last state %+v with F1 %v, printed %v\n%s", p, p.F1, want, stdout)
	}
}
