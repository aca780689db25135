package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"

	"nerbench/harness/compare"
	"nerbench/internal/terminal"
	"nerbench/metrics"
	"nerbench/reports"
)

// compareText prints a comparison for people.
type compareText struct{ *compare.Comparison }

func (r *compareText) write(w io.Writer, flips int) error {
	fmt.Fprintf(w, "%s: F1 of A and B on the passages that are complete in both\n", r.Metric)
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(tw, "\tpassages\tA\tB\tA − B\t95 % interval\tp\tcorrected\t")
	for i, o := range r.Outcomes {
		writeOutcome(tw, o, r.name(i), reports.Percent(o.A.F1), reports.Percent(o.B.F1))
	}
	if len(r.Datasets) > 1 {
		a, b := r.Means()
		writeOutcome(tw, r.Whole, fmt.Sprintf("mean_rows (%d datasets)", len(r.Datasets)), reports.Percent(&a), reports.Percent(&b))
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	for i, d := range r.Datasets {
		if text := d.Tokens.String(); text != "" {
			fmt.Fprintf(w, "%s: %s\n", r.name(i), text)
		}
	}
	for i := range r.Datasets {
		if err := r.writeTypes(w, i); err != nil {
			return err
		}
		if err := r.writeBuckets(w, i); err != nil {
			return err
		}
	}
	if err := r.writeFlips(w, flips); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "\np: paired randomisation of passages, two-sided, %s; corrected by Holm over the rows of a table\n", r.swaps())
	return err
}

func (r *compareText) swaps() string {
	exact, tried := r.Exact()
	if exact {
		return "all swaps tried"
	}
	return fmt.Sprintf("up to %d swaps", tried)
}

func writeOutcome(w io.Writer, o compare.Outcome, name, a, b string) {
	fmt.Fprintf(w, "%s\t%d\t%s\t%s\t%s\t%s\t%s\t%s\t\n", name, o.Passages, a, b, reports.Points(&o.Difference), reports.DifferenceInterval(o.CI), reports.Probability(&o.P), reports.Probability(&o.PAdjusted))
}

func (r *compareText) writeTypes(w io.Writer, i int) error {
	types := r.Types[i]
	if len(types) < 2 {
		return nil
	}
	fmt.Fprintf(w, "\nby type%s\n", r.of(i))
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(tw, "\tsupport\tA\tB\tA − B\t95 % interval\tp\tcorrected\t")
	for _, t := range slices.Sorted(maps.Keys(types)) {
		o := types[t]
		o.Passages = o.A.NGold
		writeOutcome(tw, o, terminal.Printable(string(t)), reports.Percent(o.A.F1), reports.Percent(o.B.F1))
	}
	return tw.Flush()
}

func (r *compareText) name(i int) string { return datasetTitle(r.Datasets[i].Name) }

func (r *compareText) of(i int) string {
	if len(r.Datasets) == 1 {
		return ""
	}
	return " of " + r.name(i)
}

func (r *compareText) writeBuckets(w io.Writer, i int) error {
	for _, p := range r.Datasets[i].Buckets {
		fmt.Fprintf(w, "\nby %s%s: %s\n", p.Attribute.Name, r.of(i), p.Attribute.Meaning)
		tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
		fmt.Fprintln(tw, "\tsupport\tA\tB\tA − B\t")
		few := false
		for _, b := range p.Compare(r.Datasets[i].Metric) {
			mark := ""
			if b.Few {
				mark, few = "*", true
			}
			fmt.Fprintf(tw, "%s\t%d%s\t%s\t%s\t%s\t\n", b.Name, b.A.NGold, mark, reports.Percent(b.A.F1), reports.Percent(b.B.F1), reports.Points(&b.Difference))
		}
		if err := tw.Flush(); err != nil {
			return err
		}
		if few {
			fmt.Fprintf(w, "* fewer than %d gold entities\n", metrics.FewGold)
		}
	}
	return nil
}

func (r *compareText) writeFlips(w io.Writer, n int) error {
	flips, known := r.Flips()
	if !known {
		return nil
	}
	counts := compare.CountFlips(flips)
	fmt.Fprintf(w, "\nflips: only A found %d gold entities, only B %d\n", counts.OnlyA, counts.OnlyB)
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, f := range compare.FirstFlips(flips, n) {
		fmt.Fprintf(tw, "  %s\t%s\t%s\t%s\n", map[string]string{"a": "A", "b": "B"}[f.Found], terminal.Printable(string(f.Type)), terminal.Printable(f.Text), terminal.Printable(f.Document))
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	if hidden := len(flips) - len(compare.FirstFlips(flips, n)); hidden > 0 {
		fmt.Fprintf(w, "  and %d more (--flips %d, or -1 for all)\n", hidden, len(flips))
	}
	return nil
}
