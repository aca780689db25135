package reports

import (
	"slices"
	"strings"
	"testing"
)

// TestTerminal holds a grid for a terminal against its text: the same, with the best
// values in bold.
func TestTerminal(t *testing.T) {
	g := Grid{
		Title: "best", Header: []string{"dataset", "a", "b"}, Notes: []string{"a note"},
		Body: [][]string{{"long-name", "9.1", "100.0"}, {"x", "80.0 (a)", "7.0"}},
		Bold: [][]bool{{false, false, true}, {false, true, false}},
	}
	print := func(format string) string {
		var b strings.Builder
		if err := g.Write(&b, format); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	text, terminal := print("text"), print(Terminal)
	if strings.Contains(text, "\x1b") {
		t.Errorf("the text has sequences of a terminal: %q", text)
	}
	if bare := strings.NewReplacer(boldOn, "", boldOff, "").Replace(terminal); bare != text {
		t.Errorf("without its bold letters it is\n%s\nwant\n%s", bare, text)
	}
	var bold []string
	for part := range strings.SplitSeq(terminal, boldOn) {
		if inside, _, ok := strings.Cut(part, boldOff); ok {
			bold = append(bold, strings.TrimSpace(inside))
		}
	}
	if want := []string{"100.0*", "80.0 (a)*"}; !slices.Equal(bold, want) {
		t.Errorf("bold are %q, want %q", bold, want)
	}
	if slices.Contains(GridFormats(), Terminal) || slices.Contains(Formats(), Terminal) {
		t.Error("users can name the form for a terminal")
	}
}
