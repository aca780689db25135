package texts_test

import (
	"strings"
	"testing"

	"nerbench/harness"
	"nerbench/harness/texts"
	"nerbench/metrics"
	"nerbench/ner"
	"nerbench/reports"
	"nerbench/results"
)

// TestWriteRuns: a run is one line, its state has a colour, its value a note, and names
// from outside cannot disturb a terminal.
func TestWriteRuns(t *testing.T) {
	f1 := 0.5
	run := harness.RunJSON{
		ID: "00aa", Keys: map[string]string{"model": "m\x1b[2J", "dataset": "pets"}, State: results.Partial, Passages: 8, Complete: 3,
		Scores: map[string]metrics.Figures{"span_f1": {F1: &f1}}, Coverage: reports.Coverage{Scored: 3, Passages: 8},
	}
	paint := func(c texts.Colour, text string) string { return "<" + string(c) + ">" + text }
	var b strings.Builder
	if err := texts.WriteRuns(&b, paint, []harness.RunJSON{run}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"<33>partial", "3 of 8", "50.0", "not scored", "incomplete: 3 of 8 passages"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
	if strings.Contains(b.String(), "\x1b") {
		t.Errorf("a sequence is printed: %q", b.String())
	}
	b.Reset()
	if err := texts.WriteRuns(&b, paint, nil); err != nil || b.String() != "no runs\n" {
		t.Errorf("%q, %v", b.String(), err)
	}
}

func TestLines(t *testing.T) {
	for _, c := range []struct{ name, got, want string }{
		{"outcomes", texts.OutcomesLine(map[ner.Outcome]int{ner.Malformed: 1, ner.OK: 2}), "ok 2, malformed 1"},
		{"no outcomes", texts.OutcomesLine(nil), ""},
		{"share", texts.ShareOf("1", "8"), " (12.5 %)"},
		{"no share", texts.ShareOf("1", ""), ""},
		{"no title", texts.DatasetTitle(""), "all passages"},
	} {
		if c.got != c.want {
			t.Errorf("%s: %q, want %q", c.name, c.got, c.want)
		}
	}
}
