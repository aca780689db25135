package main

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/urfave/cli/v2"

	"nerbench/datasets"
	"nerbench/internal/atomicfile"
	"nerbench/reports"
	"nerbench/reports/paper"
)

func (env *environment) citeCommand(suite cli.Flag) *cli.Command {
	return &cli.Command{
		Name: "cite", Usage: "print BibTeX of datasets, and of the paper", ArgsUsage: "[DATASET...]",
		Description: `cite prints the BibTeX entry of each named dataset. Without a name it prints those
of all datasets, or of a suite, and that of the paper of the benchmark.
datasets show prints the key of a dataset.`,
		Flags:  []cli.Flag{suite},
		Action: func(c *cli.Context) error { return env.citeDatasets(c.Args().Slice(), c.String("suite")) },
	}
}

func (env *environment) citeDatasets(names []string, suite string) error {
	ds, err := env.bench.SelectDatasets(names, suite, "")
	if err != nil {
		return err
	}
	references, err := datasets.ReferencesOf(ds, len(names) == 0)
	if err != nil {
		return err
	}
	if env.json {
		return env.printJSON(datasets.Citations(references, ds))
	}
	return datasets.WriteReferences(env.output("bibtex"), references)
}

// referencesFile is the name of the file that paper writes beside LaTeX.
const referencesFile = "references.bib"

// writePaperReferences writes the entries of the paper, and of the datasets of items,
// to a folder. Entries that the file has are kept as they are: it may be the file of a
// user's paper.
func (env *environment) writePaperReferences(dir string, items []paper.Item, benchmark []reports.DatasetInfo) error {
	var ids []string
	for _, item := range items {
		ids = append(ids, item.Cited(benchmark)...)
	}
	var ds []*datasets.Dataset
	if len(ids) > 0 {
		slices.Sort(ids)
		var err error
		if ds, err = env.bench.SelectDatasets(slices.Compact(ids), "", ""); err != nil {
			return err
		}
	}
	references, err := datasets.ReferencesOf(ds, true)
	if err != nil {
		return err
	}
	path := filepath.Join(dir, referencesFile)
	old, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	merged, changed := datasets.MergeReferences(old, references)
	if !changed {
		return nil
	}
	return atomicfile.Write(path, func(w io.Writer) error {
		_, err := w.Write(merged)
		return err
	})
}
