package main

import (
	"github.com/urfave/cli/v2"

	"nerbench/harness"
	"nerbench/harness/texts"
)

func mergeCommand(env *environment) *cli.Command {
	return &cli.Command{
		Name:      "merge",
		Usage:     "join stores, such as those of the parts of run --shard",
		ArgsUsage: "FILE FILE...",
		Description: `merge writes the union of stores: runs with all their passages, and answers. If the
store of --into exists, it is extended. Scores are not merged: score computes them again.
If two stores have different answers to a prompt, one is kept, which does not depend on
the order of the stores. The number of such prompts is printed.

The stores are verified, and not changed. A store that is open, damaged, of another
version, or has other passages for a run, is refused.`,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "into", Usage: "write the merged store to `FILE`"},
			&cli.BoolFlag{Name: "check", Usage: "verify the stores and print the result, but write nothing"},
		},
		Action: func(c *cli.Context) error {
			m, err := harness.MergeStores(c.Context, c.Args().Slice(), c.String("into"), c.Bool("check"))
			if err != nil {
				return err
			}
			if env.json {
				return env.printJSON(m)
			}
			return texts.WriteMerged(env.stdout, &m)
		},
	}
}
