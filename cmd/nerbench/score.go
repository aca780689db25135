package main

import (
	"context"
	"errors"

	"github.com/urfave/cli/v2"

	"nerbench/harness/texts"
	"nerbench/internal/fault"
)

func scoreCommand(env *environment) *cli.Command {
	return &cli.Command{
		Name:      "score",
		Usage:     "score stored answers again, without a model",
		ArgsUsage: "[RUN...]",
		Description: `score parses the stored answers of runs with the current parsers, and stores the
scores. It sends no queries. RUN is the beginning of the id of a run.`,
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "all", Usage: "score all runs of the store"},
			&cli.StringSliceFlag{Name: "metric", Usage: "metric `IDS` (default: span_f1, uniner_f1, uniner_f1_lenient)"},
		},
		Action: func(c *cli.Context) error {
			if c.NArg() == 0 == !c.Bool("all") {
				return fault.Usagef("score: want RUN... or --all")
			}
			return env.scoreRuns(c.Context, c.Args().Slice(), splitList(c.StringSlice("metric")))
		},
	}
}

// scoreRuns scores the named runs, or all, and prints what changed.
func (env *environment) scoreRuns(ctx context.Context, names, ids []string) error {
	scored, err := env.bench.Score(ctx, names, ids)
	if len(scored.Runs) == 0 {
		return err
	}
	if env.json {
		return errors.Join(env.printJSON(scored), err)
	}
	return errors.Join(texts.WriteRescored(env.stdout, scored), err)
}
