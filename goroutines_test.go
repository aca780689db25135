package nerbench

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
)

// TestGoroutines: the program starts goroutines in package internal/parallel only. A panic
// in another one would end the process with the exit code of a wrong usage.
func TestGoroutines(t *testing.T) {
	files := 0
	err := fs.WalkDir(os.DirFS("."), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || d.Name() == "node_modules") {
				return fs.SkipDir
			}
			return nil
		}
		room := path.Dir(name)
		if path.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") || room == "internal/parallel" || slices.Contains(testOnly, room) {
			return nil
		}
		files++
		places, err := goroutines(name, nil)
		for _, place := range places {
			t.Errorf("%s: starts a goroutine: use parallel.Go, parallel.Group, parallel.Each or parallel.Map", place)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 300 {
		t.Errorf("%d files were read", files)
	}
}

// TestGoroutinesAreFound: the walk finds each way to start a goroutine.
func TestGoroutinesAreFound(t *testing.T) {
	for source, want := range map[string]int{
		"func f() { go f() }":                           1,
		"func f() { go func() {}() }":                   1,
		"func f() { var g sync.WaitGroup; g.Go(f) }":    1,
		"type t struct { g *errgroup.Group }":           1,
		"func f() { var g parallel.Group; g.Go(f) }":    0,
		"func f() { <-parallel.Go(nil) } // not go f()": 0,
	} {
		places, err := goroutines("x.go", "package p\n"+source)
		if err != nil || len(places) != want {
			t.Errorf("%s: %v, %v", source, places, err)
		}
	}
}

// goroutines lists the places of a file that start goroutines, or could.
func goroutines(name string, source any) ([]string, error) {
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, name, source, 0)
	if err != nil {
		return nil, err
	}
	var places []string
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			places = append(places, set.Position(n.Pos()).String())
		case *ast.SelectorExpr:
			pkg, ok := n.X.(*ast.Ident)
			if ok && (pkg.Name == "errgroup" || pkg.Name == "sync" && n.Sel.Name == "WaitGroup") {
				places = append(places, set.Position(n.Pos()).String())
			}
		}
		return true
	})
	return places, nil
}
