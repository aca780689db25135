// Package latextest compiles LaTeX that the program writes, for tests.
package latextest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"nerbench/internal/reference"
)

// Source is a file that a document inputs.
type Source struct {
	Name string
	Text string
	// Float is set for a text that has its own floats. Others are also put into the
	// environment table*.
	Float bool
}

// classes are the documents, by the name of the subtest.
var classes = []struct{ name, class string }{
	{"article", `\documentclass{article}`},
	{"twocolumn", `\documentclass[twocolumn]{article}`},
}

// widest is the largest excess of a line, in points.
const widest = 1.0

// Compile inputs the sources into a document of each class, with the packages that
// their first comments name, and compiles it by pdfLaTeX. A test fails on errors of
// LaTeX, on boxes that are more than 1 point too wide, on floats that are longer than a
// page, on characters that the fonts lack, and on a source that changes the size of the
// type after it. Without pdfLaTeX the test is skipped.
func Compile(t *testing.T, sources []Source) {
	t.Helper()
	tool(t, "pdflatex")
	for _, class := range classes {
		t.Run(class.name, func(t *testing.T) {
			t.Parallel()
			for _, fault := range compile(t, class.class, class.name == "twocolumn", sources) {
				t.Error(fault)
			}
		})
	}
}

// compile compiles the sources in one document and returns their faults.
func compile(t *testing.T, class string, twoColumns bool, sources []Source) []string {
	t.Helper()
	dir := t.ArtifactDir()
	var body strings.Builder
	for i, s := range sources {
		name := fmt.Sprintf("source%d.tex", i)
		write(t, filepath.Join(dir, name), s.Text)
		body.WriteString(placed(s, name, twoColumns))
	}
	text := class + "\n" + packages(sources) + "\\begin{document}\n" + body.String() + "\\end{document}\n"
	write(t, filepath.Join(dir, "all.tex"), text)
	return faults(run(t, dir, "pdflatex", "-interaction=nonstopmode", "all.tex"))
}

// Bibliography inputs the sources, cites all keys of a BibTeX file, and compiles the
// references. It fails on each warning and error of BibTeX, on errors of LaTeX, and on
// citations without an entry.
func Bibliography(t *testing.T, bib string, sources ...Source) {
	t.Helper()
	tool(t, "pdflatex")
	tool(t, "bibtex")
	dir := t.ArtifactDir()
	write(t, filepath.Join(dir, "references.bib"), bib)
	var body strings.Builder
	for i, s := range sources {
		name := fmt.Sprintf("source%d.tex", i)
		write(t, filepath.Join(dir, name), s.Text)
		body.WriteString("\\input{" + name + "}\n")
	}
	write(t, filepath.Join(dir, "all.tex"), "\\documentclass{article}\n"+packages(sources)+"\\begin{document}\n"+body.String()+
		"\\nocite{*}\n\\bibliographystyle{plain}\n\\bibliography{references}\n\\end{document}\n")
	latex := func() string { return run(t, dir, "pdflatex", "-interaction=nonstopmode", "all.tex") }
	latex()
	if log := run(t, dir, "bibtex", "all"); strings.Contains(strings.ToLower(log), "warning") || strings.Contains(log, "error message") {
		t.Errorf("bibtex:\n%s", log)
	}
	latex()
	log := latex()
	for _, fault := range faults(log) {
		t.Error(fault)
	}
	if strings.Contains(log, "undefined citations") || strings.Contains(log, "undefined references") {
		t.Error("some citations have no entry")
	}
}

// tool skips the test if a program is missing.
func tool(t *testing.T, name string) {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		reference.Skip(t, name+" is not installed (.ci/packages installs it)")
	}
}

// placed is the part of a document with one source: in the text, and of two columns also
// in table*.
func placed(s Source, file string, twoColumns bool) string {
	name := strings.NewReplacer("\\", "", "{", "", "}", "", "%", "", "#", "").Replace(s.Name)
	text := fmt.Sprintf("\\typeout{=== %s}\nText before.\n\\input{%s}\nText behind.\\makeatletter\\typeout{size \\f@size}\\makeatother\n\\clearpage\n", name, file)
	if twoColumns && !s.Float && !strings.Contains(s.Text, " parts, since") {
		text += fmt.Sprintf("\\typeout{=== %s in table*}\n\\begin{table*}\n\\centering\n\\input{%s}\n\\end{table*}\n\\clearpage\n", name, file)
	}
	return text
}

var packagesLine = regexp.MustCompile(`(?m)^% LaTeX packages: (.*)$`)

// packages are the packages that the sources name.
func packages(sources []Source) string {
	var names []string
	for _, s := range sources {
		for _, m := range packagesLine.FindAllStringSubmatch(s.Text, -1) {
			for name := range strings.SplitSeq(m[1], ", ") {
				if !slices.Contains(names, name) {
					names = append(names, name)
				}
			}
		}
	}
	if len(names) == 0 {
		return ""
	}
	return "\\usepackage{" + strings.Join(names, ",") + "}\n"
}

var overfull = regexp.MustCompile(`^Overfull \\[hv]box \(([0-9.]+)pt too`)

// faults returns the faults in a log of pdfLaTeX.
func faults(log string) []string {
	var out []string
	at, size := "", ""
	for line := range strings.Lines(log) {
		line = strings.TrimSpace(line)
		name, begins := strings.CutPrefix(line, "=== ")
		points := overfull.FindStringSubmatch(line)
		switch {
		case begins:
			at = name
		case strings.HasPrefix(line, "size "):
			if size != "" && line != size {
				out = append(out, fmt.Sprintf("%s: the type behind the table has another size: %s, before %s", at, line, size))
			}
			size = line
		case points != nil:
			if by, _ := strconv.ParseFloat(points[1], 64); by > widest {
				out = append(out, at+": "+line)
			}
		case strings.HasPrefix(line, "! "), strings.Contains(line, "Float too large"), strings.HasPrefix(line, "Missing character"), strings.HasPrefix(line, "Runaway"):
			out = append(out, at+": "+line)
		}
	}
	return out
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// run runs a program in a folder and returns its output. Faults are in the output.
func run(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "max_print_line=10000", "TEXMFVAR="+dir, "TEXMFHOME="+dir)
	out, _ := cmd.CombinedOutput()
	if len(out) == 0 {
		t.Fatalf("%s: no output", name)
	}
	return string(out)
}
