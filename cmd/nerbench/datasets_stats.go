package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"nerbench/datasets"
	"nerbench/harness"
	"nerbench/internal/fault"
	"nerbench/ner"
	"nerbench/reports"
)

// datasetStats prints Table 6.
func (env *environment) datasetStats(ctx context.Context, suite, domain, format string) error {
	if !slices.Contains(reports.GridFormats(), format) {
		return fault.Usagef("datasets stats: --format %s: unknown (one of %s)%s", format, strings.Join(reports.GridFormats(), ", "), ner.DidYouMean(format, reports.GridFormats()))
	}
	ds, err := env.bench.SelectDatasets(nil, suite, domain)
	if err != nil {
		return err
	}
	lines, err := env.bench.Stats(ctx, ds)
	if err != nil {
		return err
	}
	if env.json {
		return env.printJSON(lines)
	}
	return statsGrid(lines).Write(env.stdout, format)
}

// statsGrid returns the table by domain, with totals.
func statsGrid(lines []harness.Stats) reports.Grid {
	g := reports.Grid{
		Title:  "Table 6: documents measured / published",
		Header: []string{"dataset", "types", "train", "dev", "test", "entities", "state"},
	}
	for _, domain := range datasets.Domains {
		var of []harness.Stats
		for _, l := range lines {
			if l.Domain == domain {
				of = append(of, l)
			}
		}
		for _, l := range of {
			g.Body = append(g.Body, statsCells(&l))
		}
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

func statsCells(l *harness.Stats) []string {
	cells := []string{l.Dataset, fmt.Sprintf("%d/%d", l.Types, l.Published.Types)}
	var entities []string
	for _, split := range ner.Splits {
		n, _ := l.Published.Count(split)
		cells = append(cells, statsText(l.Measured[split], n))
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

// totals returns the sums of a domain. Published counts are summed over the measured
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
