package main

import (
	"cmp"
	"path/filepath"
	"slices"

	"github.com/urfave/cli/v2"

	"nerbench/distill"
	"nerbench/harness"
	"nerbench/harness/texts"
	"nerbench/internal/fault"
)

func distillConstructCommand(env *environment) *cli.Command {
	return &cli.Command{
		Name: "construct", Usage: "ask a teacher for the entities of passages of a corpus", ArgsUsage: "CORPUS...",
		Description: `CORPUS is a file of JSON Lines, text or Parquet, also with .gz or .zst, or a folder of
them. The same command continues: no answer is asked for twice. DIR has the passages,
the answers, and what the filters kept and dropped (docs/distill.md).`,
		Flags: slices.Concat([]cli.Flag{
			&cli.StringFlag{Name: "model", Aliases: []string{"m"}, Usage: "`MODEL` to ask, the teacher (see help run)"},
			&cli.StringFlag{Name: "out", Usage: "write into the folder `DIR`"},
			&cli.StringFlag{Name: "variant", Value: distill.Variants[0], Usage: "`VARIANT` of the prompt: type; or definition, for types as sentences"},
			&cli.StringFlag{Name: "demonstration", Usage: "base models: `FILE` of passages with their entities"},
			&cli.IntFlag{Name: "sample", Value: 50000, Usage: "choose `N` passages"},
			&cli.IntFlag{Name: "seed", Usage: "`SEED` of the choice"},
			&cli.IntFlag{Name: "chunk", Value: 256, Usage: "cut texts into passages of at most `N` tokens"},
			&cli.StringFlag{Name: "tokens", Value: "words", Usage: "count tokens `HOW`: words, server (1 or 2 requests a passage), gguf:FILE"},
			&cli.StringFlag{Name: "field", Value: "text", Usage: "`NAME` of the field with the text"},
			&cli.StringFlag{Name: "id", Usage: "`NAME` of the field with the id (default: id, if it exists)"},
			&cli.StringFlag{Name: "decontaminate", Value: "full49", Usage: "leave out passages with words of test sets of a `SUITE`; or off"},
			&cli.BoolFlag{Name: "plan", Usage: "ask about 16 passages, and estimate time and cost of all"},
			&cli.Float64Flag{Name: "price-in", Usage: "`PRICE` of a million prompt tokens, for --plan"},
			&cli.Float64Flag{Name: "price-out", Usage: "`PRICE` of a million answer tokens, for --plan"},
			&cli.IntFlag{Name: "limit", Usage: "ask only about the first `N` passages"},
		}, filterFlags(), askFlags(), fleetFlags(), localFlags()),
		Action: func(c *cli.Context) error { return env.construct(c) },
	}
}

// filterFlags are the choices about filters, of construct and of build.
func filterFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "unclosed", Value: "drop", Usage: "lists without an end: `CHOICE` keep or drop"},
		&cli.StringFlag{Name: "verbatim", Value: "drop", Usage: "entities that do not occur: `CHOICE` keep or drop"},
		&cli.StringFlag{Name: "conflict", Value: "keep", Usage: "entities with more than two types: `CHOICE` keep or drop"},
	}
}

// readFilters reads the flags of [filterFlags].
func readFilters(c *cli.Context) (distill.Filters, error) {
	f, err := distill.ParseFilters(c.String("unclosed"), c.String("verbatim"), c.String("conflict"))
	if err != nil {
		return f, fault.Usagef("--%v", err)
	}
	return f, nil
}

func (env *environment) construct(c *cli.Context) (err error) {
	r := harness.ConstructRequest{
		Paths: c.Args().Slice(), Dir: c.String("out"), Field: c.String("field"), ID: c.String("id"),
		Sample: c.Int("sample"), Seed: c.Int("seed"), Chunk: c.Int("chunk"), Tokens: c.String("tokens"), Decontaminate: c.String("decontaminate"),
		Demonstrations: c.String("demonstration"), Plan: c.Bool("plan"),
	}
	if r.Price, err = readPrice(c); err != nil {
		return err
	}
	if r.Filters, err = readFilters(c); err != nil {
		return err
	}
	if r.Ask, err = readAsk(c); err != nil {
		return err
	}
	r.Ask.Plan.Model = c.String("model")
	if r.Dir == "" {
		return fault.Usagef("distill construct: want --out DIR, the folder of the data")
	}
	f, err := env.startFleet(c, filepath.Join(r.Dir, distill.AnswersFile), 1)
	if err != nil {
		return err
	}
	if f != nil {
		defer f.Close()
		r.Ask.Elsewhere = f
	}
	env.asks(collectSampleAt)
	out, err := env.bench.Construct(c.Context, r)
	env.shown.end()
	if out == nil {
		return err
	}
	print := func() error { return texts.WriteConstructed(env.stdout, out) }
	if env.json {
		print = func() error { return env.printJSON(out) }
	}
	return cmp.Or(print(), err)
}
