package reports

import (
	"slices"
	"strings"
	"testing"
)

func TestEscapeLatex(t *testing.T) {
	for in, want := range map[string]string{
		"mean_rows": `mean\_rows`, "100 %": `100 \%`, `a\b`: `a\textbackslash{}b`, "a|b": `a\textbar{}b`, "−3.3": "$-$3.3", "a--b": "a-{}-b",
		`"w/ sup"`: "``w/ sup''", "Doğan": "Doğan", "ąβ中": `[U+0105]$\beta$[U+4E2D]`, "§10": `$\mathsection$10`, "1–2": "1--2",
	} {
		if got := escapeLatex(in); got != want {
			t.Errorf("escapeLatex(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestWrapWords(t *testing.T) {
	for _, test := range []struct {
		in   string
		most int
		want []string
	}{
		{"", 10, []string{""}},
		{"short", 10, []string{"short"}},
		{"mean of 3 datasets", 10, []string{"mean of 3", "datasets"}},
		{"UniNER-7B w/ sup †", 10, []string{"UniNER-7B", "w/ sup †"}},
		{"0123456789 †", 10, []string{"0123456789 †"}}, // a dagger stays with its word
		{"ollama/llama3.1:8b-instruct-q4_K_M", 16, []string{"ollama/llama3.1:8b-", "instruct-q4_K_M"}},
		{strings.Repeat("a", 40), 16, []string{strings.Repeat("a", 16), strings.Repeat("a", 16), strings.Repeat("a", 8)}},
	} {
		if got := wrapWords(test.in, test.most, wholeHeader); !slices.Equal(got, test.want) {
			t.Errorf("wrapWords(%q, %d) = %q, want %q", test.in, test.most, got, test.want)
		}
	}
}

// TestBreakable: long words, such as signatures, can be broken; the text is unchanged.
func TestBreakable(t *testing.T) {
	word := "nerbench|span_f1|" + strings.Repeat("0123456789abcdef", 4)
	got := breakable("see " + word)
	if n := strings.Count(got, `\allowbreak{}`); n < 5 {
		t.Errorf("%d places to break in %q", n, got)
	}
	if back := strings.ReplaceAll(got, `\allowbreak{}`, ""); back != escapeLatex("see "+word) {
		t.Errorf("text is %q", back)
	}
}

// TestLatexLayout: headers that share a word are grouped; a long table, and one with many
// columns, is in parts with the same header; marks are superscripts in cells and notes.
func TestLatexLayout(t *testing.T) {
	written := func(o Latex, g Grid) string {
		var b strings.Builder
		if err := WriteLatex(&b, o, g); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	contains := func(name, out string, wants ...string) {
		for _, want := range wants {
			if !strings.Contains(out, want) {
				t.Errorf("%s: no %q in\n%s", name, want, out)
			}
		}
	}
	small := Grid{Title: "F1", Header: []string{"system", "CrossNER AI", "CrossNER Music", "mean"}, Notes: []string{"(a) incomplete", "(b) not used", "all"}, Body: [][]string{{"ours", "53.5 (a)", "−1.0", "–"}}}
	contains("small", written(Latex{}, small), "% LaTeX packages: booktabs, graphicx\n", ` & \multicolumn{2}{c}{CrossNER} &  \\`, `\cmidrule(lr){2-3}`,
		`53.5\rlap{\textsuperscript{a}}`, `\noindent \textsuperscript{a}incomplete.\par`, `\noindent (b) not used.\par`)
	contains("siunitx", written(Latex{Siunitx: true}, small), "graphicx, siunitx\n", "S[table-format=2.1]S[table-format=+1.1]r", `53.5{\rlap{\textsuperscript{a}}} & -1.0 & --`)
	contains("float", written(Latex{Float: true, Label: "x"}, small), `\begin{table}[tp]`, `\label{tab:x}`, `\end{table}`)
	contains("cite", written(Latex{Cite: map[string]string{"CrossNER AI": "liu", "ours": "own"}}, small), `AI~\cite{liu}`, `ours~\cite{own}`)

	long := Grid{Title: "F1", Header: []string{"dataset", "ours"}}
	for range 60 {
		long.Body = append(long.Body, []string{"name", "50.0"})
	}
	out := written(Latex{}, long)
	contains("long", out, "% 2 parts")
	if strings.Count(out, `dataset & ours \\`) != 2 || strings.Count(out, `name & 50.0 \\`) != 60 {
		t.Error("the parts do not have a header each, and all lines")
	}
	if out := written(Latex{Float: true}, long); strings.Count(out, `\caption`) != 2 || strings.Count(out, `\addtocounter{table}{-1}`) != 1 {
		t.Error("the parts are not two floats with one number")
	}

	wide := Grid{Title: "F1", Header: []string{"system"}, Body: [][]string{{"ours"}}}
	for range 49 {
		wide.Header, wide.Body[0] = append(wide.Header, "a dataset"), append(wide.Body[0], "50.0 [41.1, 58.9]")
	}
	if out := written(Latex{}, wide); strings.Count(out, "ours & ") < 5 || strings.Count(out, "50.0 [41.1, 58.9]") != 49 {
		t.Errorf("the parts do not have the name of the line each, and all cells:\n%s", out)
	}
}
