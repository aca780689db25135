package texts

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"nerbench/harness/compare"
	"nerbench/internal/terminal"
	"nerbench/metrics"
	"nerbench/reports"
)

// Comparison prints a comparison of two systems.
type Comparison struct {
	*compare.Comparison
	Systems []string // A and B, as the user named them
}

// named names A and B.
func (r *Comparison) named() string {
	return "A: " + terminal.Line(r.Systems[0]) + ", B: " + terminal.Line(r.Systems[1])
}

// WriteText prints a comparison for people, with the first flips of each side and kind;
// -1: all of them.
func (r *Comparison) WriteText(w io.Writer, flips int) error {
	fmt.Fprintf(w, "%s: F1 of A and B on the passages that are complete in both\n%s\n", r.Metric, r.named())
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(tw, "\tpassages\tA\tB\tA − B\t95 % interval\tp\tcorrected\t")
	for i, o := range r.Outcomes {
		writeOutcome(tw, o, r.name(i), reports.Percent(o.A.F1), reports.Percent(o.B.F1))
	}
	if len(r.Datasets) > 1 {
		a, b := r.Means()
		writeOutcome(tw, r.Whole, fmt.Sprintf("mean_rows (%d/%d datasets)", r.Used, len(r.Datasets)), reports.Percent(a), reports.Percent(b))
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	for _, note := range compareNotes(r.Comparison) {
		fmt.Fprintln(w, note)
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
	_, err := fmt.Fprintf(w, "\np: paired randomisation of passages, two-sided, %s; corrected by Holm over the lines of a table\n", r.swaps())
	return err
}

func (r *Comparison) swaps() string {
	exact, tried := r.Exact()
	if exact {
		return "all swaps tried"
	}
	return fmt.Sprintf("up to %d swaps", tried)
}

func writeOutcome(w io.Writer, o compare.Outcome, name, a, b string) {
	fmt.Fprintf(w, "%s\t%d\t%s\t%s\t%s\t%s\t%s\t%s\t\n", name, o.Passages, a, b, reports.Points(&o.Difference), reports.DifferenceInterval(o.CI), reports.Probability(&o.P), reports.Probability(&o.PAdjusted))
}

func (r *Comparison) writeTypes(w io.Writer, i int) error {
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

func (r *Comparison) name(i int) string { return DatasetTitle(r.Datasets[i].Name) }

func (r *Comparison) of(i int) string {
	if len(r.Datasets) == 1 {
		return ""
	}
	return " of " + r.name(i)
}

func (r *Comparison) writeBuckets(w io.Writer, i int) error {
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

func (r *Comparison) writeFlips(w io.Writer, n int) error {
	flips, known := r.Flips()
	if !known {
		return nil
	}
	counts := compare.CountFlips(flips)
	fmt.Fprintf(w, "\nflips: only A found %d gold entities, only B %d\n", counts.OnlyA, counts.OnlyB)
	found, spurious := splitFlips(flips)
	if err := writeFlipList(w, found, n); err != nil {
		return err
	}
	fmt.Fprintf(w, "\nspurious: only A made %d wrong predictions, only B %d\n", counts.SpuriousA, counts.SpuriousB)
	return writeFlipList(w, spurious, n)
}

// splitFlips separates the flips of gold entities from those of wrong predictions.
func splitFlips(flips []compare.Flip) (found, spurious []compare.Flip) {
	for _, f := range flips {
		if f.Spurious == "" {
			found = append(found, f)
		} else {
			spurious = append(spurious, f)
		}
	}
	return found, spurious
}

// writeFlipList prints the first n flips of each side.
func writeFlipList(w io.Writer, flips []compare.Flip, n int) error {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	shown := compare.FirstFlips(flips, n)
	for _, f := range shown {
		fmt.Fprintf(tw, "  %s\t%s\t%s\t%s\n", strings.ToUpper(f.Side()), terminal.Printable(string(f.Type)), terminal.Printable(f.Text), terminal.Printable(f.Document))
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	if hidden := len(flips) - len(shown); hidden > 0 {
		fmt.Fprintf(w, "  and %d more (--flips %d, or -1 for all)\n", hidden, len(flips))
	}
	return nil
}

// compareNotes lists what a comparison leaves out.
func compareNotes(c *compare.Comparison) []string {
	var notes []string
	for i, d := range c.Datasets {
		of := ""
		if len(c.Datasets) > 1 {
			of = " of " + DatasetTitle(d.Name)
		}
		if c.Outcomes[i].A.NGold == 0 {
			note := "no gold in the common passages" + of
			if len(c.Datasets) > 1 {
				note += ": not in mean_rows"
			}
			notes = append(notes, note)
		}
		if len(d.A) < d.Passages {
			notes = append(notes, fmt.Sprintf("%d of %d passages%s are complete in both", len(d.A), d.Passages, of))
		}
		if left := d.WithoutSupport(); len(left) > 0 && !d.WithoutTypes {
			notes = append(notes, fmt.Sprintf("types%s without gold, left out: %s", of, typeNames(left)))
		}
		if text := d.Tokens.String(); text != "" {
			notes = append(notes, DatasetTitle(d.Name)+": "+text)
		}
	}
	return notes
}

// DatasetTitle returns the name of a dataset in the output. Files have no name.
func DatasetTitle(name string) string {
	if name == "" {
		return "all passages"
	}
	return name
}
