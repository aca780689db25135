package main

import (
	"context"
	"fmt"
	"io"

	"github.com/urfave/cli/v2"

	"nerbench/datasets"
	"nerbench/harness"
	"nerbench/internal/fault"
	"nerbench/metrics/stats"
	"nerbench/ner"
	"nerbench/reports"
)

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
			if c.NArg() > 0 {
				return fault.Usagef("quickstart: unexpected argument %q", c.Args().First())
			}
			return env.quickstart(c.Context, c.String("out"))
		},
	}
}

func (env *environment) quickstart(ctx context.Context, dir string) error {
	request := harness.Request{Plan: ner.Plan{Model: "tagger"}}
	for _, domain := range datasets.Domains {
		dataset, err := harness.SampleDataset(domain)
		if err != nil {
			return err
		}
		request.Datasets = append(request.Datasets, dataset)
	}
	env.note("training and running the tagger on nine sample datasets, one per domain")
	quiet := *env.bench
	quiet.Notify = nil
	if _, err := quiet.Run(ctx, request); err != nil {
		return err
	}
	page, err := writeReport(ctx, env, dir, stats.Resamples, datasets.PublishText)
	if err != nil {
		return err
	}
	if env.json {
		return env.printQuickstart(ctx, page)
	}
	if err := env.sampleTable(ctx, env.stdout, reports.Formats()[0]); err != nil {
		return err
	}
	_, err = fmt.Fprintf(env.stdout, `
wrote %s (all answers) and %s (open it in a browser)

The passages are invented, so these scores only show that the program works.
next:  nerbench datasets list                    list the 49 datasets and the state of their data
       nerbench run -m ollama/MODEL -d DATASET   run a model of an Ollama server
       nerbench runs list                        list the runs in the store
`, env.bench.Store, page.Files[0])
	return err
}

// sampleTable prints the table of the runs on the sample.
func (env *environment) sampleTable(ctx context.Context, w io.Writer, format string) error {
	var ids []string
	for _, domain := range datasets.Domains {
		ids = append(ids, harness.SamplePrefix+domain)
	}
	t, err := env.bench.Table(ctx, harness.TableRequest{Spec: reports.Spec{
		Metrics: []string{reports.SpanF1, reports.UninerF1},
		Where:   map[string][]string{"dataset": ids, "model": {"tagger"}},
	}})
	if err != nil {
		return err
	}
	return t.Write(w, format)
}

// printQuickstart prints the runs and the files as one JSON value.
func (env *environment) printQuickstart(ctx context.Context, page pageJSON) error {
	store, err := env.bench.ReadStore(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	runs, err := harness.SelectRuns(ctx, store, map[string][]string{"model": {"tagger"}})
	if err != nil {
		return err
	}
	out := struct {
		Runs  []runJSON `json:"runs"`
		Files []string  `json:"files"`
	}{Files: append([]string{env.bench.Store}, page.Files...)}
	coverages := harness.Coverages(runs)
	for _, r := range runs {
		j, err := newRunJSON(r, coverages[r.ID])
		if err != nil {
			return err
		}
		out.Runs = append(out.Runs, j)
	}
	return env.printJSON(out)
}
