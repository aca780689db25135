package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"nerbench/datasets"
	"nerbench/internal/fault"
	"nerbench/loaders"
	"nerbench/ner"
	"nerbench/reports"
)

// statsLine is one dataset of Table 6, measured beside published. Measured is null
// where the files are not here.
type statsLine struct {
	Dataset   string                   `json:"dataset"`
	Domain    string                   `json:"domain"`
	State     string                   `json:"state"`
	Published datasets.Table6          `json:"published"`
	Types     int                      `json:"types"` // that occur in what was measured; of the dataset, if nothing was
	Measured  map[ner.Split]*statsPart `json:"measured"`
	Rule      string                   `json:"count_rule"` // exact, near or no
	// Reason says why a count differs from the published one; empty if none does.
	Reason string `json:"reason"`
}

// statsPart is what was measured in one split.
type statsPart struct {
	Documents int `json:"documents"` // of the files, or drawn of them
	Spans     int `json:"spans"`
	// Instances are the units under the view of Table 6; null where there is no
	// such view of the files.
	Instances *int `json:"instances"`
}

// datasetStats prints Table 6.
func (env *environment) datasetStats(ctx context.Context, suite, domain, format string) error {
	if !slices.Contains(reports.GridFormats(), format) {
		return fault.Usagef("datasets stats: --format %s: unknown (one of %s)", format, strings.Join(reports.GridFormats(), ", "))
	}
	ds, err := env.selectDatasets(nil, suite, domain)
	if err != nil {
		return err
	}
	lines, err := env.statsLines(ctx, ds)
	if err != nil {
		return err
	}
	if env.json {
		return env.printJSON(lines)
	}
	return statsGrid(lines).Write(env.stdout, format)
}

// statsGrid lays the lines out, domain by domain, with the totals of each.
func statsGrid(lines []statsLine) reports.Grid {
	g := reports.Grid{
		Title:  "Table 6: instances measured / published",
		Header: []string{"dataset", "types", "train", "dev", "test", "entities", "state"},
	}
	for _, domain := range datasets.Domains {
		var of []statsLine
		for _, l := range lines {
			if l.Domain == domain {
				of = append(of, l)
			}
		}
		for _, l := range of {
			g.Body = append(g.Body, l.cells())
		}
		if len(of) > 1 {
			g.Body = append(g.Body, totals(domain, of))
		}
	}
	g.Notes = append(g.Notes, "* under the view of Table 6 (--view table6), which differs from the documents of the files",
		"entities are those of the documents of the files, train + dev + test")
	for _, l := range lines {
		if l.Reason != "" {
			g.Notes = append(g.Notes, l.Dataset+": "+l.Reason)
		}
	}
	return g
}

func (l statsLine) cells() []string {
	cells := []string{l.Dataset, fmt.Sprintf("%d/%d", l.Types, l.Published.Types)}
	var entities []string
	for _, split := range ner.Splits {
		n, _ := l.Published.Count(split)
		cells = append(cells, l.Measured[split].text(n))
		if p := l.Measured[split]; p != nil {
			entities = append(entities, fmt.Sprint(p.Spans))
		} else {
			entities = append(entities, "–")
		}
	}
	return append(cells, strings.Join(entities, " + "), l.State)
}

// text is a measured count beside the published one. A star marks a count under
// the paper's view that differs from the documents of the files.
func (p *statsPart) text(published int) string {
	switch {
	case p == nil:
		return fmt.Sprintf("–/%d", published)
	case p.Instances != nil && *p.Instances != p.Documents:
		return fmt.Sprintf("%d*/%d", *p.Instances, published)
	}
	return fmt.Sprintf("%d/%d", p.Documents, published)
}

// count is the number that stands beside the published one.
func (p *statsPart) count() int {
	if p.Instances != nil {
		return *p.Instances
	}
	return p.Documents
}

// totals adds up the datasets of a domain: what was measured beside what was
// published of the same datasets.
func totals(domain string, lines []statsLine) []string {
	cells := []string{"= " + domain, ""}
	for _, split := range ner.Splits {
		measured, published, ds := 0, 0, 0
		for _, l := range lines {
			if p := l.Measured[split]; p != nil {
				n, _ := l.Published.Count(split)
				measured, published, ds = measured+p.count(), published+n, ds+1
			}
		}
		cells = append(cells, fmt.Sprintf("%d/%d", measured, published))
		if split == ner.Test {
			cells = append(cells, "", fmt.Sprintf("test of %d of %d datasets", ds, len(lines)))
		}
	}
	return cells
}

// statsLines measures datasets. The error joins those of all datasets.
func (env *environment) statsLines(ctx context.Context, ds []*datasets.Dataset) ([]statsLine, error) {
	lines, faults := make([]statsLine, len(ds)), make([]error, len(ds))
	env.eachJob(len(ds), func(i int) { lines[i], faults[i] = env.statsOf(ctx, ds[i]) })
	return lines, errors.Join(faults...)
}

func (env *environment) statsOf(ctx context.Context, dataset *datasets.Dataset) (statsLine, error) {
	l := statsLine{
		Dataset: dataset.ID, Domain: dataset.Domain, State: env.datasetState(ctx, dataset), Published: dataset.Table6,
		Rule: dataset.CountRule.Status, Measured: map[ner.Split]*statsPart{},
	}
	types := map[ner.EntityType]bool{}
	for _, split := range ner.Splits {
		part, err := env.statsPart(ctx, dataset, split, types)
		if err != nil {
			return l, err
		}
		l.Measured[split] = part
	}
	if l.Types = len(types); l.Types == 0 {
		l.Types = len(dataset.Types())
	}
	l.Reason = l.reason(dataset)
	return l, nil
}

// statsPart counts a split as it is and under the view of Table 6; nil where it
// is not here.
func (env *environment) statsPart(ctx context.Context, dataset *datasets.Dataset, split ner.Split, types map[ner.EntityType]bool) (*statsPart, error) {
	o := loaders.Options{Split: split, View: loaders.Table6View}
	var part *statsPart
	documents, spans, err := env.count(ctx, dataset, o, types)
	if err != nil || documents < 0 {
		return nil, err
	}
	part = &statsPart{Documents: documents, Spans: spans, Instances: &documents}
	if dataset.CountRule.View[split] == datasets.ViewAll && dataset.CountRule.Cut == "" {
		return part, nil
	}
	o.View = ""
	if part.Documents, part.Spans, err = env.count(ctx, dataset, o, types); err != nil {
		return nil, err
	}
	if part.Documents < 0 { // dev is a second name of test
		part.Documents, part.Spans = documents, spans
	}
	return part, nil
}

// count reads a split; documents is -1 where it is not here.
func (env *environment) count(ctx context.Context, dataset *datasets.Dataset, o loaders.Options, types map[ner.EntityType]bool) (documents, spans int, err error) {
	if !loaders.Supported(dataset, "") || loaders.Present(ctx, env.dataFS(), dataset, o) != nil {
		return -1, 0, ctx.Err()
	}
	docs, _, err := loaders.Documents(ctx, env.dataFS(), dataset, o)
	if err != nil {
		return 0, 0, err
	}
	for d, err := range docs {
		if err != nil {
			return 0, 0, err
		}
		documents++
		spans += len(d.Spans)
		for _, s := range d.Spans {
			types[s.Type] = true
		}
	}
	return documents, spans, nil
}

// reason says why a measured count is not the published one, in the words of the
// dataset's file.
func (l statsLine) reason(dataset *datasets.Dataset) string {
	differs, measured := l.Types != l.Published.Types, false
	for split, p := range l.Measured {
		if p != nil {
			n, _ := l.Published.Count(split)
			measured = true
			differs = differs || p.count() != n || p.Documents != n
		}
	}
	if !measured || !differs || dataset.Table6 == (datasets.Table6{}) {
		return ""
	}
	return dataset.CountRule.Text
}
