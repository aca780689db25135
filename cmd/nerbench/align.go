package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"nerbench/answers"
	"nerbench/internal/fault"
	"nerbench/ner"
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
			a := answers.Alignment{Mode: c.String("mode"), Boundary: c.String("boundary"), Tiers: c.Int("tiers")}
			if err := a.Check(); err != nil || c.Int("tiers") == 0 {
				return fault.Usagef("%v", err)
			}
			if c.NArg() > 0 {
				return fault.Usagef("align: unexpected argument %q (texts come from standard input)", c.Args().First())
			}
			return env.filter("align", func(line []byte) (any, error) { return alignLine(a, line) })
		},
	}
}

// alignedLine is a line of align's output.
type alignedLine struct {
	Spans     []placedSpan `json:"spans"`
	Unaligned int          `json:"unaligned"`
	Ambiguous int          `json:"ambiguous"`
	Tiers     []int        `json:"tiers"` // by mention; 0 for none
}

func alignLine(a answers.Alignment, line []byte) (alignedLine, error) {
	var in struct {
		Text     *string  `json:"text"`
		Tokens   [][2]int `json:"tokens"`
		Mentions []struct {
			Text string         `json:"text"`
			Type ner.EntityType `json:"type"`
		} `json:"mentions"`
	}
	if err := json.Unmarshal(line, &in); err != nil {
		return alignedLine{}, err
	}
	if in.Text == nil {
		return alignedLine{}, fmt.Errorf(`want {"text": "…", "mentions": […]}`)
	}
	d, err := newDocument(*in.Text, in.Tokens)
	if err != nil {
		return alignedLine{}, err
	}
	mentions := make([]ner.Mention, len(in.Mentions))
	for i, m := range in.Mentions {
		mentions[i] = ner.Mention{Text: m.Text, Type: m.Type}
	}
	placed, err := a.Align(d, mentions)
	if err != nil {
		return alignedLine{}, err
	}
	return alignedLine{newPlacedSpans(d, placed.Spans), len(placed.Unaligned), placed.Ambiguous, placed.Tiers}, nil
}
