package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"nerbench/datasets"
	"nerbench/harness"
	"nerbench/internal/fault"
	"nerbench/ner"
	"nerbench/reports"
)

// datasetStats prints Table 6.
func (env *environment) datasetStats(c *cli.Context) error {
	format := c.String("format")
	if !slices.Contains(reports.GridFormats(), format) {
		return fault.Usagef("datasets stats: --format %s: unknown (one of %s)%s", format, strings.Join(reports.GridFormats(), ", "), ner.DidYouMean(format, reports.GridFormats()))
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
	if env.json {
		return env.printJSON(lines)
	}
	if format == "latex" {
		latex.Label = "table6"
		return reports.WriteLatex(env.stdout, latex, statsGrid(lines))
	}
	return statsGrid(lines).Write(env.stdout, format)
}

// statsGrid returns the table by domain, with totals.
func statsGrid(lines []harness.Stats) reports.Grid {
	g := reports.Grid{
		Title:  "Table 6: documents measured / published",
		Header: []string{"dataset", "types", "train", "dev", "test", "entities", "state"},
	}
	for _, domain := range domainsOf(lines) {
		var of []harness.Stats
		for _, l := range lines {
			if l.Domain == domain {
				of = append(of, l)
			}
		}
		for _, l := range of {
			g.Body = append(g.Body, statsCells(&l))
		}
		of = slices.DeleteFunc(of, func(l harness.Stats) bool { return !published(&l) })
		if len(of) > 1 {
			g.Body = append(g.Body, totals(domain, of))
		}
	}
	g.Notes = append(g.Notes, "* counted with --view table6, because the paper counted other documents than the files have",
		"entities: train + dev + test, in the documents of the files")
	for _, l := range lines {
		if l.Reason != "" {
			g.Notes = append(g.Notes, l.Dataset+": "+l.Reason)
		}
	}
	return g
}

// domainsOf lists the domains of Table 6, and then those of the user's own datasets.
func domainsOf(lines []harness.Stats) []string {
	var own []string
	for _, l := range lines {
		if !slices.Contains(datasets.Domains, l.Domain) && !slices.Contains(own, l.Domain) {
			own = append(own, l.Domain)
		}
	}
	slices.Sort(own)
	return append(slices.Clone(datasets.Domains), own...)
}

// published reports whether Table 6 has the dataset.
func published(l *harness.Stats) bool { return l.Published != datasets.Table6{} }

func statsCells(l *harness.Stats) []string {
	cells := []string{l.Dataset, fmt.Sprintf("%d/%d", l.Types, l.Published.Types)}
	if !published(l) {
		cells[1] = fmt.Sprint(l.Types)
	}
	var entities []string
	for _, split := range ner.Splits {
		n, _ := l.Published.Count(split)
		if published(l) {
			cells = append(cells, statsText(l.Measured[split], n))
		} else {
			cells = append(cells, ownText(l.Measured[split]))
		}
		if p := l.Measured[split]; p != nil {
			entities = append(entities, fmt.Sprint(p.Spans))
		} else {
			entities = append(entities, "–")
		}
	}
	return append(cells, strings.Join(entities, " + "), l.State)
}

// statsText returns a measured count and the published one. A star marks a count with
// the view of Table 6 that differs from the number of documents.
func statsText(p *harness.StatsSplit, published int) string {
	switch {
	case p == nil:
		return fmt.Sprintf("–/%d", published)
	case p.Instances != nil && *p.Instances != p.Documents:
		return fmt.Sprintf("%d*/%d", *p.Instances, published)
	}
	return fmt.Sprintf("%d/%d", p.Documents, published)
}

// ownText returns the count of a split of the user's own dataset.
func ownText(p *harness.StatsSplit) string {
	if p == nil {
		return "–"
	}
	return fmt.Sprint(p.Documents)
}

// totals returns the sums of the published datasets of a domain. Published counts are summed over the measured
// datasets only.
func totals(domain string, lines []harness.Stats) []string {
	cells := []string{"= " + domain, ""}
	for _, split := range ner.Splits {
		measured, published, ds := 0, 0, 0
		for _, l := range lines {
			if p := l.Measured[split]; p != nil {
				n, _ := l.Published.Count(split)
				measured, published, ds = measured+p.Count(), published+n, ds+1
			}
		}
		cells = append(cells, fmt.Sprintf("%d/%d", measured, published))
		if split == ner.Test {
			cells = append(cells, "", fmt.Sprintf("test of %d of %d datasets", ds, len(lines)))
		}
	}
	return cells
}
