package main

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"nerbench/answers"
	"nerbench/harness/files"
	"nerbench/internal/fault"
)

func alignCommand(env *environment) *cli.Command {
	return &cli.Command{
		Name:  "align",
		Usage: "find mentions in texts",
		Description: `align < lines reads {"text": "…", "tokens"?: [[start, end], …], "mentions": [{"text", "type"}, …]}
and prints {"spans": [{"start", "end", "type"}, …], "unaligned": n, "ambiguous": n} for each.`,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "mode", Usage: "`MODE`: " + strings.Join(answers.Modes, ", ") + " (default: all)"},
			&cli.StringFlag{Name: "boundary", Usage: "`BOUNDARY`: " + strings.Join(answers.Boundaries, ", ") + " (default: token where there are tokens, else word)"},
			&cli.IntFlag{Name: "tiers", Value: 3, Usage: "`N`: 3, or 1 for exact occurrences only"},
		},
		Action: func(c *cli.Context) error {
			if c.NArg() > 0 {
				return fault.Usagef("align: unexpected argument %q (texts come from standard input)", c.Args().First())
			}
			if c.Int("tiers") == 0 {
				return fault.Usagef("align: --tiers 0: want 1 or 3")
			}
			a := answers.Alignment{Mode: c.String("mode"), Boundary: c.String("boundary"), Tiers: c.Int("tiers")}
			if err := files.Align(c.Context, env.input("-"), env.stdout, a); err != nil {
				return fmt.Errorf("align: %w", err)
			}
			return nil
		},
	}
}
