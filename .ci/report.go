// report reads what `go test -json` prints, prints what `go test` would have
// printed, and adds two lists to a folder: the lines of results, one a package, and
// the time that each test took by itself, without its subtests. Other lines pass
// through; those that begin with "===" are headings of the lists.
//
// usage: go test -json ./... | report FOLDER
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: go test -json ./... | report FOLDER")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "report:", err)
		os.Exit(1)
	}
}

func run(folder string, in io.Reader, out io.Writer) error {
	lists := make([]*os.File, 2)
	for i, name := range []string{"results", "times"} {
		f, err := os.OpenFile(filepath.Join(folder, name), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
		if err != nil {
			return err
		}
		defer f.Close()
		lists[i] = f
	}
	r := &reporter{out: out, results: lists[0], times: lists[1], printed: map[test][]string{}, inSubtests: map[test]float64{}}
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadString('\n')
		if line != "" {
			r.line(line)
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// event is a line of go test -json.
type event struct {
	Action, Package, Test, Output string
	Elapsed                       float64
}

// test is a test of a package; with an empty name it is the package.
type test struct{ pkg, name string }

type reporter struct {
	out, results, times io.Writer
	heading             string
	printed             map[test][]string // by tests that run
	inSubtests          map[test]float64  // seconds
}

func (r *reporter) line(line string) {
	var e event
	if !strings.HasPrefix(line, "{") || json.Unmarshal([]byte(line), &e) != nil {
		if text, is := strings.CutPrefix(line, "=== "); is {
			r.heading = strings.TrimSpace(text)
			fmt.Fprint(r.results, line)
		}
		fmt.Fprint(r.out, line)
		return
	}
	t := test{e.Package, e.Test}
	switch e.Action {
	case "build-output":
		fmt.Fprint(r.out, e.Output)
	case "output":
		if e.Test == "" {
			r.packageLine(e.Output)
		} else if !strings.HasPrefix(e.Output, "=== ") {
			r.printed[t] = append(r.printed[t], e.Output)
		}
	case "pass", "skip", "fail":
		if e.Test == "" {
			r.endPackage(e)
		} else {
			r.endTest(t, e)
		}
	}
}

// packageLine prints a line that is of no test.
func (r *reporter) packageLine(line string) {
	if line == "PASS\n" || strings.HasPrefix(line, "=== ") {
		return
	}
	fmt.Fprint(r.out, line)
	if strings.HasPrefix(line, "ok  \t") || strings.HasPrefix(line, "FAIL\t") {
		fmt.Fprint(r.results, line)
	}
}

func (r *reporter) endTest(t test, e event) {
	if e.Action == "fail" {
		fmt.Fprint(r.out, strings.Join(r.printed[t], ""))
	}
	delete(r.printed, t)
	if i := strings.LastIndex(t.name, "/"); i >= 0 {
		r.inSubtests[test{t.pkg, t.name[:i]}] += e.Elapsed
	}
	if own := e.Elapsed - r.inSubtests[t]; own > 0 {
		fmt.Fprintf(r.times, "%8.2f s  %s %s  (%s)\n", own, t.pkg, t.name, r.heading)
	}
}

// endPackage prints the output of the tests that did not end: their process did.
func (r *reporter) endPackage(e event) {
	for t, parts := range r.printed {
		if t.pkg == e.Package {
			if e.Action == "fail" {
				fmt.Fprint(r.out, strings.Join(parts, ""))
			}
			delete(r.printed, t)
		}
	}
}
