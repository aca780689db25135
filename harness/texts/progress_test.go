package texts

import "testing"

func TestRate(t *testing.T) {
	for perSecond, want := range map[float64]string{0: "0 queries/s", 0.04: "25.0 s/query", 0.9: "1.1 s/query", 1: "1 queries/s", 812.4: "812 queries/s"} {
		if got := rate(perSecond); got != want {
			t.Errorf("%g: %q, want %q", perSecond, got, want)
		}
	}
}
