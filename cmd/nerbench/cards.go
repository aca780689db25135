package main

import (
	"errors"

	"github.com/urfave/cli/v2"

	"nerbench/harness/texts"
	"nerbench/internal/fault"
)

func modelsCommand(env *environment) *cli.Command {
	return &cli.Command{
		Name:  "models",
		Usage: "list model cards, and check that a model works",
		Subcommands: []*cli.Command{
			{
				Name: "list", Usage: "list the model cards",
				Action: func(*cli.Context) error { return env.listCards() },
			},
			{
				Name: "show", Usage: "print one card", ArgsUsage: "CARD",
				Action: func(c *cli.Context) error { return env.showCard(c) },
			},
			{
				Name: "check", Usage: "check a model before a run: server, context, answers", ArgsUsage: "MODEL",
				Description: `check opens the model like run. It checks the model's identity, context length,
special tokens, chat template, and device. It sends a few queries about the
first passages of a dataset twice, then the longest query, and parses the
answers. MODEL is as in run, or the name of a card with a model. The exit code is
1 if a run would fail.`,
				Flags:  checkFlags(),
				Action: func(c *cli.Context) error { return env.checkModel(c) },
			},
		},
	}
}

func (env *environment) listCards() error {
	list, err := env.bench.AllCards()
	if list == nil {
		return err
	}
	if env.json {
		return errors.Join(env.printJSON(list), err)
	}
	return errors.Join(texts.WriteCards(env.stdout, list), err)
}

func (env *environment) showCard(c *cli.Context) error {
	if c.NArg() != 1 {
		return fault.Usagef("models show: want CARD")
	}
	card, err := env.bench.FindCard(c.Args().First())
	if err != nil {
		return err
	}
	if env.json {
		return env.printJSON(card)
	}
	texts.WriteCard(env.stdout, card)
	return nil
}
