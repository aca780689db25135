package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"nerbench/internal/fault"
	"nerbench/reports"
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
	g := reports.Grid{Title: "model cards", Header: []string{"card", "model", "family", "variant", "shape", "training datasets"}, Labels: 5}
	for _, c := range list {
		training := "unknown"
		if c.Training != nil {
			training = fmt.Sprint(len(c.Training))
		}
		g.Body = append(g.Body, []string{c.Name, c.Title, c.Family, c.Variant, c.Shape, training})
	}
	g.Notes = []string{"run -m ollama/NAME --card CARD runs a model with the settings of its card"}
	return errors.Join(g.Write(env.stdout, "text"), err)
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
	thinking := ""
	if card.Think {
		thinking = ", with thinking"
	}
	fmt.Fprintf(env.stdout, "%s: %s\n\nprompt family %s, variant %s, sent as %s%s\n", card.Name, card.Title, card.Family, card.Variant, card.Shape, thinking)
	for _, line := range []struct{ name, value string }{
		{"organisation", card.Organisation}, {"parameters", card.Parameters}, {"licence", card.Licence}, {"released", card.Released},
		{"served as", card.Model}, {"weights", card.Where}, {"stop", strings.Join(card.Stop, " ")},
		{"special tokens", strings.Join(card.Special, " ")}, {"note", card.Note},
	} {
		if line.value != "" {
			fmt.Fprintf(env.stdout, "%s: %s\n", line.name, line.value)
		}
	}
	if card.Context > 0 {
		fmt.Fprintf(env.stdout, "context: %d tokens\n", card.Context)
	}
	switch {
	case card.Training == nil:
		fmt.Fprintln(env.stdout, "training datasets: unknown")
	case len(card.Training) == 0:
		fmt.Fprintln(env.stdout, "training datasets: no dataset of the benchmark")
	default:
		fmt.Fprintf(env.stdout, "training datasets (%d): %s\n", len(card.Training), strings.Join(card.Training, ", "))
	}
	return nil
}
