package main

import (
	"io"
	"path/filepath"
	"slices"
	"strings"

	"nerbench/internal/atomicfile"
	"nerbench/internal/fault"
	"nerbench/reports"
)

// writeExhibit writes an exhibit into a folder. An empty format stands for all
// formats. It returns the number of files.
func writeExhibit(dir string, x *reports.Exhibit, format string) (written int, err error) {
	for _, f := range x.Files(format) {
		if err := atomicfile.Write(filepath.Join(dir, f.Name), func(w io.Writer) error { return x.Write(w, f.Format) }); err != nil {
			return written, err
		}
		written++
	}
	return written, nil
}

// readFormat returns the format of --format, one of known. The default is json with
// --json, else the first one.
func (env *environment) readFormat(command, named string, known []string) (string, error) {
	switch {
	case named == "" && env.json:
		return "json", nil
	case named == "":
		return known[0], nil
	case !slices.Contains(known, named):
		return "", fault.Usagef("%s: --format %s: unknown (one of %s)", command, named, strings.Join(known, ", "))
	}
	return named, nil
}
