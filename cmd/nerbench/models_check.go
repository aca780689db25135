package main

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"nerbench/harness"
	"nerbench/internal/fault"
)

func checkFlags() []cli.Flag {
	return append([]cli.Flag{
		&cli.StringFlag{Name: "dataset", Aliases: []string{"d"}, Value: "sample-general", Usage: "`DATASET` to ask about"},
		&cli.StringFlag{Name: "card", Usage: "`CARD` that says how to ask"},
		&cli.StringFlag{Name: "family", Usage: "prompt `FAMILY`"},
		&cli.StringFlag{Name: "variant", Usage: "`VARIANT` of the prompt"},
		&cli.StringSliceFlag{Name: "set", Usage: "`KEY=VALUE` of the run; may be repeated"},
		&cli.StringSliceFlag{Name: "base-url", Usage: "`URL` of the server"},
		&cli.DurationFlag{Name: "timeout", Usage: "longest `TIME` for one query (default: 10m)"},
		apiKeyFlag(),
	}, localFlags()...)
}

// checkModel asks a model for what a run will need.
func (env *environment) checkModel(c *cli.Context) error {
	if c.NArg() != 1 {
		return fault.Usagef("models check: want MODEL")
	}
	plan, err := readPlan(c)
	if err != nil {
		return err
	}
	plan.Model = c.Args().First()
	request := harness.Request{
		Plan: plan, Card: c.String("card"), Servers: c.StringSlice("base-url"), KeyFile: c.String("api-key-file"),
		Timeout: c.Duration("timeout"), Local: readLocal(c),
	}
	if request.Datasets, err = env.bench.AskedDatasets([]string{c.String("dataset")}, ""); err != nil {
		return err
	}
	v, err := env.bench.Check(c.Context, request)
	if err != nil {
		return fmt.Errorf("models check: %w", err)
	}
	if env.json {
		if err := env.printJSON(v); err != nil {
			return err
		}
	} else {
		env.printChecked(v)
	}
	if !v.OK {
		return fmt.Errorf("models check: %s cannot be asked so", plan.Model)
	}
	return nil
}

func (env *environment) printChecked(v *harness.Checked) {
	digest := v.Digest
	if digest == "" {
		digest = "none"
	}
	fmt.Fprintf(env.stdout, "%s at %s, digest %s\n", v.Model, v.Server, digest)
	for _, line := range []struct{ name, value string }{{"computed by", v.Device}, {"special tokens", v.Special}} {
		if line.value != "" {
			fmt.Fprintf(env.stdout, "%s: %s\n", line.name, printable(line.value))
		}
	}
	if v.Context > 0 {
		fmt.Fprintf(env.stdout, "context of a run: %d tokens\n", v.Context)
	}
	fmt.Fprintf(env.stdout, "asked %d questions twice: %s; %d answered differently the second time\n", v.Queries, outcomesLine(v.Outcomes), v.Differ)
	if v.Example != "" {
		fmt.Fprintf(env.stdout, "the first answer: %s\n", printable(v.Example))
	}
	for _, r := range v.Remarks {
		fmt.Fprintf(env.stdout, "note: %s\n", printable(r))
	}
	if v.OK {
		fmt.Fprintln(env.stdout, "it can be asked")
		return
	}
	fmt.Fprintf(env.stdout, "it cannot be asked so: %s\n", printable(strings.Join(v.Problems, "; ")))
}
