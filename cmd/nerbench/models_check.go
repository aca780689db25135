package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"nerbench/harness"
	"nerbench/harness/texts"
	"nerbench/internal/fault"
)

func checkFlags() []cli.Flag {
	return append([]cli.Flag{
		&cli.StringFlag{Name: "dataset", Aliases: []string{"d"}, Value: "sample-general", Usage: "`DATASET` of the queries"},
		&cli.StringFlag{Name: "card", Usage: "model `CARD` with the settings of the model"},
		&cli.StringFlag{Name: "family", Usage: "prompt `FAMILY`"},
		&cli.StringFlag{Name: "variant", Usage: "`VARIANT` of the prompt"},
		&cli.StringSliceFlag{Name: "set", Usage: "`KEY=VALUE` of the run (see help keys); may be repeated"},
		&cli.StringSliceFlag{Name: "base-url", Usage: "`URL` of the server"},
		&cli.DurationFlag{Name: "timeout", Usage: "longest `TIME` for one query (default: 10m)"},
		&cli.IntFlag{Name: "answer-tokens", Value: harness.CheckAnswerTokens, Usage: "at most `N` tokens in one answer"},
		&cli.DurationFlag{Name: "time-limit", Value: harness.CheckTimeLimit, Usage: "longest `TIME` for all queries"},
		&cli.StringFlag{Name: "reference", Usage: "copy of the model file, `gguf/FILE`, to compare the server's tokens"},
		weightsFlag(),
		unconstrainedFlag(),
		apiKeyFlag(),
	}, localFlags()...)
}

// checkModel checks whether a run with a model would work.
func (env *environment) checkModel(c *cli.Context) error {
	if c.NArg() != 1 {
		return fault.Usagef("models check: want MODEL")
	}
	tokens, limit := c.Int("answer-tokens"), c.Duration("time-limit")
	if tokens < 1 || limit <= 0 {
		return fault.Usagef("models check: --answer-tokens %d, --time-limit %s: want more than 0", tokens, limit)
	}
	plan, err := readPlan(c)
	if err != nil {
		return err
	}
	plan.Model = c.Args().First()
	request := harness.Request{
		Plan: plan, Card: c.String("card"), Servers: splitCommas(c.StringSlice("base-url")), KeyFile: c.String("api-key-file"),
		Timeout: c.Duration("timeout"), Weights: c.String("weights"), Unconstrained: c.Bool("allow-unconstrained"), Local: readLocal(c),
	}
	if request.Datasets, err = env.bench.AskedDatasets([]string{c.String("dataset")}, ""); err != nil {
		return err
	}
	v, err := env.bench.Check(c.Context, harness.CheckRequest{Request: request, MaxAnswerTokens: tokens, TimeLimit: limit, Reference: c.String("reference")})
	if err != nil {
		return fmt.Errorf("models check: %w", err)
	}
	if env.json {
		if err := env.printJSON(v); err != nil {
			return err
		}
	} else {
		texts.WriteChecked(env.stdout, v)
	}
	if !v.OK {
		return fmt.Errorf("models check: a run of %s would fail", plan.Model)
	}
	return nil
}
