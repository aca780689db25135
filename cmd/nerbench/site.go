package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"nerbench/datasets"
	"nerbench/harness"
	"nerbench/internal/atomicfile"
	"nerbench/internal/fault"
	"nerbench/metrics/stats"
	"nerbench/reports/page"
)

func siteCommand(env *environment) *cli.Command {
	return &cli.Command{
		Name:  "site",
		Usage: "write the report as an HTML page",
		Subcommands: []*cli.Command{{
			Name:  "build",
			Usage: "write the report as one self-contained HTML page",
			Description: `The page is meant for others: its sample passages are from datasets whose licence
permits redistribution. --text noncommercial adds those whose licence permits it
for non-commercial use only. "nerbench datasets show" prints the rule of a dataset.`,
			Flags: []cli.Flag{
				&cli.StringFlag{Name: "out", Value: "report", Usage: "write `DIR`/index.html"},
				&cli.IntFlag{Name: "ci", Value: stats.Resamples, Usage: "95 % intervals of `N` resamples; 0: none"},
				&cli.StringFlag{Name: "text", Value: string(datasets.PublishText), Usage: "show text whose licence permits the `USE`: " + listUses()},
			},
			Action: func(c *cli.Context) error {
				if c.NArg() > 0 {
					return fault.Usagef("site build: unexpected argument %q", c.Args().First())
				}
				resamples, err := readResamples(c.Int("ci"))
				if err != nil {
					return err
				}
				use := datasets.TextRule(c.String("text"))
				if !slices.Contains(datasets.TextUses, use) {
					return fault.Usagef("site build: --text %q: want one of %s", use, listUses())
				}
				return env.buildSite(c.Context, c.String("out"), resamples, use)
			},
		}},
	}
}

// listUses lists the uses of a page.
func listUses() string {
	names := make([]string, len(datasets.TextUses))
	for i, use := range datasets.TextUses {
		names[i] = string(use)
	}
	return strings.Join(names, ", ")
}

// siteJSON is the JSON output of site build.
type siteJSON struct {
	Files   []string `json:"files"`
	Runs    int      `json:"runs"`
	Samples int      `json:"samples"`
}

func (env *environment) buildSite(ctx context.Context, dir string, resamples int, use datasets.TextRule) error {
	done, err := writeReport(ctx, env, dir, resamples, use)
	if err != nil {
		return err
	}
	if env.json {
		return env.printJSON(done)
	}
	_, err = fmt.Fprintf(env.stdout, "wrote %s: %d runs, %d sample passages\n", done.Files[0], done.Runs, done.Samples)
	return err
}

// writeReport writes the report of the store into a folder, with intervals from that
// many resamples (0: no intervals), and text that may be shown for the use. An existing
// page is replaced only if the new one is complete.
func writeReport(ctx context.Context, env *environment, dir string, resamples int, use datasets.TextRule) (siteJSON, error) {
	store, err := env.bench.ReadStore(ctx)
	if err != nil {
		return siteJSON{}, err
	}
	defer store.Close()
	found, err := env.bench.Reported(ctx, store, nil, "", resamples)
	if err != nil {
		return siteJSON{}, err
	}
	samples, err := env.bench.Samples(ctx, store, found.Runs, use)
	if err != nil {
		return siteJSON{}, err
	}
	date, err := env.bench.ShownDate(found.Runs)
	if err != nil {
		return siteJSON{}, err
	}
	var html bytes.Buffer
	if err := page.Write(&html, page.Report{
		Title: reportTitle(found), Date: date, Version: version, Results: found.Results, Datasets: found.Benchmark, Samples: samples,
		Ratios: harness.Ratios, Doubled: harness.Doubled,
	}); err != nil {
		return siteJSON{}, err
	}
	path := filepath.Join(dir, "index.html")
	if err := atomicfile.Write(path, func(w io.Writer) error { _, err := html.WriteTo(w); return err }); err != nil {
		return siteJSON{}, fmt.Errorf("report: %w", err)
	}
	return siteJSON{[]string{path}, len(found.Runs), len(samples)}, nil
}

// reportTitle returns a title for the invented sample, else "".
func reportTitle(r harness.Reported) string {
	for _, dataset := range r.Benchmark {
		if !strings.HasPrefix(dataset.ID, harness.SamplePrefix) {
			return ""
		}
	}
	return "Named entity recognition: invented sample"
}
