package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/urfave/cli/v2"

	"nerbench/metrics"
)

func evalCommand(env *environment) *cli.Command {
	return &cli.Command{
		Name:  "eval",
		Usage: "score predictions, column files, or pairs of answers, without a store",
		Description: `eval --gold documents.jsonl --pred predictions.jsonl scores predictions.
eval --tags FILE.conll scores a column file whose last two columns are gold and predicted tag.
eval --pairs FILE.jsonl scores lines {"gold": "[…]", "pred": "[…]"} as the UniversalNER paper does.
A file named - is standard input.`,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "gold", Usage: "`FILE` of documents with gold spans, JSON Lines"},
			&cli.StringFlag{Name: "pred", Usage: "`FILE` of predictions, JSON Lines: spans, mentions, or answers"},
			&cli.StringSliceFlag{Name: "metric", Usage: "metric `IDS`, or all (default: span_f1, uniner_f1, uniner_f1_lenient)"},
			&cli.StringFlag{Name: "align", Usage: "alignment `MODE`: all, leftmost, cursor, first, longest"},
			&cli.StringFlag{Name: "boundary", Usage: "where mentions may begin and end: token, word, word_strict, substring"},
			&cli.StringFlag{Name: "family", Value: "uniner", Usage: "prompt `FAMILY` that answers are of"},
			&cli.StringFlag{Name: "variant", Usage: "`VARIANT` of the family"},
			&cli.StringFlag{Name: "types", Usage: "all `TYPES` of the row, separated by commas (default: any)"},
			&cli.StringFlag{Name: "unknown", Usage: "predictions of other types: `drop` or fp"},
			&cli.BoolFlag{Name: "taxonomy", Usage: "also the taxonomy of errors and the SemEval-2013 schemes"},
			&cli.BoolFlag{Name: "confusion", Usage: "also the table of gold and predicted types"},
			&cli.StringFlag{Name: "pairs", Usage: "`FILE` of answers beside gold answers"},
			&cli.StringFlag{Name: "tags", Usage: "column `FILE`"},
			&cli.StringFlag{Name: "scheme", Usage: "tag `SCHEME`: iob1, iob2, ioe1, ioe2, iobes, bilou (default: iob2)"},
			&cli.StringFlag{Name: "mode", Usage: "lenient or strict `MODE` (default: strict if a scheme is named, else lenient)"},
			&cli.StringFlag{Name: "by", Value: "type", Usage: "also counts by `ATTRIBUTE`: type, or none"},
		},
		Action: func(c *cli.Context) error {
			if c.NArg() > 0 {
				return usagef("eval: unexpected argument %q (files are named by flags)", c.Args().First())
			}
			if by := c.String("by"); by != "type" && by != "none" {
				return usagef("eval: --by %s: want type or none", by)
			}
			evaluate, err := evalInput(c)
			if err != nil {
				return err
			}
			e, err := evaluate(c.Context, env, c)
			if err != nil {
				return fmt.Errorf("eval: %w", err)
			}
			e.byType = c.String("by") == "type" && !e.oneType
			if env.json {
				err = env.printJSON(e.json())
			} else {
				err = e.writeText(env.stdout)
			}
			if err == nil && e.missing > 0 {
				err = partialError(fmt.Errorf("eval: %d of %d passages have no prediction and are not scored", e.missing, e.missing+e.passages))
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
	{[]string{"gold", "pred", "metric", "align", "boundary", "family", "variant", "types", "unknown", "taxonomy", "confusion"}, evalPredictions},
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
			return nil, usagef("eval: --%s and --%s exclude each other", evalInputs[chosen].flags[0], in.flags[0])
		}
		chosen = i
	}
	if chosen < 0 {
		return nil, usagef("eval: nothing to score: want --gold with --pred, --tags, or --pairs")
	}
	for i, in := range evalInputs {
		for _, f := range in.flags {
			if i != chosen && c.IsSet(f) {
				return nil, usagef("eval: --%s has no effect with --%s", f, evalInputs[chosen].flags[0])
			}
		}
	}
	return evalInputs[chosen].evaluate, nil
}

// evalTags scores a column file (METRICS.md §4.5).
func evalTags(ctx context.Context, env *environment, c *cli.Context) (*evaluation, error) {
	scheme, mode := metrics.IOB2, metrics.Lenient
	var err error
	if c.IsSet("scheme") {
		mode = metrics.Strict
		if scheme, err = metrics.ParseScheme(c.String("scheme")); err != nil {
			return nil, usagef("eval: %v", err)
		}
	}
	if c.IsSet("mode") {
		if mode, err = metrics.ParseMode(c.String("mode")); err != nil {
			return nil, usagef("eval: %v", err)
		}
	}
	var counts metrics.ColumnCounts
	err = withInput(env, c.String("tags"), func(r io.Reader) error {
		counts, err = metrics.Columns(ctx, r, scheme, mode)
		return err
	})
	if err != nil {
		return nil, err
	}
	m, _ := metrics.Find("span_f1")
	return &evaluation{
		metrics:  []evaluated{{m.ID, m, counts.ByType}},
		passages: counts.Sentences,
		extra:    map[string]any{"tokens": counts.Tokens, "scheme": scheme, "mode": mode},
	}, nil
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
