package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/urfave/cli/v2"

	"nerbench/internal/fault"
	"nerbench/metrics"
)

func evalCommand(env *environment) *cli.Command {
	return &cli.Command{
		Name:  "eval",
		Usage: "score predictions, column files, or pairs of answers, without a store",
		Description: `eval --gold documents.jsonl --pred predictions.jsonl scores predictions. Gold is "spans"; for metrics
of strings it may be "mentions", {"text", "type"}, as in predictions.
eval --tags FILE.conll scores a column file whose last two columns are gold and predicted tag.
eval --pairs FILE.jsonl scores lines {"gold": "[…]", "pred": "[…]"} as the UniversalNER paper does,
or, with --metric, answers "type: entity; …" as InstructUIE and B2NER do.
A file named - is standard input. docs/metrics.md says what each number is.

metrics:
` + metricList(),
		Flags: append([]cli.Flag{
			&cli.StringFlag{Name: "gold", Usage: "`FILE` of documents with gold spans, JSON Lines"},
			&cli.StringFlag{Name: "pred", Usage: "`FILE` of predictions, JSON Lines: spans, mentions, or answers"},
			&cli.StringSliceFlag{Name: "metric", Usage: "metric `IDS`, or all (default: span_f1, uniner_f1, uniner_f1_lenient)"},
			&cli.StringFlag{Name: "align", Usage: "alignment `MODE`: all, leftmost, cursor, first, longest"},
			&cli.StringFlag{Name: "boundary", Usage: "where mentions may begin and end: token, word, word_strict, substring"},
			&cli.IntFlag{Name: "tiers", Usage: "`N`: 3, or 1 for exact occurrences only (default: 3)"},
			&cli.StringFlag{Name: "family", Value: "uniner", Usage: "prompt `FAMILY` that answers are of"},
			&cli.StringFlag{Name: "variant", Usage: "`VARIANT` of the family"},
			&cli.StringFlag{Name: "types", Usage: "all `TYPES` of the dataset, separated by commas (default: any)"},
			&cli.StringFlag{Name: "unknown", Usage: "predictions of other types: `drop` or fp"},
			&cli.BoolFlag{Name: "partial", Usage: "score the documents that have a prediction, and leave the others out"},
			&cli.StringFlag{Name: "pairs", Usage: "`FILE` of answers beside gold answers"},
			&cli.StringFlag{Name: "tags", Usage: "column `FILE`"},
			&cli.StringFlag{Name: "scheme", Usage: "tag `SCHEME`: iob1, iob2, ioe1, ioe2, iobes, bilou (default: iob2)"},
			&cli.StringFlag{Name: "mode", Usage: "lenient or strict `MODE` (default: strict if a scheme is named, else lenient)"},
			&cli.StringSliceFlag{Name: "by", Usage: "also counts by `ATTRIBUTE`: type (the default), none, or bucket:NAME, with one of " + strings.Join(attributeNames(), ", ")},
			&cli.StringFlag{Name: "train", Usage: "`FILE` of the train split, in the format of the other file, for oDen, eFre and eCon"},
			&cli.BoolFlag{Name: "taxonomy", Usage: "also the taxonomy of errors and the SemEval-2013 schemes"},
			&cli.BoolFlag{Name: "confusion", Usage: "also the table of gold and predicted types"},
		}, intervalFlags(0)...),
		Action: func(c *cli.Context) error {
			if c.NArg() > 0 {
				return fault.Usagef("eval: unexpected argument %q (files are named by flags)", c.Args().First())
			}
			evaluate, err := evalInput(c)
			if err != nil {
				return err
			}
			e, err := evaluate(c.Context, env, c)
			if err != nil {
				return fmt.Errorf("eval: %w", err)
			}
			e.origin = evalOrigin(c, e)
			if env.json {
				err = env.printJSON(e.json())
			} else {
				err = e.writeText(env.stdout)
			}
			if err == nil && e.missing > 0 {
				err = &fault.PartialError{Err: fmt.Errorf("eval: %d of %d passages have no prediction and are not scored", e.missing, e.missing+e.passages)}
			}
			return err
		},
	}
}

type evaluator func(context.Context, *environment, *cli.Context) (*evaluation, error)

// evalInputs says which flags belong to which kind of input. The first of each
// is the one that chooses it.
var evalInputs = []struct {
	flags    []string
	evaluate evaluator
}{
	{[]string{"gold", "pred", "align", "boundary", "tiers", "family", "variant", "types", "unknown", "partial"}, evalPredictions},
	{[]string{"pairs"}, evalPairs},
	{[]string{"tags", "scheme", "mode"}, evalTags},
}

// evalInput finds the kind of input that the flags choose, and refuses flags
// that would have no effect on it.
func evalInput(c *cli.Context) (evaluator, error) {
	chosen := -1
	for i, in := range evalInputs {
		if !c.IsSet(in.flags[0]) {
			continue
		}
		if chosen >= 0 {
			return nil, fault.Usagef("eval: --%s and --%s exclude each other", evalInputs[chosen].flags[0], in.flags[0])
		}
		chosen = i
	}
	if chosen < 0 {
		return nil, fault.Usagef("eval: nothing to score: want --gold with --pred, --tags, or --pairs")
	}
	for i, in := range evalInputs {
		for _, f := range in.flags {
			if i != chosen && c.IsSet(f) {
				return nil, fault.Usagef("eval: --%s has no effect with --%s", f, evalInputs[chosen].flags[0])
			}
		}
	}
	return evalInputs[chosen].evaluate, nil
}

// metricList is the table of metrics for the help text.
func metricList() string {
	var b strings.Builder
	for _, m := range metrics.Metrics {
		fmt.Fprintf(&b, "  %-24s §%-4s %s\n", m.ID, m.Section, m.Meaning)
	}
	return strings.TrimRight(b.String(), "\n")
}

// withInput opens a file, or standard input for "-". Errors name it as
// file:line: where they are about a line.
func withInput(env *environment, name string, read func(io.Reader) error) (err error) {
	r, shown := env.stdin, "standard input"
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, f.Close()) }()
		r, shown = f, name
	}
	err = read(r)
	var line *metrics.LineError
	var path *os.PathError // names the file itself
	switch {
	case err == nil || errors.As(err, &path) || errors.Is(err, context.Canceled):
		return err
	case errors.As(err, new(*inputError)): // of a stream inside of this one
		return err
	case errors.As(err, &line):
		return &inputError{fmt.Errorf("%s:%d: %w", shown, line.Line, line.Err)}
	}
	return &inputError{fmt.Errorf("%s: %w", shown, err)}
}

// inputError names its file already.
type inputError struct{ error }

func (e *inputError) Unwrap() error { return e.error }
