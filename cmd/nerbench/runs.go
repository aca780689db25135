package main

import (
	"context"
	"fmt"

	"github.com/urfave/cli/v2"

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
			runExportCommand(env),
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

func (env *environment) removeRuns(ctx context.Context, names []string) error {
	removed := []string{}
	err := env.bench.RemoveRuns(ctx, names, func(r results.RunInfo) {
		removed = append(removed, r.ID)
		if !env.json {
			fmt.Fprintf(env.stdout, "removed %s: %s, %s, %d of %d passages\n",
				r.ID, terminal.Printable(r.Keys["model"]), terminal.Printable(r.Keys["dataset"]), r.Complete, r.Passages)
		}
	})
	if err != nil {
		return err
	}
	if env.json {
		return env.printJSON(map[string][]string{"removed": removed})
	}
	return nil
}
