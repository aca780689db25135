package main

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"nerbench/boards"
	"nerbench/datasets"
	"nerbench/harness"
	"nerbench/internal/atomicfile"
	"nerbench/internal/fault"
	"nerbench/metrics/stats"
	"nerbench/ner"
	"nerbench/reports/site"
)

func siteCommand(env *environment) *cli.Command {
	return &cli.Command{
		Name:  "site",
		Usage: "write the leaderboard as web pages",
		Subcommands: []*cli.Command{{
			Name:  "build",
			Usage: "write the leaderboard of the store into a folder of pages",
			Description: `The pages work from the folder, from any static host, and without scripts. The folder
is replaced as a whole; one with other files in it is not. Only models that completed
every dataset of a suite are ranked. The pages are meant for others: their passages are
from datasets whose licence permits redistribution. --text noncommercial adds those
whose licence permits it for non-commercial use only. "nerbench datasets show" prints
the rule of a dataset. --single writes one self-contained page instead.`,
			Flags: []cli.Flag{
				&cli.StringFlag{Name: "out", Usage: "write into the folder `DIR` (default: site; with --single: report)"},
				&cli.BoolFlag{Name: "single", Usage: "write one self-contained page, DIR/index.html"},
				&cli.StringFlag{Name: "board", Usage: "suites, tracks and prices of a board.toml `FILE` (default: built in)"},
				intervalsFlag(), answersFlag(), sizeFlag(),
				&cli.StringFlag{Name: "text", Value: string(datasets.PublishText), Usage: "show text whose licence permits the `USE`: " + listed(datasets.TextUses)},
			},
			Action: func(c *cli.Context) error { return env.buildSite(c) },
		}},
	}
}

func intervalsFlag() cli.Flag {
	return &cli.IntFlag{Name: "ci", Value: stats.Resamples, Usage: "95 % intervals of `N` resamples; 0: none"}
}

func answersFlag() cli.Flag {
	return &cli.StringFlag{Name: "answers", Value: string(site.ErrorAnswers), Usage: "write `ANSWERS`: all, those with errors and 50 drawn passages\na dataset (errors), or none"}
}

func sizeFlag() cli.Flag {
	return &cli.StringFlag{Name: "max-size", Value: "900MB", Usage: "fail if the folder is larger than `SIZE`"}
}

// readSite reads the flags that all commands for sites have.
func readSite(c *cli.Context) (r harness.SiteRequest, err error) {
	r.Version = version
	if r.Resamples, err = readResamples(c.Int("ci")); err != nil {
		return r, err
	}
	if r.Answers, err = readChoice("--answers", c.String("answers"), site.AnswersModes); err != nil {
		return r, err
	}
	if r.MaxBytes, err = site.ParseSize(c.String("max-size")); err != nil {
		return r, fault.Usagef("%s: --max-size: %v", c.Command.Name, err)
	}
	return r, nil
}

// readChoice reads the value of a flag, one of known.
func readChoice[S ~string](flag, text string, known []S) (S, error) {
	if !slices.Contains(known, S(text)) {
		return "", fault.Usagef("%s %q: want one of %s", flag, text, listed(known))
	}
	return S(text), nil
}

// listed lists the values of a flag.
func listed[S ~string](known []S) string {
	names := make([]string, len(known))
	for i, name := range known {
		names[i] = string(name)
	}
	return strings.Join(names, ", ")
}

// pageJSON is the JSON output of site build --single.
type pageJSON struct {
	Files   []string `json:"files"`
	Runs    int      `json:"runs"`
	Samples int      `json:"samples"`
}

// siteJSON is the JSON output of site build.
type siteJSON struct {
	Folder string `json:"folder"`
	Files  int    `json:"files"`
	Bytes  int64  `json:"bytes"`
	Models int    `json:"models"`
	Runs   int    `json:"runs"`
}

func (env *environment) buildSite(c *cli.Context) error {
	request, err := readSite(c)
	if err != nil {
		return err
	}
	use, err := readChoice("site build: --text", c.String("text"), datasets.TextUses)
	if err != nil {
		return err
	}
	if c.Bool("single") {
		for _, name := range []string{"board", "answers", "max-size"} {
			if c.IsSet(name) {
				return fault.Usagef("site build: --%s has no effect with --single", name)
			}
		}
		return env.buildPage(c.Context, cmp.Or(c.String("out"), "report"), request.Resamples, use)
	}
	request.Text = use
	if file := c.String("board"); file != "" {
		if request.Rules, err = boards.Read(os.DirFS(filepath.Dir(file)), filepath.Base(file)); err != nil {
			return err
		}
	}
	dir := cmp.Or(c.String("out"), "site")
	built, err := env.bench.WriteSite(c.Context, dir, request)
	if err != nil {
		return err
	}
	if env.json {
		return env.printJSON(siteJSON{dir, built.Files, built.Bytes, built.Models, built.Runs})
	}
	verb := "wrote"
	if built.Unchanged {
		verb = "unchanged:"
	}
	_, err = fmt.Fprintf(env.stdout, "%s %s: %s, %s, %s\n", verb, filepath.Join(dir, "index.html"), ner.Count(built.Models, "model"), ner.Count(built.Runs, "run"), ner.Count(built.Files, "file"))
	return err
}

// buildPage writes the report as one page.
func (env *environment) buildPage(ctx context.Context, dir string, resamples int, use datasets.TextRule) error {
	done, err := writeReport(ctx, env, dir, resamples, use)
	if err != nil {
		return err
	}
	if env.json {
		return env.printJSON(done)
	}
	_, err = fmt.Fprintf(env.stdout, "wrote %s: %s, %s\n", done.Files[0], ner.Count(done.Runs, "run"), ner.Count(done.Samples, "sample passage"))
	return err
}

// writeReport writes the report of the store into a folder, with intervals from that
// many resamples (0: no intervals), and text that may be shown for the use. An existing
// page is replaced only if the new one is complete.
func writeReport(ctx context.Context, env *environment, dir string, resamples int, use datasets.TextRule) (pageJSON, error) {
	var html bytes.Buffer
	runs, samples, err := env.bench.WriteReport(ctx, &html, harness.ReportRequest{Version: version, Resamples: resamples, Text: use})
	if err != nil {
		return pageJSON{}, err
	}
	path := filepath.Join(dir, "index.html")
	if err := atomicfile.Write(path, func(w io.Writer) error { _, err := html.WriteTo(w); return err }); err != nil {
		return pageJSON{}, fmt.Errorf("report: %w", err)
	}
	return pageJSON{[]string{path}, runs, samples}, nil
}
