package harness_test

import (
	"strings"
	"testing"

	"nerbench/harness"
)

func TestShownAnswer(t *testing.T) {
	short := strings.Repeat("é", 2000)
	for text, want := range map[string]string{
		"":               "",
		short:            short,
		"x" + short:      "x" + strings.Repeat("é", 1999) + " … (4001 bytes)",
		short + "longer": short + " … (4006 bytes)",
	} {
		if got := harness.ShownAnswer(text); got != want {
			t.Errorf("%d bytes: %.20q … %q", len(text), got, got[max(len(got)-20, 0):])
		}
	}
}
