package texts

import (
	"strings"
	"testing"

	"nerbench/harness"
)

func TestProgressOfAScoredRun(t *testing.T) {
	f1 := 0.872
	for scored, want := range map[bool]string{false: "span F1 so far 87.2", true: "span F1 87.2"} {
		if got := Progress(&harness.Progress{F1: &f1, Scored: scored}); !strings.Contains(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestRate(t *testing.T) {
	for perSecond, want := range map[float64]string{0: "0 queries/s", 0.04: "25.0 s/query", 0.9: "1.1 s/query", 1: "1 queries/s", 812.4: "812 queries/s"} {
		if got := rate(perSecond); got != want {
			t.Errorf("%g: %q, want %q", perSecond, got, want)
		}
	}
}
