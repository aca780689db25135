package reports

import (
	"regexp"
	"strings"
	"testing"
)

// FuzzWriters: a name from outside is text in each form of a table: it adds no element
// of HTML, no cell of LaTeX and no control character of a terminal.
func FuzzWriters(f *testing.F) {
	for _, name := range hostile {
		f.Add(name)
	}
	f.Add(`\input{x} % & # _ ^ ~ $ {`)
	f.Add("<sci" + strings.Repeat("\xe2", 688)) // a header longer than a page
	macro := regexp.MustCompile(`\\(?:input|write|def|csname|catcode|immediate|include)\b`)
	f.Fuzz(func(t *testing.T, name string) {
		if strings.TrimSpace(name) == "" {
			return
		}
		table := build(t, []Result{result("m", "stars", 1, 2, 2), result(name, "stars", 1, 2, 2)}, Spec{})
		plain := build(t, []Result{result("m", "stars", 1, 2, 2), result("n", "stars", 1, 2, 2)}, Spec{})
		if got, want := strings.Count(written(t, table, "html"), "<"), strings.Count(written(t, plain, "html"), "<"); got != want {
			t.Errorf("%q: %d elements of HTML, want %d", name, got, want)
		}
		latex, usual := written(t, table, "latex"), written(t, plain, "latex")
		parts := strings.Count(latex, `\toprule`) - strings.Count(usual, `\toprule`) // a large table is in parts, with their own heads
		if got, want := cells(latex), cells(usual); parts == 0 && got != want {
			t.Errorf("%q: %d cells of LaTeX, want %d:\n%s", name, got, want, latex)
		}
		if n := braces(latex); n != 0 {
			t.Errorf("%q: %d open braces in LaTeX:\n%s", name, n, latex)
		}
		if found := macro.FindString(body(latex)); found != "" {
			t.Errorf("%q: %s in LaTeX:\n%s", name, found, latex)
		}
		if out := written(t, table, "text"); strings.ContainsAny(out, "\x1b\u202e\r\x00\u0085") {
			t.Errorf("%q: control characters in %q", name, out)
		}
	})
}

// body is LaTeX without its comments.
func body(latex string) string {
	var out strings.Builder
	for line := range strings.Lines(latex) {
		if !strings.HasPrefix(line, "%") {
			out.WriteString(line)
		}
	}
	return out.String()
}

// cells counts the marks between cells.
func cells(latex string) int {
	text := strings.ReplaceAll(body(latex), `\\`, "")
	return strings.Count(text, "&") - strings.Count(text, `\&`)
}

// braces is the number of open braces at the end.
func braces(latex string) int {
	text := strings.NewReplacer(`\\`, "", `\{`, "", `\}`, "").Replace(body(latex))
	return strings.Count(text, "{") - strings.Count(text, "}")
}
