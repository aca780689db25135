package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"nerbench/datasets"
	"nerbench/harness"
	"nerbench/harness/texts"
	"nerbench/internal/fault"
	"nerbench/loaders"
	"nerbench/ner"
)

func datasetsCommand(env *environment) *cli.Command {
	suite := &cli.StringFlag{Name: "suite", Usage: "only datasets of a `SUITE`"}
	viewFlag := &cli.StringFlag{Name: "view", Value: "all", Usage: "`VIEW` of the documents: all, or table6 (those that the paper counted)"}
	seedFlag := &cli.IntFlag{Name: "seed", Usage: "`SEED` of a random split, if the release has none: the key sample_seed of a run"}
	domain := &cli.StringFlag{Name: "domain", Usage: "only datasets of a `DOMAIN`"}
	return &cli.Command{
		Name:  "datasets",
		Usage: "list, download, import and check the datasets",
		Subcommands: []*cli.Command{
			{
				Name: "list", Usage: "list datasets and the state of their data", Flags: []cli.Flag{suite, domain},
				Action: func(c *cli.Context) error { return env.listDatasets(c.Context, c.String("suite"), c.String("domain")) },
			},
			{
				Name: "show", Usage: "print all about one dataset: labels, files, licence", ArgsUsage: "DATASET",
				Action: func(c *cli.Context) error { return env.showDataset(c) },
			},
			env.citeCommand(suite),
			{
				Name: "fetch", Usage: "download datasets that are freely available", ArgsUsage: "[DATASET...]",
				Description: `fetch downloads the files of datasets from their official sources into the data
folder, and verifies them. It resumes interrupted downloads. For a dataset that
needs an access agreement or a licence, it prints where to apply. It uses
HF_TOKEN, HF_HOME, HF_ENDPOINT and HTTPS_PROXY.`,
				Flags: []cli.Flag{
					&cli.StringFlag{Name: "suite", Usage: "all datasets of a `SUITE`"},
					&cli.BoolFlag{Name: "dry-run", Usage: "print the addresses; download nothing"},
				},
				Action: func(c *cli.Context) error { return env.fetchDatasets(c) },
			},
			{
				Name: "import", Usage: "import your own copy of a dataset's files", ArgsUsage: "DATASET PATH",
				Description: `PATH is a folder, an archive (zip, tar, tar.gz) or a single file. import recognizes
the dataset's files by their checksums, their paths, or their counts, and prints
the result. All files of a set without a checksum come from one folder. If several
folders fit, choose one with --folder. Files without a name, checksum or count of
the dataset are only taken as the --set and --split that you name.`,
				Flags: []cli.Flag{
					&cli.StringFlag{Name: "set", Usage: "`SET` of files at PATH"},
					&cli.StringFlag{Name: "split", Usage: "`SPLIT` at PATH: train, dev, test"},
					&cli.StringFlag{Name: "folder", Usage: "only files in the `FOLDER` inside PATH"},
					&cli.BoolFlag{Name: "accept", Usage: "import files that do not match the recorded values"},
				},
				Action: func(c *cli.Context) error { return env.importDataset(c) },
			},
			{
				Name: "lint", Usage: "check files that define your own datasets", ArgsUsage: "FILE...",
				Action: func(c *cli.Context) error { return env.lintDatasets(c.Args().Slice()) },
			},
			{
				Name: "verify", Usage: "compare the data with the recorded counts and checksums", ArgsUsage: "[DATASET...]",
				Action: func(c *cli.Context) error { return env.verifyDatasets(c.Context, c.Args().Slice()) },
			},
			{
				Name: "stats", Usage: "print Table 6: measured counts and published ones",
				Flags:  []cli.Flag{suite, domain, formatFlag(statsFormats()), latexFlag()},
				Action: func(c *cli.Context) error { return env.datasetStats(c) },
			},
			{
				Name: "export", Usage: "print documents as JSON Lines or columns", ArgsUsage: "DATASET",
				Flags: []cli.Flag{
					&cli.StringFlag{Name: "split", Value: "test", Usage: "`SPLIT`: train, dev, test"},
					&cli.StringFlag{Name: "set", Usage: "`SET` of files (default: the primary one)"},
					&cli.StringFlag{Name: "gold", Value: "native", Usage: "gold `RULE`: native, uniner"},
					viewFlag, seedFlag,
					formatFlag(documentFormats),
					&cli.IntFlag{Name: "limit", Usage: "only the first `N` documents"},
				},
				Action: func(c *cli.Context) error { return env.exportDataset(c) },
			},
		},
	}
}

func (env *environment) listDatasets(ctx context.Context, suite, domain string) error {
	lines, bad, err := env.bench.ListDatasets(ctx, suite, domain)
	if err != nil {
		return err
	}
	if env.json {
		return errors.Join(env.printJSON(lines), bad)
	}
	return errors.Join(texts.WriteDatasets(env.stdout, lines, env.bench.Data), bad)
}

// oneDataset finds the dataset in the first argument. The command has this many more
// arguments. A dataset of the embedded sample is found only by commands without more: it
// has no files to import.
func (env *environment) oneDataset(c *cli.Context, command string, more int) (*datasets.Dataset, error) {
	if c.NArg() != 1+more {
		return nil, fault.Usagef("%s: want %s", command, c.Command.ArgsUsage)
	}
	id := []string{c.Args().First()}
	var found []*datasets.Dataset
	var err error
	if more > 0 {
		found, err = env.bench.SelectDatasets(id, "", "")
	} else {
		found, err = env.bench.AskedDatasets(id, "")
	}
	switch {
	case errors.As(err, new(*fault.UsageError)):
		return nil, fault.Usagef("%s: %w", command, err)
	case err != nil:
		return nil, err
	case len(found) != 1:
		return nil, fault.Usagef("%s: %q: want one dataset", command, id[0])
	}
	return found[0], nil
}

func (env *environment) showDataset(c *cli.Context) error {
	dataset, err := env.oneDataset(c, "datasets show", 0)
	if err != nil {
		return err
	}
	if env.json {
		return env.printJSON(struct {
			*datasets.Dataset
			State    string `json:"state"`
			HowToGet string `json:"how_to_get"`
		}{dataset, env.bench.State(c.Context, dataset), env.howToGet(dataset)})
	}
	return texts.WriteDataset(env.stdout, dataset, env.bench.State(c.Context, dataset), env.howToGet(dataset))
}

// documentFormats are the formats of datasets export.
var documentFormats = []string{"jsonl", "conll", "json"}

func (env *environment) exportDataset(c *cli.Context) error {
	dataset, err := env.oneDataset(c, "datasets export", 0)
	if err != nil {
		return err
	}
	o := loaders.Options{Set: c.String("set"), Split: ner.Split(c.String("split")), View: c.String("view"), Seed: c.Int("seed")}
	if o.Gold, err = dataset.GoldRule(c.String("gold")); err != nil {
		return fault.Usagef("%v", err)
	}
	if err := new(ner.Plan).Set("view", o.View); err != nil {
		return fault.Usagef("--%v", err)
	}
	format, err := env.readFormat("datasets export", c.String("format"), documentFormats)
	if err != nil {
		return err
	}
	docs, err := env.bench.Documents(c.Context, dataset, o)
	if err != nil {
		return err
	}
	return env.writeLines(format, func(w io.Writer) error {
		return harness.WriteDocuments(w, docs, format, c.Int("limit"))
	})
}

// lintDatasets checks all files, and reports the faults of each.
func (env *environment) lintDatasets(files []string) error {
	if len(files) == 0 {
		return fault.Usagef("datasets lint: want FILE...")
	}
	list, bad, err := datasets.LintFiles(files)
	if err != nil {
		return err
	}
	if env.json {
		if err := env.printJSON(list); err != nil {
			return err
		}
	} else {
		for _, l := range list {
			if l.Faults != "" {
				fmt.Fprintln(env.stdout, l.Faults)
			} else {
				fmt.Fprintf(env.stdout, "%s: ok: dataset %s, %s, formats %s\n", filepath.Base(l.File), l.Dataset, ner.Count(l.Types, "type"), strings.Join(l.Formats, ", "))
			}
		}
	}
	if bad > 0 {
		return fmt.Errorf("datasets lint: %d of %d files have faults", bad, len(files))
	}
	return nil
}
