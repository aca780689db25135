package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/urfave/cli/v2"

	"nerbench/answers"
	"nerbench/harness/files"
	"nerbench/ner"
	"nerbench/prompts"
)

func parseCommand(env *environment) *cli.Command {
	return &cli.Command{
		Name:  "parse",
		Usage: "parse raw answers of a model",
		Description: `parse --family F --types a,b,c reads JSON Lines {"text": "raw answer"} from standard
input, and prints the mentions of each answer. Optional members of a line:
  "document"  the passage, to find the positions of the mentions
  "tokens"    tokens of the passage, as [[start, end], …]
  "finish"    finish reason: stop, length
  "types"     types of the query, if not all of --types`,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "family", Value: "uniner", Usage: "prompt `FAMILY`: " + strings.Join(prompts.Names(prompts.Families), ", ")},
			&cli.StringFlag{Name: "variant", Usage: "`VARIANT` of the family"},
			&cli.StringFlag{Name: "types", Usage: "`TYPES` of the queries, separated by commas; native=natural gives both names of a type; names with commas need a JSON list of names or {\"native\", \"natural\"}"},
			&cli.StringFlag{Name: "type", Usage: "the one `TYPE` of the queries, if --types are all of the dataset"},
			&cli.StringFlag{Name: "unknown", Value: "drop", Usage: "`HOW` to count mentions of unknown types: drop, fp"},
			&cli.StringFlag{Name: "reader", Value: "ladder", Usage: "parser `NAME`: ladder; published, the parser of the family's authors (docs/spec/metrics.md §3.1, §3.2, §9); official, uniner's parser on the unchanged answer (§3.2)"},
			formatFlag(lineFormats),
		},
		Action: func(c *cli.Context) error { return env.parse(c) },
	}
}

func (env *environment) parse(c *cli.Context) error {
	options := files.ParseOptions{
		Family: c.String("family"), Variant: c.String("variant"), Types: answers.ParseTypeNames(c.String("types")),
		Type: ner.EntityType(c.String("type")), Unknown: c.String("unknown"), Parser: c.String("reader"),
	}
	own, err := env.bench.OwnFamilies(options.Family)
	if err != nil {
		return err
	}
	for _, f := range own {
		if f.Name == options.Family {
			options.Form = f.Answers("").Form
		}
	}
	format, err := env.readFormat("parse", c.String("format"), lineFormats)
	if err != nil {
		return err
	}
	return env.writeLines(format, func(w io.Writer) error {
		if err := files.Parse(c.Context, env.input("-"), w, options); err != nil {
			return fmt.Errorf("parse: %w", err)
		}
		return nil
	})
}
