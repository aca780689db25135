package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"nerbench/harness"
	"nerbench/internal/fault"
	"nerbench/internal/terminal"
	"nerbench/results"
)

func runsCommand(env *environment) *cli.Command {
	return &cli.Command{
		Name:  "runs",
		Usage: "list, show, export and remove runs, and list their errors",
		Description: `A run is one model on one split of one dataset, with one set of keys. RUN is the
beginning of its id.`,
		Subcommands: []*cli.Command{
			{
				Name: "list", Usage: "list runs, their progress and their scores",
				Flags: []cli.Flag{whereFlag()},
				Action: func(c *cli.Context) error {
					if c.NArg() > 0 {
						return fault.Usagef("runs list: unexpected argument %q (select runs with --where)", c.Args().First())
					}
					return env.listRuns(c.Context, c.StringSlice("where"))
				},
			},
			{
				Name: "show", Usage: "print all about one run: keys, counts, outcomes", ArgsUsage: "RUN",
				Action: func(c *cli.Context) error {
					if c.NArg() != 1 {
						return fault.Usagef("runs show: needs one RUN")
					}
					return env.showRun(c.Context, c.Args().First())
				},
			},
			runErrorsCommand(env),
			{
				Name: "export", Usage: "print predictions, answers or prompts as JSON Lines", ArgsUsage: "[RUN]",
				Description: `export --what store --out FILE copies the whole store to a new file, also while
other processes write to it. It needs no RUN.`,
				Flags: []cli.Flag{
					&cli.StringFlag{Name: "what", Value: harness.ExportNames()[0], Usage: "`CONTENT`: " + strings.Join(append(harness.ExportNames(), wholeStore), ", ")},
					formatFlag(lineFormats),
					&cli.StringFlag{Name: "out", Usage: "copy the store to `FILE` (with --what store)"},
				},
				Action: func(c *cli.Context) error {
					what, out := c.String("what"), c.String("out")
					switch {
					case what == wholeStore && c.NArg() > 0:
						return fault.Usagef("runs export: unexpected argument %q: --what store copies all runs", c.Args().First())
					case what == wholeStore && out == "":
						return fault.Usagef("runs export: --what store: want --out FILE")
					case what == wholeStore:
						return env.exportStore(c.Context, out)
					case out != "":
						return fault.Usagef("runs export: --out: only for --what store; redirect the output instead")
					}
					if c.NArg() != 1 {
						return fault.Usagef("runs export: needs one RUN")
					}
					format, err := env.readFormat("runs export", c.String("format"), lineFormats)
					if err != nil {
						return err
					}
					return env.writeLines(format, func(w io.Writer) error {
						return env.bench.Export(c.Context, w, c.Args().First(), c.String("what"))
					})
				},
			},
			{
				Name: "rm", Usage: "remove runs, and answers that no other run uses", ArgsUsage: "RUN...",
				Action: func(c *cli.Context) error {
					if c.NArg() == 0 {
						return fault.Usagef("runs rm: needs a RUN")
					}
					return env.removeRuns(c.Context, c.Args().Slice())
				},
			},
		},
	}
}

// wholeStore is the content of runs export that is a copy of the store.
const wholeStore = "store"

func (env *environment) removeRuns(ctx context.Context, names []string) error {
	store, err := env.bench.OpenStore(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	var runs []results.RunInfo
	for _, name := range names { // all must exist before one is removed
		run, err := store.Find(ctx, name)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(runs, func(r results.RunInfo) bool { return r.ID == run.ID }) {
			runs = append(runs, run)
		}
	}
	removed := []string{}
	for _, r := range runs {
		if err := store.Remove(ctx, r.ID); err != nil {
			return err
		}
		removed = append(removed, r.ID)
		if !env.json {
			fmt.Fprintf(env.stdout, "removed %s: %s, %s, %d of %d passages\n",
				r.ID, terminal.Printable(r.Keys["model"]), terminal.Printable(r.Keys["dataset"]), r.Complete, r.Passages)
		}
	}
	if env.json {
		return env.printJSON(map[string][]string{"removed": removed})
	}
	return nil
}
