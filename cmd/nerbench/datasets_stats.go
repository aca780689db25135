package main

import (
	"github.com/urfave/cli/v2"

	"nerbench/harness"
	"nerbench/reports"
)

// statsFormats lists the formats of datasets stats.
func statsFormats() []string { return append(reports.GridFormats(), "json") }

// datasetStats prints Table 6.
func (env *environment) datasetStats(c *cli.Context) error {
	format, err := env.readFormat("datasets stats", c.String("format"), statsFormats())
	if err != nil {
		return err
	}
	latex, err := env.readLatex(c, "datasets stats", format, false)
	if err != nil {
		return err
	}
	ds, err := env.bench.SelectDatasets(nil, c.String("suite"), c.String("domain"))
	if err != nil {
		return err
	}
	lines, err := env.bench.Stats(c.Context, ds)
	if err != nil {
		return err
	}
	if format == "json" {
		return env.printJSON(lines)
	}
	if format == "latex" {
		latex.Label = "table6"
		return reports.WriteLatex(env.output(format), latex, harness.StatsGrid(lines))
	}
	return harness.StatsGrid(lines).Write(env.output(format), format)
}
