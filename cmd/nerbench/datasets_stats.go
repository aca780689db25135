package main

import (
	"context"
	"fmt"
	"text/tabwriter"

	"nerbench/datasets"
	"nerbench/loaders"
	"nerbench/ner"
)

// statsLine is one row of Table 6, measured beside published. Measured is null
// where the files are not here.
type statsLine struct {
	Row       string                   `json:"row"`
	Domain    string                   `json:"domain"`
	State     string                   `json:"state"`
	Published datasets.Table6          `json:"published"`
	Types     int                      `json:"types"`
	Measured  map[ner.Split]*statsPart `json:"measured"`
	Rule      string                   `json:"count_rule"`
}

// statsPart is what was measured in one split.
type statsPart struct {
	Documents int `json:"documents"`
	Spans     int `json:"spans"`
	// Instances are the documents as the paper counted them (count_rule.view);
	// null where its way cannot be gone from native files.
	Instances *int `json:"instances"`
	marks     int
}

// datasetStats prints Table 6.
func (env *environment) datasetStats(ctx context.Context, suite, domain string) error {
	rows, err := env.selectRows(nil, suite, domain)
	if err != nil {
		return err
	}
	lines := make([]statsLine, len(rows))
	faults := make([]error, len(rows))
	env.eachJob(len(rows), func(i int) { lines[i], faults[i] = env.statsOf(ctx, rows[i]) })
	for _, err := range faults {
		if err != nil {
			return err
		}
	}
	if env.json {
		return env.printJSON(lines)
	}
	w := tabwriter.NewWriter(env.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "row\ttypes\ttrain\tpublished\tdev\tpublished\ttest\tpublished\tstate")
	corrected := false
	for _, l := range lines {
		fmt.Fprintf(w, "%s\t%d/%d", l.Row, l.Types, l.Published.Types)
		for _, split := range ner.Splits {
			n, _ := l.Published.Count(split)
			text, mark := l.Measured[split].text(n)
			corrected = corrected || mark
			fmt.Fprintf(w, "\t%s\t%d", text, n)
		}
		fmt.Fprintf(w, "\t%s\n", l.State)
	}
	if err := w.Flush(); err != nil || !corrected {
		return err
	}
	_, err = fmt.Fprintln(env.stdout, "\n* counted as the paper did, which differs from the documents in the files: nerbench datasets show ROW says how")
	return err
}

// text is a measured count. A star marks one that is the published count only
// when it is taken in the paper's way.
func (p *statsPart) text(published int) (text string, star bool) {
	switch {
	case p == nil:
		return "–", false
	case p.Documents != published && p.Instances != nil && *p.Instances == published:
		return fmt.Sprintf("%d*", *p.Instances), true
	}
	return fmt.Sprint(p.Documents), false
}

func (env *environment) statsOf(ctx context.Context, row *datasets.Row) (statsLine, error) {
	l := statsLine{
		Row: row.ID, Domain: row.Domain, State: env.rowState(row), Published: row.Table6, Types: len(row.Types()),
		Rule: row.CountRule.Status, Measured: map[ner.Split]*statsPart{},
	}
	for _, split := range ner.Splits {
		part, err := env.measure(ctx, row, split)
		if err != nil {
			return l, err
		}
		l.Measured[split] = part
	}
	for _, split := range ner.Splits {
		view := row.CountRule.View[split]
		if view == datasets.ViewSameAsTest && l.Measured[split] == nil && l.Measured[ner.Test] != nil {
			same := *l.Measured[ner.Test]
			l.Measured[split], view = &same, row.CountRule.View[ner.Test]
		}
		if part := l.Measured[split]; part != nil {
			part.count(view)
		}
	}
	return l, nil
}

// measure counts a split; nil where it is not here.
func (env *environment) measure(ctx context.Context, row *datasets.Row, split ner.Split) (*statsPart, error) {
	o := loaders.Options{Split: split}
	if !loaders.Supported(row, "") || loaders.Present(env.dataFS(), row, o) != nil {
		return nil, nil
	}
	docs, tally, err := loaders.Documents(ctx, env.dataFS(), row, o)
	if err != nil {
		return nil, err
	}
	part := &statsPart{}
	for d, err := range docs {
		if err != nil {
			return nil, err
		}
		part.Documents++
		part.Spans += len(d.Spans)
	}
	part.marks = tally.Repairs["document_marks"]
	return part, nil
}

// count makes instances of Table 6 of documents.
func (p *statsPart) count(view datasets.View) {
	n := p.Documents
	switch view {
	case datasets.ViewAll:
	case datasets.ViewAllButLast:
		n--
	case datasets.ViewMarks:
		n += p.marks + 1 // the marks, and an empty instance at the end
	default:
		return
	}
	p.Instances = &n
}
