package nerbench

import (
	"bufio"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"nerbench/internal/reference"
)

// metricSections are the sections of docs/spec/metrics.md that say what a number is.
var metricSections = strings.Fields(`
	1.1 1.2 1.3 1.4 1.5 2 3.1 3.2 3.3 3.4 3.5 3.6 3.7 3.8 4.1 4.2 4.3 4.4 4.5 5 6
	7.1 7.2 7.3 7.4 7.5 7.6 7.7 8.1 8.2 8.3 8.4 9.1 9.2 9.3 9.4 9.5
	10.1 10.2 10.3 10.4 10.5 11 12.1 12.2 12.3 12.4 12.5 12.6 13 14.1`)

// unspecified are sections that specify no number, with the reason.
var unspecified = map[string]string{
	"14.2": "footnotes on figures of the paper",
}

// citation is a section number behind its sign, as comments write it.
var citation = regexp.MustCompile(`§(\d+(?:\.\d+)?)`)

// TestMetricSections demands that every section of docs/spec/metrics.md is cited by a
// test: in the comment of a function named Test or Fuzz that names docs/spec/metrics.md.
// With -v it lists the sections and their tests.
func TestMetricSections(t *testing.T) {
	cited := map[string][]string{}
	err := fs.WalkDir(os.DirFS("."), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && name != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata") {
			return fs.SkipDir
		}
		if !strings.HasSuffix(name, "_test.go") {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, decl := range f.Decls {
			fn, ok := decl.(*ast.FuncDecl)
			if !ok || fn.Doc == nil || !strings.HasPrefix(fn.Name.Name, "Test") && !strings.HasPrefix(fn.Name.Name, "Fuzz") {
				continue
			}
			for _, section := range citations(fn.Doc.Text()) {
				cited[section] = append(cited[section], name+": "+fn.Name.Name)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, section := range metricSections {
		if len(cited[section]) == 0 {
			t.Errorf("docs/spec/metrics.md §%s: no test cites it", section)
		}
		t.Logf("§%s: %s", section, strings.Join(cited[section], ", "))
	}
	for _, section := range slices.Sorted(maps.Keys(cited)) {
		if !slices.Contains(metricSections, section) && unspecified[section] == "" {
			t.Errorf("docs/spec/metrics.md §%s: is cited by %s, but is no section", section, strings.Join(cited[section], ", "))
		}
	}
}

// citations are the sections of docs/spec/metrics.md in a comment. A section belongs to
// the document that was named last, docs/spec/metrics.md if none was.
func citations(comment string) []string {
	var found []string
	document := "docs/spec/metrics.md"
	for _, word := range strings.Fields(comment) {
		if i := strings.Index(word, ".md"); i >= 0 {
			document = strings.TrimLeft(word[:i+len(".md")], "(\"'")
		}
		if document != "docs/spec/metrics.md" {
			continue
		}
		for _, m := range citation.FindAllStringSubmatch(word, -1) {
			section := m[1]
			if chapter, _, _ := strings.Cut(section, "."); slices.Contains(metricSections, chapter) {
				section = chapter // §13.2 is the second property of §13
			}
			found = append(found, section)
		}
	}
	return found
}

// TestSectionsAreThose holds the list of sections against the document.
func TestSectionsAreThose(t *testing.T) {
	f, err := os.Open(reference.Path(t, "docs/spec/metrics.md"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	heading := regexp.MustCompile(`^(##+) (\d+(?:\.\d+)?)\.? `)
	var sections []string
	for lines := bufio.NewScanner(f); lines.Scan(); {
		m := heading.FindStringSubmatch(lines.Text())
		if m == nil || unspecified[m[2]] != "" {
			continue
		}
		// A chapter counts where it has no sections of its own.
		if last := len(sections) - 1; last >= 0 && strings.HasPrefix(m[2], sections[last]+".") {
			sections = sections[:last]
		}
		sections = append(sections, m[2])
	}
	if !slices.Equal(sections, metricSections) {
		t.Errorf("the sections of docs/spec/metrics.md are %q, the test has %q", sections, metricSections)
	}
}
