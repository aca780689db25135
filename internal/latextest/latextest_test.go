package latextest

import (
	"strings"
	"testing"
)

// TestFaults: each kind of fault in a source is found, and a good source has none.
func TestFaults(t *testing.T) {
	tool(t, "pdflatex")
	for _, test := range []struct{ name, text, want string }{
		{"good", "a table", ""},
		{"wide", "\\noindent\\rule{10in}{1pt}", "Overfull"},
		{"leak", "\\footnotesize small", "another size"},
		{"unknown command", "\\toprule", "Undefined control sequence"},
		{"unknown character", "\u4e2d", "Unicode character"},
		{"long float", "\\begin{table*}\\rule{1pt}{20in}\\end{table*}", "Float too large"},
	} {
		t.Run(test.name, func(t *testing.T) {
			sources := []Source{{Name: "first", Text: "text", Float: true}, {Name: "source", Text: test.text, Float: true}, {Name: "last", Text: "text", Float: true}}
			got := strings.Join(compile(t, classes[0].class, false, sources), "\n")
			if !strings.Contains(got, test.want) || test.want == "" && got != "" {
				t.Errorf("faults %q, want %q", got, test.want)
			}
		})
	}
}
