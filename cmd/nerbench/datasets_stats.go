package main

import (
	"context"
	"fmt"
	"text/tabwriter"

	"nerbench/datasets"
	"nerbench/loaders"
	"nerbench/ner"
)

// statsLine is one row of Table 6, measured beside published. Measured counts
// are null where the files are not here.
type statsLine struct {
	Row       string                   `json:"row"`
	Domain    string                   `json:"domain"`
	State     string                   `json:"state"`
	Published datasets.Table6          `json:"published"`
	Types     int                      `json:"types"`
	Measured  map[ner.Split]*statsPart `json:"measured"`
	Rule      string                   `json:"count_rule"`
}

type statsPart struct {
	Documents int `json:"documents"`
	Spans     int `json:"spans"`
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
	fmt.Fprintln(w, "row\ttypes\ttrain\tpublished\tdev\tpublished\ttest\tpublished\tTable 6\tstate")
	for _, l := range lines {
		fmt.Fprintf(w, "%s\t%d/%d", l.Row, l.Types, l.Published.Types)
		for _, split := range ner.Splits {
			n, _ := l.Published.Count(split)
			measured := "–"
			if m := l.Measured[split]; m != nil {
				measured = fmt.Sprint(m.Documents)
			}
			fmt.Fprintf(w, "\t%s\t%d", measured, n)
		}
		fmt.Fprintf(w, "\t%s\t%s\n", l.Rule, l.State)
	}
	return w.Flush()
}

func (env *environment) statsOf(ctx context.Context, row *datasets.Row) (statsLine, error) {
	l := statsLine{
		Row: row.ID, Domain: row.Domain, State: env.rowState(row), Published: row.Table6, Types: len(row.Types()),
		Rule: row.CountRule.Status, Measured: map[ner.Split]*statsPart{},
	}
	for _, split := range ner.Splits {
		l.Measured[split] = nil
		o := loaders.Options{Split: split}
		if !loaders.Supported(row, "") || loaders.Present(env.dataFS(), row, o) != nil {
			continue
		}
		docs, _, err := loaders.Documents(ctx, env.dataFS(), row, o)
		if err != nil {
			return l, err
		}
		part := &statsPart{}
		for d, err := range docs {
			if err != nil {
				return l, err
			}
			part.Documents++
			part.Spans += len(d.Spans)
		}
		l.Measured[split] = part
	}
	return l, nil
}
