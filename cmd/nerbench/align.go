package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/urfave/cli/v2"

	"nerbench/answers"
	"nerbench/harness/files"
	"nerbench/internal/fault"
)

func alignCommand(env *environment) *cli.Command {
	return &cli.Command{
		Name:  "align",
		Usage: "find the positions of mentions in texts",
		Description: `align reads JSON Lines from standard input:
  {"text": "…", "tokens"?: [[start, end], …], "mentions": [{"text", "type"}, …]}
For each line, it prints the positions of the mentions in code points:
  {"spans": [{"start", "end", "type"}, …], "unaligned": n, "ambiguous": n}`,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "mode", Usage: "`MODE`: " + strings.Join(answers.Modes, ", ") + " (default: all)"},
			&cli.StringFlag{Name: "boundary", Usage: "`BOUNDARY`: " + strings.Join(answers.Boundaries, ", ") + " (default: token if the line has tokens, else word)"},
			&cli.IntFlag{Name: "tiers", Value: 3, Usage: "`N`: 3; 1: only exact matches; 4: also other blanks and signs"},
			formatFlag(lineFormats),
		},
		Action: func(c *cli.Context) error {
			if c.Int("tiers") == 0 {
				return fault.Usagef("align: --tiers 0: want %s", answers.TierNames())
			}
			a := answers.Alignment{Mode: c.String("mode"), Boundary: c.String("boundary"), Tiers: c.Int("tiers")}
			format, err := env.readFormat("align", c.String("format"), lineFormats)
			if err != nil {
				return err
			}
			return env.writeLines(format, func(w io.Writer) error {
				if err := files.Align(c.Context, env.input("-"), w, a); err != nil {
					return fmt.Errorf("align: %w", err)
				}
				return nil
			})
		},
	}
}
