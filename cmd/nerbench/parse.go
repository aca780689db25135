package main

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"nerbench/answers"
	"nerbench/harness/files"
	"nerbench/internal/fault"
	"nerbench/ner"
	"nerbench/prompts"
)

func parseCommand(env *environment) *cli.Command {
	return &cli.Command{
		Name:  "parse",
		Usage: "read raw answers",
		Description: `parse --family F --types a,b,c < answers.jsonl reads lines {"text": "raw answer"} and
prints what is understood of each. A line may have "document", the passage (then mentions are placed in it),
"finish" (stop, length), "types" (those asked for, where not all of --types), and "tokens" of the passage.`,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "family", Value: "uniner", Usage: "prompt `FAMILY`: " + strings.Join(prompts.Names(prompts.Families), ", ")},
			&cli.StringFlag{Name: "variant", Usage: "`VARIANT` of the family"},
			&cli.StringFlag{Name: "types", Usage: "`TYPES` asked for, separated by commas; native=natural names both; a JSON list of names or {\"native\", \"natural\"} may have commas in them"},
			&cli.StringFlag{Name: "type", Usage: "the one `TYPE` asked for, where --types are all of the dataset"},
			&cli.StringFlag{Name: "unknown", Value: "drop", Usage: "mentions of unknown types: `drop` or fp"},
			&cli.StringFlag{Name: "reader", Value: "ladder", Usage: "`READER`: ladder; published, the one of the family's authors (docs/spec/metrics.md §3.1, §3.2, §9); or official, uniner's parser alone, on the answer as it is (§3.2)"},
		},
		Action: func(c *cli.Context) error { return env.parse(c) },
	}
}

func (env *environment) parse(c *cli.Context) error {
	if c.NArg() > 0 {
		return fault.Usagef("parse: unexpected argument %q (answers come from standard input)", c.Args().First())
	}
	options := files.ParseOptions{
		Family: c.String("family"), Variant: c.String("variant"), Types: answers.ParseTypeNames(c.String("types")),
		Type: ner.EntityType(c.String("type")), Unknown: c.String("unknown"), Parser: c.String("reader"),
	}
	own, err := env.bench.OwnFamilies()
	if err != nil {
		return err
	}
	for _, f := range own {
		if f.Name == options.Family {
			options.Form = f.Answers("").Form
		}
	}
	if err := files.Parse(c.Context, env.input("-"), env.stdout, options); err != nil {
		return fmt.Errorf("parse: %w", err)
	}
	return nil
}
