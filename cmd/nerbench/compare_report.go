package main

import (
	"fmt"
	"io"
	"slices"
	"text/tabwriter"

	"nerbench/metrics"
	"nerbench/ner"
	"nerbench/reports"
)

// rowComparisonJSON is one dataset of the JSON form, or the whole of it.
type datasetComparisonJSON struct {
	Metric  string `json:"metric,omitempty"`
	Dataset string `json:"row,omitempty"`
	// Average names what difference, ci and p are of, where it is not one dataset.
	Average string `json:"average,omitempty"`
	Used    int    `json:"used,omitempty"`
	comparisonOutcome
	MeanA    *float64                             `json:"mean_rows_a,omitempty"`
	MeanB    *float64                             `json:"mean_rows_b,omitempty"`
	Flips    *flipCounts                          `json:"flips"`
	ByType   map[ner.EntityType]comparisonOutcome `json:"by_type,omitempty"`
	ByBucket map[string][]comparedBucket          `json:"by_bucket,omitempty"`
	Flipped  []flip                               `json:"flipped,omitempty"`
	Datasets []datasetComparisonJSON              `json:"rows,omitempty"`
}

type flipCounts struct {
	OnlyA int `json:"only_a"`
	OnlyB int `json:"only_b"`
}

func countFlips(flips []flip, known bool) *flipCounts {
	if !known {
		return nil
	}
	var n flipCounts
	for _, f := range flips {
		if f.Found == "a" {
			n.OnlyA++
		} else {
			n.OnlyB++
		}
	}
	return &n
}

// json is the JSON form, which scripts rely on. Files are one dataset without a name.
func (r *comparison) json(flips int, files bool) datasetComparisonJSON {
	all, known := r.flips()
	out := datasetComparisonJSON{Metric: r.metric, comparisonOutcome: r.whole, Flips: countFlips(all, known)}
	for i, dataset := range r.datasets {
		sortFlips(dataset.flips)
		line := datasetComparisonJSON{
			Dataset: dataset.dataset, comparisonOutcome: r.outcomes[i], Flips: countFlips(dataset.flips, dataset.detailed),
			ByType: r.types[i], Flipped: firstOf(dataset.flips, flips), ByBucket: dataset.bucketsJSON(),
		}
		if files {
			out.ByType, out.Flipped, out.ByBucket = line.ByType, line.Flipped, line.ByBucket
			return out
		}
		out.Datasets = append(out.Datasets, line)
	}
	if len(r.datasets) > 1 {
		a, b := r.means()
		out.Average, out.Used, out.MeanA, out.MeanB = "mean_rows", len(r.datasets), &a, &b
	}
	return out
}

func (c *comparedDataset) bucketsJSON() map[string][]comparedBucket {
	if c.buckets == nil {
		return nil
	}
	out := map[string][]comparedBucket{}
	for _, p := range c.buckets {
		out[p.attribute.Name] = p.compared(c.metric)
	}
	return out
}

// means are mean_rows of both systems over the compared datasets.
func (r *comparison) means() (a, b float64) {
	for _, o := range r.outcomes {
		a += value(o.A.F1)
		b += value(o.B.F1)
	}
	n := float64(len(r.outcomes))
	return a / n, b / n
}

// writeText prints the comparison for people.
func (r *comparison) writeText(w io.Writer, flips int) error {
	fmt.Fprintf(w, "%s: F1 of A and B, on the passages that both completed\n", r.metric)
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(tw, "\tpassages\tA\tB\tA − B\t95 % interval\tp\tcorrected\t")
	for i, o := range r.outcomes {
		o.line(tw, r.name(i), reports.Percent(o.A.F1), reports.Percent(o.B.F1))
	}
	if len(r.datasets) > 1 {
		a, b := r.means()
		r.whole.line(tw, fmt.Sprintf("mean_rows (%d datasets)", len(r.datasets)), reports.Percent(&a), reports.Percent(&b))
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	for i := range r.datasets {
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
	_, err := fmt.Fprintf(w, "\np: paired randomisation of passages, two-sided, %s; corrected by Holm over the lines of a table\n", r.how())
	return err
}

func (r *comparison) how() string {
	exact := !slices.ContainsFunc(r.outcomes, func(o comparisonOutcome) bool { return !o.Exact })
	if exact {
		return "all swaps tried"
	}
	return fmt.Sprintf("up to %d swaps", slices.MaxFunc(r.outcomes, func(a, b comparisonOutcome) int { return a.Tried - b.Tried }).Tried)
}

func (o comparisonOutcome) line(w io.Writer, name, a, b string) {
	fmt.Fprintf(w, "%s\t%d\t%s\t%s\t%s\t%s\t%s\t%s\t\n", name, o.Passages, a, b, reports.Points(&o.Difference), reports.DifferenceInterval(o.CI), reports.Probability(&o.P), reports.Probability(&o.PAdjusted))
}

func (r *comparison) writeTypes(w io.Writer, i int) error {
	types := r.types[i]
	if len(types) < 2 {
		return nil
	}
	fmt.Fprintf(w, "\nby type%s\n", r.of(i))
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(tw, "\tsupport\tA\tB\tA − B\t95 % interval\tp\tcorrected\t")
	for _, t := range sortedKeys(types) {
		o := types[t]
		o.Passages = o.A.NGold
		o.line(tw, printable(string(t)), reports.Percent(o.A.F1), reports.Percent(o.B.F1))
	}
	return tw.Flush()
}

func (r *comparison) of(i int) string {
	if len(r.datasets) == 1 {
		return ""
	}
	return " of " + r.name(i)
}

func (r *comparison) writeBuckets(w io.Writer, i int) error {
	for _, p := range r.datasets[i].buckets {
		fmt.Fprintf(w, "\nby %s%s: %s\n", p.attribute.Name, r.of(i), p.attribute.Meaning)
		tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
		fmt.Fprintln(tw, "\tsupport\tA\tB\tA − B\t")
		few := false
		for _, b := range p.compared(r.datasets[i].metric) {
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

func (r *comparison) writeFlips(w io.Writer, n int) error {
	flips, known := r.flips()
	if !known {
		return nil
	}
	counts := countFlips(flips, known)
	fmt.Fprintf(w, "\nflips: only A found %d gold entities, only B %d\n", counts.OnlyA, counts.OnlyB)
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, f := range firstOf(flips, n) {
		fmt.Fprintf(tw, "  %s\t%s\t%s\t%s\n", map[string]string{"a": "A", "b": "B"}[f.Found], printable(string(f.Type)), printable(f.Text), printable(f.Document))
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	if hidden := len(flips) - len(firstOf(flips, n)); hidden > 0 {
		fmt.Fprintf(w, "  and %d more (--flips %d, or -1 for all)\n", hidden, len(flips))
	}
	return nil
}
