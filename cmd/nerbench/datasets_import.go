package main

import (
	"errors"
	"fmt"
	"path"
	"slices"

	"github.com/urfave/cli/v2"

	"nerbench/datasets/acquire"
	"nerbench/ner"
)

func (env *environment) importDataset(c *cli.Context) error {
	dataset, err := env.oneDataset(c, "datasets import", 1)
	if err != nil {
		return err
	}
	out, err := env.acquirer().Import(c.Context, dataset, c.Args().Get(1),
		acquire.ImportOptions{Set: c.String("set"), Split: ner.Split(c.String("split")), Accept: c.Bool("accept")})
	if len(out.Files) > 0 {
		err = errors.Join(err, env.printImported(out))
	}
	return err
}

func (env *environment) printImported(out acquire.Imported) error {
	if env.json {
		return env.printJSON(out)
	}
	if out.Taken {
		for _, line := range importLines(out.Files) {
			fmt.Fprintln(env.stdout, line)
		}
	}
	return env.printVerified(out.Splits)
}

// importLines lists the imported files. A folder with many files is one line.
func importLines(files []acquire.ImportedFile) []string {
	const few = 4
	type folder struct{ from, to, by string }
	count := map[folder]int{}
	of := func(f acquire.ImportedFile) folder { return folder{path.Dir(f.From), path.Dir(f.To), f.By} }
	for _, f := range files {
		count[of(f)]++
	}
	var lines []string
	for _, f := range files {
		switch n := count[of(f)]; {
		case n <= few:
			lines = append(lines, fmt.Sprintf("%s → %s (recognized by %s)", f.From, f.To, f.By))
		default:
			line := fmt.Sprintf("%s: %d files → %s (recognized by %s)", path.Dir(f.From), n, path.Dir(f.To), f.By)
			if !slices.Contains(lines, line) {
				lines = append(lines, line)
			}
		}
	}
	return lines
}
