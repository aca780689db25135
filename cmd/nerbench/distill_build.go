package main

import (
	"github.com/urfave/cli/v2"

	"nerbench/distill"
	"nerbench/harness"
	"nerbench/harness/texts"
	"nerbench/internal/fault"
	"nerbench/reports"
)

func distillStatsCommand(env *environment) *cli.Command {
	return &cli.Command{
		Name: "stats", Usage: "print Table 1 and other statistics of constructed data", ArgsUsage: "DIR...",
		Description: "Table 1 beside the published one, what the filters dropped, entities and types of a\npassage, types by rank (svg). Two folders are compared: the agreement of their teachers.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "by", Usage: "`KEY` of further tables: source, the part of the corpus"},
			formatFlag(reports.ExhibitFormats()), latexFlag(),
		},
		Action: func(c *cli.Context) error {
			format, err := env.readFormat("distill stats", c.String("format"), reports.ExhibitFormats())
			if err != nil {
				return err
			}
			latex, err := env.readLatex(c, "distill stats", format, false)
			if err != nil {
				return err
			}
			if by := c.String("by"); by != "" && by != "source" {
				return fault.Usagef("distill stats: --by %s: want source", by)
			}
			s, err := harness.ConstructedStatistics(c.Context, c.Args().Slice(), c.String("by") == "source")
			if err != nil {
				return err
			}
			return s.Write(env.output(format), env.printed(format), latex)
		},
	}
}

func distillBuildCommand(env *environment) *cli.Command {
	d := distill.DefaultSettings()
	return &cli.Command{
		Name: "build", Usage: "make training data from constructed data and datasets", ArgsUsage: "[DIR...]",
		Description: "DIR is a folder of distill construct. The files train.jsonl, dev.jsonl and build.toml\nare the same for the same input. No model is asked.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "out", Usage: "write into the folder `SET`"},
			&cli.StringFlag{Name: "negatives", Value: d.Negatives, Usage: "types that the passage does not have: `HOW` none, uniform, frequency"},
			&cli.Float64Flag{Name: "ratio", Value: d.Ratio, Usage: "`N` negatives for each type of a passage"},
			&cli.StringFlag{Name: "guard", Value: d.Guard, Usage: "`RULE`: none, surface (no type that its entities have elsewhere)"},
			&cli.StringFlag{Name: "order", Value: d.Order, Usage: "`ORDER` of questions: shuffled, listed"},
			&cli.StringFlag{Name: "unclosed", Usage: "lists without an end: `CHOICE` keep, drop (default: as constructed)"},
			&cli.StringFlag{Name: "verbatim", Usage: "entities not in the text: `CHOICE` keep, drop (default: same)"},
			&cli.StringFlag{Name: "conflict", Usage: "entities of over two types: `CHOICE` keep, drop (default: same)"},
			&cli.IntFlag{Name: "max-tokens", Value: d.MaxTokens, Usage: "split conversations of more than `N` tokens"},
			&cli.StringFlag{Name: "tokens", Value: d.Tokens, Usage: "count tokens `HOW`: words, gguf:FILE"},
			&cli.Float64Flag{Name: "dev", Value: d.Dev, Usage: "`SHARE` of the passages for dev.jsonl"},
			&cli.IntFlag{Name: "seed", Usage: "`SEED` of all choices"},
			&cli.StringFlag{Name: "suite", Usage: "add train splits of a `SUITE`, such as supervised"},
			&cli.StringSliceFlag{Name: "dataset", Aliases: []string{"d"}, Usage: "add train splits of `DATASETS`"},
			&cli.IntFlag{Name: "cap", Value: d.Cap, Usage: "`N` documents of a dataset at most; 0: all"},
			&cli.StringFlag{Name: "variant", Usage: "`VARIANT` of the prompts uniner (default: repo or definition, with datasets +nl)"},
			&cli.BoolFlag{Name: "held-out-too", Usage: "permit datasets of CrossNER and MIT"},
			&cli.StringFlag{Name: "llama-lib", EnvVars: []string{"NERBENCH_LLAMA_LIB"}, Usage: "`DIR` of llama.cpp's libraries, for --tokens gguf:FILE"},
		},
		Action: func(c *cli.Context) error { return env.distillBuild(c) },
	}
}

func (env *environment) distillBuild(c *cli.Context) error {
	set, err := env.bench.WriteTraining(c.Context, harness.TrainingRequest{
		Dirs: c.Args().Slice(), Datasets: c.StringSlice("dataset"), HeldOutToo: c.Bool("held-out-too"), Library: c.String("llama-lib"), Out: c.String("out"),
		Settings: distill.Settings{
			Negatives: c.String("negatives"), Ratio: c.Float64("ratio"), Guard: c.String("guard"), Order: c.String("order"),
			Unclosed: c.String("unclosed"), Verbatim: c.String("verbatim"), Conflict: c.String("conflict"),
			MaxTokens: c.Int("max-tokens"), Tokens: c.String("tokens"), Dev: c.Float64("dev"), Seed: c.Int("seed"),
			Suite: c.String("suite"), Cap: c.Int("cap"), Variant: c.String("variant"),
		},
	})
	if err != nil {
		return err
	}
	if env.json {
		return env.printJSON(set.Build)
	}
	return texts.WriteTraining(env.stdout, c.String("out"), &set.Build)
}
