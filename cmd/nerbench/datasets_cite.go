package main

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
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

// citation is an entry with its datasets, as JSON.
type citation struct {
	Key      string            `json:"key"`
	Type     string            `json:"type"`
	Fields   map[string]string `json:"fields"`
	Datasets []string          `json:"datasets"` // empty for the paper of the benchmark
	BibTeX   string            `json:"bibtex"`
}

func (env *environment) citeDatasets(names []string, suite string) error {
	ds, err := env.bench.SelectDatasets(names, suite, "")
	if err != nil {
		return err
	}
	references, err := referencesOf(ds, len(names) == 0)
	if err != nil {
		return err
	}
	if env.json {
		return env.printJSON(citations(references, ds))
	}
	return writeReferences(env.output("bibtex"), references)
}

// referencesOf returns the entries of datasets, behind that of the paper.
func referencesOf(ds []*datasets.Dataset, withPaper bool) ([]datasets.Reference, error) {
	references, err := datasets.References(ds)
	if err != nil || !withPaper {
		return references, err
	}
	first, err := datasets.Paper()
	return slices.Insert(references, 0, first), err
}

func citations(references []datasets.Reference, ds []*datasets.Dataset) []citation {
	var out []citation
	for _, r := range references {
		c := citation{Key: r.Key, Type: r.Type, Fields: map[string]string{}, Datasets: []string{}, BibTeX: r.String()}
		for _, f := range r.Fields {
			c.Fields[f.Name] = f.Value
		}
		for _, d := range ds {
			if d.Citation.Key == r.Key {
				c.Datasets = append(c.Datasets, d.ID)
			}
		}
		out = append(out, c)
	}
	return out
}

func writeReferences(w io.Writer, references []datasets.Reference) error {
	for i, r := range references {
		text := r.String()
		if i > 0 {
			text = "\n" + text
		}
		if _, err := io.WriteString(w, text); err != nil {
			return err
		}
	}
	return nil
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
	references, err := referencesOf(ds, true)
	if err != nil {
		return err
	}
	path := filepath.Join(dir, referencesFile)
	old, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	missing := slices.DeleteFunc(references, func(r datasets.Reference) bool {
		return regexp.MustCompile(`@\w+\s*\{\s*` + regexp.QuoteMeta(r.Key) + `\s*,`).Match(old)
	})
	if len(missing) == 0 {
		return nil
	}
	return atomicfile.Write(path, func(w io.Writer) error {
		if len(old) > 0 {
			if _, err := w.Write(append(bytes.TrimRight(old, "\n"), "\n\n"...)); err != nil {
				return err
			}
		}
		return writeReferences(w, missing)
	})
}
