package nerbench

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestReliabilityPage checks that docs/reliability.md describes the tests of the campaign,
// and has a row of figures for each: those that call campaign.Start. They call it
// themselves, so that .ci/campaign finds them.
func TestReliabilityPage(t *testing.T) {
	text, err := os.ReadFile("docs/reliability.md")
	if err != nil {
		t.Fatal(err)
	}
	tested, figures, found := strings.Cut(string(text), "\n## Figures\n")
	if !found {
		t.Fatal("the page has no section of figures")
	}
	tests := campaignTests(t)
	for name := range tests {
		if !strings.Contains(tested, "`"+name+"`") {
			t.Errorf("the page does not describe %s", name)
		}
	}
	rows := map[string]bool{}
	for _, row := range regexp.MustCompile("(?m)^\\| `(Test[^/`]*)[^`]*` \\| [1-9][0-9]* \\| .+ \\| [0-9]+ \\|$").FindAllStringSubmatch(figures, -1) {
		rows[row[1]] = true
	}
	for name := range tests {
		if !rows[name] {
			t.Errorf("the page has no figures of %s: run .ci/campaign %s", name, name)
		}
	}
	for name := range rows {
		if !tests[name] {
			t.Errorf("the page has figures of %s, which is no test of the campaign", name)
		}
	}
}

// campaignTests are the names of the tests that call campaign.Start.
func campaignTests(t *testing.T) map[string]bool {
	t.Helper()
	tests := map[string]bool{}
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
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, decl := range f.Decls {
			fn, ok := decl.(*ast.FuncDecl)
			if !ok {
				continue
			}
			ast.Inspect(fn, func(n ast.Node) bool {
				if !startsCampaign(n) {
					return true
				}
				if tests[fn.Name.Name] = true; !strings.HasPrefix(fn.Name.Name, "Test") {
					t.Errorf("%s: %s calls campaign.Start: .ci/campaign finds it only in a test", name, fn.Name.Name)
				}
				return true
			})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return tests
}

// startsCampaign reports whether a node is a call of campaign.Start.
func startsCampaign(n ast.Node) bool {
	call, ok := n.(*ast.CallExpr)
	if !ok {
		return false
	}
	f, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || f.Sel.Name != "Start" {
		return false
	}
	pkg, ok := f.X.(*ast.Ident)
	return ok && pkg.Name == "campaign"
}
