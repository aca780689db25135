package main

import (
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"nerbench/harness"
	"nerbench/internal/fault"
	"nerbench/metrics/stats"
	"nerbench/ner"
	"nerbench/reports/exchange"
)

// wholeStore is the content of runs export that is a copy of the store.
const wholeStore = "store"

func runExportCommand(env *environment) *cli.Command {
	return &cli.Command{
		Name: "export", Usage: "write runs as JSON Lines, or in formats of other programs", ArgsUsage: "[RUN...]",
		Description: `The formats jsonl and json print predictions, answers or prompts of one RUN.
The other formats write the results of several runs, named by RUN... or
selected by --where:

  eee              a record and the passages of each run (Every Eval Ever)
  lm-eval          results and samples as lm-evaluation-harness writes them
  hf-eval-results  .eval_results of models, and eval.yaml (Hugging Face hub)
  model-index      metadata for the card of one model, printed
  csv              one line for each run and metric, printed
  parquet          the same lines, and tables of passages and counts

csv and model-index are printed; the others write files below --out DIR.
A file that exists with other content is never replaced. Text of a dataset
is written only if the dataset permits it (text = "publish").

export --what store --out FILE copies the whole store to a new file, also while
other processes write to it. It needs no RUN.`,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "what", Value: harness.ExportNames()[0], Usage: "`CONTENT` of jsonl: " + strings.Join(append(harness.ExportNames(), wholeStore), ", ")},
			formatFlag(exportFormats()),
			&cli.StringFlag{Name: "out", Usage: "folder `DIR` of the files; FILE with --what store"},
			whereFlag(),
			&cli.IntFlag{Name: "ci", Value: stats.Resamples, Usage: "95 % intervals of `B` resamples, at least 1000; 0: none"},
			&cli.StringFlag{Name: "benchmark", Usage: "dataset repository `OWNER/NAME` on the hub (hf-eval-results)"},
			&cli.StringFlag{Name: "organization", Usage: "`NAME` of who made the runs (eee)"},
		},
		Action: env.exportRuns,
	}
}

// exportFormats are the formats of runs export, the default first.
func exportFormats() []string { return slices.Concat(lineFormats, exchange.Formats()) }

func (env *environment) exportRuns(c *cli.Context) error {
	what, out, named := c.String("what"), c.String("out"), c.String("format")
	switch {
	case slices.Contains(exchange.Formats(), named):
		return env.exchangeRuns(c, named)
	case what == wholeStore && c.NArg() > 0:
		return fault.Usagef("runs export: unexpected argument %q: --what store copies all runs", c.Args().First())
	case what == wholeStore && out == "":
		return fault.Usagef("runs export: --what store: want --out FILE")
	case what == wholeStore:
		return env.exportStore(c.Context, out)
	}
	format, err := env.readFormat("runs export", named, exportFormats())
	if err != nil {
		return err
	}
	for _, flag := range []string{"where", "ci", "benchmark", "organization"} {
		if c.IsSet(flag) {
			return fault.Usagef("runs export: --%s: not for --format %s", flag, format)
		}
	}
	switch {
	case out != "":
		return fault.Usagef("runs export: --out: only for files and for --what store; redirect the output instead")
	case c.NArg() != 1:
		return fault.Usagef("runs export: needs one RUN")
	}
	return env.writeLines(format, func(w io.Writer) error {
		return env.bench.Export(c.Context, w, c.Args().First(), what)
	})
}

// exchangeRuns writes runs in a format of other programs.
func (env *environment) exchangeRuns(c *cli.Context, format string) error {
	r := harness.ExchangeRequest{Runs: c.Args().Slice(), Format: format, Out: c.String("out")}
	r.Options.Version, r.Options.Organization, r.Options.Benchmark = version, c.String("organization"), c.String("benchmark")
	printed := exchange.Printed(format)
	switch {
	case c.IsSet("what"):
		return fault.Usagef("runs export: --what: not for --format %s", format)
	case len(r.Runs) > 0 && c.IsSet("where"):
		return fault.Usagef("runs export: RUN and --where: want one of them")
	case len(r.Runs) == 0 && !c.IsSet("where"):
		return fault.Usagef("runs export: needs a RUN, or --where")
	case printed && r.Out != "":
		return fault.Usagef("runs export: --out: --format %s is printed; redirect the output instead", format)
	case !printed && r.Out == "":
		return fault.Usagef("runs export: --format %s: want --out DIR", format)
	}
	if c.IsSet("organization") && format != "eee" {
		return fault.Usagef("runs export: --organization: only for --format eee")
	}
	if (format == "hf-eval-results") != c.IsSet("benchmark") {
		return fault.Usagef("runs export: --format hf-eval-results, and no other, wants --benchmark OWNER/NAME")
	}
	var err error
	if printed {
		if _, err = env.readFormat("runs export", format, exportFormats()); err != nil { // beside --json
			return err
		}
	}
	if r.Where, err = readWhere(c.StringSlice("where"), ner.KeyNames()); err != nil {
		return err
	}
	if r.Resamples, err = readResamples(c.Int("ci")); err != nil {
		return err
	}
	if r.Options.Exported, err = env.bench.ShownDate(nil); err != nil {
		return err
	}
	files, err := env.bench.Exchange(c.Context, env.output(format), r)
	if len(files) == 0 {
		return err
	}
	if env.json {
		if printing := env.printJSON(map[string]any{"out": r.Out, "files": files}); printing != nil {
			return printing
		}
		return err
	}
	for _, name := range files {
		fmt.Fprintln(env.stdout, filepath.Join(r.Out, filepath.FromSlash(name)))
	}
	return err
}
