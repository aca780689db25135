package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"nerbench/answers"
	"nerbench/harness/files"
	"nerbench/harness/texts"
	"nerbench/internal/fault"
	"nerbench/metrics"
)

func evalCommand(env *environment) *cli.Command {
	return &cli.Command{
		Name:  "eval",
		Usage: "score files: predictions, tag columns, or pairs of answers",
		Description: `eval --gold documents.jsonl --pred predictions.jsonl scores predictions. Gold is
"spans", or for metrics without positions also "mentions": {"text", "type"}.
Predictions are JSON Lines, columns of tokens and tags, or files of UniNER,
GLiNER or EvalScope (docs/formats.md).

eval --tags FILE.conll scores a column file. Its last two columns are the gold
tag and the predicted tag.

eval --gold A.conll --pred B.conll scores two column files of the same tokens.
The first column of each is the token, the last one its tag.

eval --pairs FILE.jsonl scores lines {"gold": "[…]", "pred": "[…]"} like the
UniversalNER paper, or answers "type: entity; …" by a metric of InstructUIE or
B2NER.

The file name - is standard input. docs/metrics.md defines the metrics.

metrics:
` + metricList(),
		Flags: append([]cli.Flag{
			&cli.StringFlag{Name: "gold", Usage: "`FILE` of documents with gold spans, JSON Lines; or columns"},
			&cli.StringFlag{Name: "pred", Usage: "`FILE` of predictions, JSON Lines: spans, mentions, or answers; or another FORMAT"},
			&cli.StringSliceFlag{Name: "metric", Usage: "metric `IDS`, or all (default: span_f1, uniner_f1, uniner_f1_lenient)"},
			&cli.StringFlag{Name: "align", Usage: "alignment `MODE`: all, leftmost, cursor, first, longest (default: all)"},
			&cli.StringFlag{Name: "boundary", Usage: "`BOUNDARY` of mentions: token, word, word_strict, substring (default: token if there are tokens, else word)"},
			&cli.IntFlag{Name: "tiers", Usage: "`N`: 3; 1: only exact matches; 4: also other blanks and signs (default: 3)"},
			&cli.StringFlag{Name: "family", Value: "uniner", Usage: "prompt `FAMILY` of the answers"},
			&cli.StringFlag{Name: "variant", Usage: "`VARIANT` of the family"},
			&cli.StringFlag{Name: "types", Usage: "all `TYPES` of the dataset, separated by commas (default: any)"},
			&cli.StringFlag{Name: "unknown", Usage: "`HOW` to count other types: drop, fp (default: drop)"},
			&cli.BoolFlag{Name: "partial", Usage: "skip documents without a prediction"},
			&cli.StringFlag{Name: "pairs", Usage: "`FILE` of pairs of gold and predicted answers"},
			&cli.StringFlag{Name: "tags", Usage: "column `FILE` with gold and predicted tags"},
			&cli.StringSliceFlag{Name: "by", Usage: "count by `ATTRIBUTE`: type (default), none, or bucket:NAME with " + strings.Join(metrics.AttributeNames(), ", ")},
			&cli.StringFlag{Name: "train", Usage: "`FILE` of the train split, for the buckets oDen, eFre and eCon"},
			&cli.BoolFlag{Name: "taxonomy", Usage: "print the taxonomy of errors and the SemEval-2013 schemes"},
			&cli.BoolFlag{Name: "confusion", Usage: "print the table of gold and predicted types"},
		}, append(formatFlags(), intervalFlags(0)...)...),
		Action: func(c *cli.Context) error {
			input, err := evalInput(c)
			if err != nil {
				return err
			}
			options, err := env.evalOptions(c)
			if err != nil {
				return err
			}
			report, err := input(env, c, options)
			if err != nil {
				return fmt.Errorf("eval: %w", err)
			}
			if env.json {
				err = env.printJSON(report.JSON())
			} else {
				err = texts.WriteEval(env.stdout, report)
			}
			if err == nil && report.Missing > 0 {
				err = &fault.PartialError{Err: fmt.Errorf("eval: %d of %d documents have no prediction and were skipped", report.Missing, report.Missing+report.Passages)}
			}
			return err
		},
	}
}

type evaluator func(*environment, *cli.Context, files.Options) (*files.Report, error)

// evalInputs lists the flags of each kind of input. The first flag chooses the kind.
var evalInputs = []struct {
	flags    []string
	evaluate evaluator
}{
	{slices.Concat([]string{"gold", "pred"}, answerFlags, schemeFlags), (*environment).evalGold},
	{[]string{"pairs"}, (*environment).evalPairs},
	{slices.Concat([]string{"tags"}, schemeFlags), (*environment).evalTags},
}

// The flags about JSON Lines, and those about column files.
var (
	answerFlags = []string{"align", "boundary", "tiers", "family", "variant", "types", "unknown", "partial", "format"}
	schemeFlags = []string{"scheme", "mode"}
)

// evalInput finds the kind of input that the flags choose. A flag without effect on
// this kind is an error.
func evalInput(c *cli.Context) (evaluator, error) {
	chosen := -1
	for i, in := range evalInputs {
		if !c.IsSet(in.flags[0]) {
			continue
		}
		if chosen >= 0 {
			return nil, fault.Usagef("eval: --%s and --%s cannot be combined", evalInputs[chosen].flags[0], in.flags[0])
		}
		chosen = i
	}
	if chosen < 0 {
		return nil, fault.Usagef("eval: no input: want --gold with --pred, --tags, or --pairs")
	}
	for i, in := range evalInputs {
		for _, f := range in.flags {
			if i != chosen && c.IsSet(f) && !slices.Contains(evalInputs[chosen].flags, f) {
				return nil, fault.Usagef("eval: --%s has no effect with --%s", f, evalInputs[chosen].flags[0])
			}
		}
	}
	return evalInputs[chosen].evaluate, nil
}

// evalOptions reads the flags that all kinds of input share.
func (env *environment) evalOptions(c *cli.Context) (files.Options, error) {
	n, err := readIntervals(c)
	if err != nil {
		return files.Options{}, err
	}
	by, err := metrics.ParseBy(splitList(c.StringSlice("by")))
	if err != nil {
		return files.Options{}, fault.Usagef("eval: %v", err)
	}
	return files.Options{
		Metrics: splitList(c.StringSlice("metric")), By: by, Train: env.input(c.String("train")),
		Taxonomy: c.Bool("taxonomy"), Confusion: c.Bool("confusion"), Resamples: n.resamples, Seed: n.seed,
	}, nil
}

// evalGold scores a file of predictions: JSON Lines, or columns.
func (env *environment) evalGold(c *cli.Context, o files.Options) (*files.Report, error) {
	if !c.IsSet("pred") {
		return nil, fault.Usagef("--gold needs --pred")
	}
	if c.String("gold") == "-" && c.String("pred") == "-" {
		return nil, fault.Usagef("only one of --gold and --pred can be standard input")
	}
	gold, pred := env.input(c.String("gold")), env.input(c.String("pred"))
	form, err := files.FormOfBoth(&gold, &pred)
	if err != nil {
		return nil, err
	}
	reading, err := readFormat(c)
	if err != nil {
		return nil, err
	}
	without := answerFlags
	if form == files.JSONLines {
		if reading.Format, pred, err = reading.Recognize(pred); err != nil {
			return nil, err
		}
		without = nil
		if reading.Format != files.CoNLL {
			without = schemeFlags
		}
	}
	for _, f := range without {
		if c.IsSet(f) {
			return nil, fault.Usagef("--%s has no effect on %s", f, form)
		}
	}
	if form == files.Columns {
		return files.TagFiles{Gold: gold, Pred: pred, Scheme: reading.Scheme, Mode: reading.Mode}.Eval(c.Context, o)
	}
	parsing := readParsing(c)
	parsing.Unknown = c.String("unknown")
	parsing.Alignment = answers.Alignment{Mode: c.String("align"), Boundary: c.String("boundary"), Tiers: c.Int("tiers")}
	return files.Predictions{
		Gold: gold, Pred: pred, Reading: reading, Parsing: parsing, Partial: c.Bool("partial"),
	}.Eval(c.Context, o)
}

// formatFlags are the flags that say how to read a file of predictions.
func formatFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "format", Usage: "`FORMAT` of the predictions: " + strings.Join(files.Formats(), ", ") + " (default: recognized)"},
		&cli.StringFlag{Name: "scheme", Usage: "tag `SCHEME`: iob1, iob2, ioe1, ioe2, iobes, bilou, bmes, io (default: iob2)"},
		&cli.StringFlag{Name: "mode", Usage: "`MODE`: lenient, strict (default: strict with --scheme, else lenient)"},
	}
}

// readFormat reads the flags of formatFlags.
func readFormat(c *cli.Context) (r files.Reading, err error) {
	if r.Format, err = files.ParseFormat(c.String("format")); err != nil {
		return r, err
	}
	r.Scheme, r.Mode, err = readScheme(c)
	return r, err
}

// readParsing reads the flags about the answers in files.
func readParsing(c *cli.Context) files.Parsing {
	o := files.Parsing{Variant: c.String("variant")}
	o.Types = answers.ParseTypeNames(c.String("types"))
	if c.IsSet("family") {
		o.Family = c.String("family")
	}
	return o
}

func (env *environment) evalPairs(c *cli.Context, o files.Options) (*files.Report, error) {
	return files.Pairs{File: env.input(c.String("pairs"))}.Eval(c.Context, o)
}

func (env *environment) evalTags(c *cli.Context, o files.Options) (*files.Report, error) {
	scheme, mode, err := readScheme(c)
	if err != nil {
		return nil, err
	}
	report, err := files.Tags{File: env.input(c.String("tags")), Scheme: scheme, Mode: mode}.Eval(c.Context, o)
	if err == nil && report.NoCommonType() {
		env.note("gold and prediction have no type in common: the last two columns must be the gold tag and the predicted tag")
	}
	return report, err
}

func readScheme(c *cli.Context) (scheme metrics.Scheme, mode metrics.Mode, err error) {
	scheme, mode = metrics.IOB2, metrics.Lenient
	if c.IsSet("scheme") {
		mode = metrics.Strict
		if scheme, err = metrics.ParseScheme(c.String("scheme")); err != nil {
			return scheme, mode, fault.Usagef("%v", err)
		}
	}
	if c.IsSet("mode") {
		if mode, err = metrics.ParseMode(c.String("mode")); err != nil {
			return scheme, mode, fault.Usagef("%v", err)
		}
	}
	return scheme, mode, nil
}

// metricList returns the table of metrics for the help text.
func metricList() string {
	var b strings.Builder
	for _, m := range metrics.Metrics {
		fmt.Fprintf(&b, "  %-24s §%-4s %s\n", m.ID, m.Section, m.Meaning)
	}
	return strings.TrimRight(b.String(), "\n")
}

// input returns the file of a name, standard input for "-", and the zero value for no
// name.
func (env *environment) input(name string) files.File {
	if name == "-" {
		return files.File{Name: "standard input", In: env.stdin}
	}
	return files.File{Name: name}
}
