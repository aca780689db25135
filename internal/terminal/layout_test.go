package terminal_test

import (
	"strings"
	"testing"

	"nerbench/internal/terminal"
)

func TestReflow(t *testing.T) {
	full := strings.Repeat("word ", 15) + "of"
	for _, tc := range []struct{ name, in, want string }{
		{"short", "one\ntwo", "one\ntwo\n"},
		{"long line goes on", full + " seventy seven\nand more", full + "\nseventy seven and more\n"},
		{"full line goes on", full + "\nthirteen-letters more", full + "\nthirteen-letters more\n"},
		{"sentence ends", full + ".\nNew one", full + ".\nNew one\n"},
		{"paragraphs", "one\n\ntwo", "one\n\ntwo\n"},
		{"list", "  " + full + " seventy\n  b", "  " + full + "\n  seventy\n  b\n"},
		{"columns", "  name  " + strings.TrimSuffix(full, " of") + " of", "  name  " + strings.TrimSuffix(strings.Repeat("word ", 14), " ") + "\n        word of\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := terminal.Reflow(tc.in); got != tc.want {
				t.Errorf("Reflow:\n%s\nwant\n%s", got, tc.want)
			}
		})
	}
}
