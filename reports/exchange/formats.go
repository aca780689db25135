package exchange

import (
	"fmt"
	"io"
	"slices"

	"nerbench/internal/fault"
	"nerbench/ner"
)

// format is a format of other programs. Either it is printed, or it is a folder of files.
type format struct {
	name  string
	print func(io.Writer, []*Run, Options) error
	files func(*folder, []*Run, Options) error
	// passages is set if the format has the passages of the runs.
	passages bool
}

// formats are all formats, in the order of help texts.
var formats = []format{
	{name: "eee", files: writeEEE, passages: true},
	{name: "lm-eval", files: writeLMEval, passages: true},
	{name: "hf-eval-results", files: writeEvalResults},
	{name: "model-index", print: writeModelIndex},
	{name: "csv", print: writeCSV},
	{name: "parquet", files: writeParquet, passages: true},
}

// Formats lists the names of the formats.
func Formats() []string {
	list := make([]string, len(formats))
	for i, f := range formats {
		list[i] = f.name
	}
	return list
}

// Printed reports whether a format is printed; the others are folders of files.
func Printed(name string) bool {
	f, err := find(name)
	return err == nil && f.print != nil
}

// NeedsPassages reports whether a format has the passages of the runs.
func NeedsPassages(name string) bool {
	f, err := find(name)
	return err == nil && f.passages
}

func find(name string) (format, error) {
	i := slices.IndexFunc(formats, func(f format) bool { return f.name == name })
	if i < 0 {
		return format{}, fault.Usagef("format %s: unknown%s", name, ner.Choices(name, Formats()))
	}
	return formats[i], nil
}

// Print writes runs in a format that is printed.
func Print(w io.Writer, name string, runs []*Run, o Options) error {
	f, err := find(name)
	if err != nil {
		return err
	}
	if f.print == nil {
		return fault.Usagef("format %s: is a folder of files", name)
	}
	return f.print(w, runs, o)
}

// WriteFolder writes runs in a format of files below a folder, and returns their names
// with slashes, relative to the folder. Either all files are written or none. A file that
// exists with other content is an error.
func WriteFolder(dir, name string, runs []*Run, o Options) ([]string, error) {
	f, err := find(name)
	if err != nil {
		return nil, err
	}
	if f.files == nil {
		return nil, fault.Usagef("format %s: is printed", name)
	}
	return inFolder(dir, func(to *folder) error {
		if err := f.files(to, runs, o); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		return nil
	})
}
