package nerbench

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
)

// unspecified are sections of docs/spec/metrics.md that specify no number, with
// the reason.
var unspecified = map[string]string{
	"14.2": "footnotes on figures of the paper",
}

// TestMetricSections checks that each section of docs/spec/metrics.md is cited by
// a test: in the comment of a function named Test or Fuzz. A section without a
// document belongs to docs/spec/metrics.md. With -v the sections and their tests
// are listed.
func TestMetricSections(t *testing.T) {
	sections := metricSections(t)
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
			for _, c := range specCitations(fn.Doc.Text(), metricsDocument) {
				if c.document != metricsDocument {
					continue
				}
				section := c.section
				if chapter, _, _ := strings.Cut(section, "."); slices.Contains(sections, chapter) {
					section = chapter // §13.2 is the second property of §13
				}
				cited[section] = append(cited[section], name+": "+fn.Name.Name)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, section := range sections {
		if len(cited[section]) == 0 {
			t.Errorf("%s §%s: no test cites it", metricsDocument, section)
		}
		t.Logf("§%s: %s", section, strings.Join(cited[section], ", "))
	}
}

// metricsDocument defines each number.
const metricsDocument = specFolder + "metrics.md"

// metricSections are the sections that define a number. A chapter counts where it
// has no sections of its own.
func metricSections(t *testing.T) []string {
	t.Helper()
	var sections []string
	all, _ := specSections(t, "metrics.md")
	for i, section := range all {
		parent := i+1 < len(all) && strings.HasPrefix(all[i+1], section+".")
		if !parent && unspecified[section] == "" {
			sections = append(sections, section)
		}
	}
	return sections
}
