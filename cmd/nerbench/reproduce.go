package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/urfave/cli/v2"

	"nerbench/harness"
	"nerbench/internal/fault"
	"nerbench/results"
)

func reproduceCommand(env *environment) *cli.Command {
	return &cli.Command{
		Name:      "reproduce",
		Usage:     "check that stored scores can be reproduced from the answers",
		ArgsUsage: "RUN|SIGNATURE",
		Description: `reproduce RUN parses the stored answers of a run again, and compares the counts of
all its metrics with the stored ones. reproduce SIGNATURE does so for one score
(quote the signature, since it has vertical bars). If counts differ, the first
different passage is printed, and the exit code is 1. Nothing is written.`,
		Action: func(c *cli.Context) error {
			if c.NArg() != 1 {
				return fault.Usagef("reproduce: want one run or signature")
			}
			return env.reproduce(c.Context, c.Args().First())
		},
	}
}

func (env *environment) reproduce(ctx context.Context, name string) error {
	run, list, err := env.bench.Reproduce(ctx, name)
	if len(list) == 0 {
		return err
	}
	return errors.Join(env.printReproduced(run, list), err)
}

func (env *environment) printReproduced(run results.RunInfo, list []harness.Reproduced) error {
	if env.json {
		return env.printJSON(map[string]any{"run": run.ID, "scores": list})
	}
	for _, r := range list {
		verdict := "equal"
		if !r.Equal {
			verdict = "different: " + r.Parts
		}
		if _, err := fmt.Fprintf(env.stdout, "run %s  %s  %s\n", run.ID, r.Metric, verdict); err != nil {
			return err
		}
	}
	return nil
}
