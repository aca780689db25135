package texts

import (
	"fmt"
	"path"
	"slices"

	"nerbench/datasets/acquire"
)

// Imported lists the files of an import, those of an earlier one that are still there,
// and those that were left out.
func Imported(out acquire.Imported) []string {
	return slices.Concat(importLines(out.Files), keptLines(out.Kept), leftLines(out.Left))
}

// importLines lists the imported files. A folder with many files is one line.
func importLines(files []acquire.ImportedFile) []string {
	const few = 4
	type folder struct {
		from, to, by string
		replaces     bool
	}
	count := map[folder]int{}
	of := func(f acquire.ImportedFile) folder { return folder{path.Dir(f.From), path.Dir(f.To), f.By, f.Replaces} }
	how := func(f acquire.ImportedFile) string {
		if f.Replaces {
			return "recognized by " + f.By + "; replaces other content"
		}
		return "recognized by " + f.By
	}
	for _, f := range files {
		count[of(f)]++
	}
	var lines []string
	for _, f := range files {
		switch n := count[of(f)]; {
		case n <= few:
			lines = append(lines, fmt.Sprintf("%s → %s (%s)", f.From, f.To, how(f)))
		default:
			line := fmt.Sprintf("%s: %d files → %s (%s)", path.Dir(f.From), n, path.Dir(f.To), how(f))
			if !slices.Contains(lines, line) {
				lines = append(lines, line)
			}
		}
	}
	return lines
}

// keptLines lists the files of an earlier import that are in the data folder. A
// folder with many files is one line.
func keptLines(files []string) []string {
	const few = 4
	count := map[string]int{}
	for _, f := range files {
		count[path.Dir(f)]++
	}
	var lines []string
	for _, f := range files {
		line := fmt.Sprintf("%s was there before and is not part of this import", f)
		if n := count[path.Dir(f)]; n > few {
			line = fmt.Sprintf("%s: %d files were there before and are not part of this import", path.Dir(f), n)
		}
		if !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
	}
	return lines
}

// leftLines are the first of the files that were left out.
func leftLines(left []string) []string {
	const few = 8
	if n := len(left) - few; n > 0 {
		return append(slices.Clone(left[:few]), fmt.Sprintf("%d more files were left out", n))
	}
	return left
}
