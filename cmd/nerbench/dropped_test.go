package main

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"nerbench/results"
)

// TestDropped runs a model of a card with its own marks of thinking, whose answers have
// an item of an unknown type each: the marks come from the card, also when the run is
// scored again, and runs show counts the items.
func TestDropped(t *testing.T) {
	w := newWorkplace(t, 3, 0)
	w.fake.Change(func(prompt string) string {
		return `<plan>[{"text": "left", "type": "location"}]</plan>[{"text": "Person1", "type": "person"}, {"text": "Town1", "type": "harbour"}]`
	})
	w.write("cards/house.toml", "title = \"House\"\nmodel = \"ollama/tiny\"\nfamily = \"json_list\"\nshape = \"chat\"\nthinking_marks = [\"<plan>\", \"</plan>\"]\n")
	code, _, stderr := w.with(nil, "run", "-q", "-m", "house", "--models", "cards", "-d", "mini")
	if code != 0 {
		t.Fatalf("exit code %d\n%s", code, stderr)
	}
	list := func() string {
		code, stdout, stderr := w.with(nil, "runs", "list", "--json")
		var runs []struct{ ID string }
		if err := json.Unmarshal([]byte(stdout), &runs); code != 0 || err != nil || len(runs) != 1 {
			t.Fatalf("exit code %d, %v\n%s%s", code, err, stdout, stderr)
		}
		return runs[0].ID
	}
	run := list()
	shown := func() {
		t.Helper()
		_, stdout, stderr := w.with(nil, "runs", "show", run, "--json")
		var v struct {
			Outcomes, Dropped map[string]int
			State             results.State
		}
		if err := json.Unmarshal([]byte(stdout), &v); err != nil || v.Outcomes["ok"] != 3 || v.Dropped["unknown_type"] != 3 || len(v.Dropped) != 1 {
			t.Errorf("%v: outcomes %v, dropped %v\n%s", err, v.Outcomes, v.Dropped, stderr)
		}
	}
	shown()
	if code, _, stderr := w.with(nil, "score", run); code != 0 {
		t.Errorf("score: exit code %d\n%s", code, stderr)
	}
	shown()
	_, stdout, _ := w.with(nil, "runs", "show", run)
	if lines := strings.Split(stdout, "\n"); !slices.Contains(lines, "dropped 3 items: unknown_type 3") {
		t.Errorf("runs show prints\n%s", stdout)
	}
}
