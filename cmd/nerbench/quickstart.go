package main

import (
	"context"

	"github.com/urfave/cli/v2"

	"nerbench/datasets"
	"nerbench/harness"
	"nerbench/harness/texts"
	"nerbench/metrics/stats"
	"nerbench/reports"
)

// quickstartJSON is the JSON output of quickstart.
type quickstartJSON struct {
	Runs  []harness.RunJSON `json:"runs"`
	Files []string          `json:"files"`
}

func quickstartCommand(env *environment) *cli.Command {
	return &cli.Command{
		Name:  "quickstart",
		Usage: "run everything on an embedded sample, without a server",
		Description: `quickstart trains a tagger on invented sample passages, runs it on the test
passages, scores the answers, prints the table, and writes the report
(report/index.html). It needs no server and no download.`,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "out", Value: "report", Usage: "`DIR` of the report"},
		},
		Action: func(c *cli.Context) error {
			return env.quickstart(c.Context, c.String("out"))
		},
	}
}

func (env *environment) quickstart(ctx context.Context, dir string) error {
	env.note("training and running the tagger on nine sample datasets, one per domain")
	if err := env.bench.RunSample(ctx); err != nil {
		return err
	}
	page, err := writeReport(ctx, env, dir, stats.Resamples, datasets.PublishText)
	if err != nil {
		return err
	}
	if env.json {
		runs, err := env.bench.SampleRuns(ctx)
		if err != nil {
			return err
		}
		return env.printJSON(quickstartJSON{runs, append([]string{env.bench.Store}, page.Files...)})
	}
	table, err := env.bench.SampleTable(ctx)
	if err != nil {
		return err
	}
	if err := table.Write(env.stdout, reports.Formats()[0]); err != nil {
		return err
	}
	return texts.WriteQuickstart(env.stdout, env.bench.Store, page.Files[0])
}
