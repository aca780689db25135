package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/urfave/cli/v2"

	"nerbench/harness"
	"nerbench/internal/fault"
	"nerbench/internal/terminal"
	"nerbench/reports"
)

func scoreCommand(env *environment) *cli.Command {
	return &cli.Command{
		Name:      "score",
		Usage:     "score stored answers again, without a model",
		ArgsUsage: "[RUN...]",
		Description: `score parses the stored answers of runs with the current parsers, and stores the
scores. It sends no queries. RUN is the beginning of the id of a run.`,
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "all", Usage: "score all runs of the store"},
			&cli.StringSliceFlag{Name: "metric", Usage: "metric `IDS` (default: span_f1, uniner_f1, uniner_f1_lenient)"},
		},
		Action: func(c *cli.Context) error {
			if c.NArg() == 0 == !c.Bool("all") {
				return fault.Usagef("score: want RUN... or --all")
			}
			return env.scoreRuns(c.Context, c.Args().Slice(), splitList(c.StringSlice("metric")))
		},
	}
}

// scoreRuns scores the named runs, or all, and prints what changed.
func (env *environment) scoreRuns(ctx context.Context, names, ids []string) error {
	scored, err := env.bench.Score(ctx, names, ids)
	if len(scored.Runs) == 0 {
		return err
	}
	return errors.Join(env.printRescored(scored), err)
}

func (env *environment) printRescored(scored harness.Rescored) error {
	if env.json {
		return env.printJSON(scored)
	}
	for _, r := range scored.Runs {
		fmt.Fprintf(env.stdout, "%s  %s  %s:", r.ID, terminal.Printable(r.Dataset), terminal.Printable(r.Model))
		for _, id := range slices.Sorted(maps.Keys(r.Scores)) {
			fmt.Fprintf(env.stdout, "  %s %s%s", id, reports.Percent(r.Scores[id].F1), changeMark(&r, id))
		}
		if r.Note != "" {
			fmt.Fprintf(env.stdout, "  (%s)", r.Note)
		}
		fmt.Fprintln(env.stdout)
		for _, id := range slices.Sorted(maps.Keys(r.Signatures)) {
			fmt.Fprintf(env.stdout, "  %s\n", r.Signatures[id])
		}
	}
	return env.printAverages(scored.Averages)
}

// changeMark returns the former score of a metric if the score has changed.
func changeMark(r *harness.RescoredRun, id string) string {
	before, there := r.Before[id]
	switch {
	case !slices.Contains(r.Changed, id):
		return ""
	case !there:
		return " (new)"
	}
	return " (was " + reports.Percent(before.F1) + ")"
}

func (env *environment) printAverages(list []harness.SystemAverages) error {
	tw := tabwriter.NewWriter(env.stdout, 0, 0, 2, ' ', 0)
	for _, s := range list {
		fmt.Fprintf(tw, "\naverages of %s\n", terminal.Printable(s.System))
		for _, m := range s.Metrics {
			fmt.Fprintf(tw, "  %s\tmean_rows %s\tmean_domains %s\tpooled_micro %s\n", m.Metric, averageText(m.MeanRows), averageText(m.MeanDomains), averageText(m.PooledMicro))
		}
		for _, note := range s.Notes {
			fmt.Fprintf(tw, "  %s\n", terminal.Printable(note))
		}
		var absent []string
		for _, reason := range slices.Sorted(maps.Keys(s.NotRun)) {
			absent = append(absent, fmt.Sprintf("%d datasets (%s)", len(s.NotRun[reason]), reason))
		}
		if len(absent) > 0 {
			fmt.Fprintf(tw, "  not run: %s\n", strings.Join(absent, ", "))
		}
	}
	return tw.Flush()
}

// averageText returns an average in percent, with the number of its datasets.
func averageText(a harness.AverageFigures) string {
	return fmt.Sprintf("%s (%d/%d)", reports.Percent(a.Value), a.Used, a.Total)
}
