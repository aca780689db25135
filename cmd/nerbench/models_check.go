package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"nerbench/harness"
	"nerbench/internal/fault"
	"nerbench/internal/terminal"
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
		Timeout: c.Duration("timeout"), Unconstrained: c.Bool("allow-unconstrained"), Local: readLocal(c),
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
		env.printChecked(v)
	}
	if !v.OK {
		return fmt.Errorf("models check: a run of %s would fail", plan.Model)
	}
	return nil
}

func (env *environment) printChecked(v *harness.Checked) {
	digest := v.Digest
	if digest == "" {
		digest = "none"
	}
	fmt.Fprintf(env.stdout, "%s at %s, digest %s\n", terminal.Printable(v.Model), terminal.Printable(v.Server), digest)
	for _, line := range []struct{ name, value string }{{"computed by", v.Device}, {"special tokens", v.Special}, {"tokenisation", v.Tokens}} {
		if line.value != "" {
			fmt.Fprintf(env.stdout, "%s: %s\n", line.name, terminal.Printable(line.value))
		}
	}
	if v.Context > 0 {
		fmt.Fprintf(env.stdout, "context of a run: %d tokens\n", v.Context)
	}
	fmt.Fprintf(env.stdout, "sent %d queries twice: %s; %d answered differently the second time\n", v.Queries, checkedOutcomes(v), v.Differ)
	generated := strconv.Itoa(v.AnswerTokens)
	if v.AnswerTokens == 0 && v.Queries > 0 { // the server does not tell
		generated = "an unknown number of"
	}
	fmt.Fprintf(env.stdout, "limits: %d tokens per answer, %s for all queries; %s tokens were generated\n", v.MaxAnswerTokens, v.TimeLimit, generated)
	if v.Example != "" {
		fmt.Fprintf(env.stdout, "the first answer: %s\n", terminal.Printable(harness.ShownAnswer(v.Example)))
	}
	for _, r := range v.Remarks {
		fmt.Fprintf(env.stdout, "note: %s\n", terminal.Printable(r))
	}
	if v.OK {
		fmt.Fprintln(env.stdout, "the model works")
		return
	}
	fmt.Fprintf(env.stdout, "a run would fail: %s\n", terminal.Printable(strings.Join(v.Problems, "; ")))
}

// checkedOutcomes lists the numbers of answers by outcome, and the number of those
// that are not judged.
func checkedOutcomes(v *harness.Checked) string {
	line := outcomesLine(v.Outcomes)
	switch {
	case v.Cut > 0 && line != "":
		return fmt.Sprintf("%s, not judged %d", line, v.Cut)
	case v.Cut > 0:
		return fmt.Sprintf("not judged %d", v.Cut)
	case line == "":
		return "no answers"
	}
	return line
}
