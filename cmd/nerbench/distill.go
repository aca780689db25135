package main

import "github.com/urfave/cli/v2"

func distillCommand(env *environment) *cli.Command {
	return &cli.Command{
		Name:  "distill",
		Usage: "make training data from a corpus and a teacher",
		Description: `The recipe of the paper (docs/distill.md): a teacher names the entities of passages, and a
student is trained on conversations made from its answers.`,
		Subcommands: []*cli.Command{
			distillConstructCommand(env),
			distillStatsCommand(env),
			distillBuildCommand(env),
			distillExportCommand(env),
			distillCheckCommand(env),
		},
	}
}
