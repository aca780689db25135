package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"nerbench/harness"
	"nerbench/harness/files"
	"nerbench/harness/texts"
	"nerbench/internal/fault"
	"nerbench/ner"
)

func importCommand(env *environment) *cli.Command {
	return &cli.Command{
		Name:      "import",
		Usage:     "make a run of predictions that were made elsewhere, and score it",
		ArgsUsage: "FILE",
		Description: `import FILE --model NAME -d DATASET --split S stores the predictions of any
system as a run of the model imported/NAME. The run is scored, shown and
compared like any other. Its key "imported" has the checksum of the file: the
same file is the same run.

FILE is JSON Lines with the ids of "datasets export", columns of tokens and
tags, or a file of UniNER, GLiNER or EvalScope; - is standard input.
docs/formats.md describes the formats.`,
		Flags: append([]cli.Flag{
			&cli.StringFlag{Name: "model", Aliases: []string{"m"}, Usage: "`NAME` of the system that made the predictions"},
			&cli.StringFlag{Name: "dataset", Aliases: []string{"d"}, Usage: "`DATASET` of the predictions"},
			&cli.StringFlag{Name: "split", Value: "test", Usage: "`SPLIT` of the dataset: train, dev, test"},
			&cli.StringFlag{Name: "view", Usage: "`VIEW` of the documents: all, table6 (those that the paper counted)"},
			&cli.StringFlag{Name: "family", Usage: "prompt `FAMILY` of raw answers (default: of the format, or uniner)"},
			&cli.StringFlag{Name: "variant", Usage: "`VARIANT` of the prompt (default: the family's first)"},
			&cli.StringSliceFlag{Name: "set", Usage: "`KEY=VALUE` of the documents (see help keys); may be repeated"},
			&cli.IntFlag{Name: "limit", Usage: "only the first `N` passages of the dataset"},
			&cli.StringFlag{Name: "shard", Usage: "only part `I/N` of the passages, such as 1/4"},
			&cli.BoolFlag{Name: "partial", Usage: "import a file without predictions for some passages"},
			&cli.StringSliceFlag{Name: "metric", Usage: "metric `IDS` to score by (default: span_f1, uniner_f1, uniner_f1_lenient)"},
		}, formatFlags()...),
		Action: func(c *cli.Context) error {
			r, err := env.readImport(c)
			if err != nil {
				return err
			}
			out, err := env.bench.Import(c.Context, r)
			if out.Run == "" {
				return err
			}
			if env.json {
				return errors.Join(env.printJSON(out), err)
			}
			fmt.Fprint(env.stdout, texts.ImportedRun(&out))
			return err
		},
	}
}

// readImport reads the flags of import.
func (env *environment) readImport(c *cli.Context) (r harness.ImportRequest, err error) {
	switch {
	case c.NArg() != 1:
		return r, fault.Usagef("import: %s: want one FILE (datasets import takes the data of a dataset)", ner.Count(c.NArg(), "file"))
	case c.String("dataset") == "":
		return r, fault.Usagef("import: no dataset: want -d DATASET")
	}
	ds, err := env.bench.AskedDatasets([]string{c.String("dataset")}, "")
	if err != nil {
		return r, err
	}
	if len(ds) != 1 {
		return r, fault.Usagef("import: -d %s: want one dataset", c.String("dataset"))
	}
	r = harness.ImportRequest{
		File: env.input(c.Args().First()), Name: c.String("model"), Dataset: ds[0], Partial: c.Bool("partial"), Metrics: splitList(c.StringSlice("metric")),
	}
	if r.Reading, err = readFormat(c); err != nil {
		return r, err
	}
	if r.Reading.Format, r.File, err = r.Reading.Recognize(r.File); err != nil {
		return r, err
	}
	for _, f := range schemeFlags {
		if c.IsSet(f) && r.Reading.Format != files.CoNLL {
			return r, fault.Usagef("import: --%s has no effect on the format %s", f, r.Reading.Format)
		}
	}
	r.Plan, err = readPlan(c)
	return r, err
}

// imported selects the keys that import uses: those that select the documents, and how
// raw answers are parsed.
func imported(k ner.Key) bool {
	return k.Part == ner.DataPart || strings.Contains(" family variant ", " "+k.Name+" ")
}
