package texts

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"

	"nerbench/harness/compare"
	"nerbench/reports"
)

// WriteTables prints the scores of a comparison as tables, for papers and programs, in a
// format of [reports.Grid].
func (g *Comparison) WriteTables(w io.Writer, format string) error {
	grids := []reports.Grid{g.datasetGrid()}
	if format == "csv" {
		grids = []reports.Grid{g.fractionGrid()}
	} else {
		for i := range g.Datasets {
			if len(g.Types[i]) > 1 {
				grids = append(grids, g.typeGrid(i))
			}
			grids = append(grids, g.bucketGrids(i)...)
		}
	}
	for i, grid := range grids {
		if i > 0 {
			fmt.Fprintln(w)
		}
		if err := grid.Write(w, format); err != nil {
			return fmt.Errorf("compare: %w", err)
		}
	}
	return nil
}

// datasetGrid has a line for each dataset, and one for the average.
func (g *Comparison) datasetGrid() reports.Grid {
	out := reports.Grid{
		Title:  g.Metric + ": F1 of A and B in %, on the passages that are complete in both",
		Header: []string{"dataset", "passages", "A", "B", "A − B", "95 % interval", "p", "corrected"},
		Notes:  append([]string{g.named()}, compareNotes(g.Comparison)...),
	}
	for i, o := range g.Outcomes {
		out.Body = append(out.Body, outcomeCells(DatasetTitle(g.Datasets[i].Name), o.Passages, o, o.A.F1, o.B.F1))
	}
	if n := len(g.Datasets); n > 1 {
		a, b := g.Means()
		out.Body = append(out.Body, outcomeCells(fmt.Sprintf("mean_rows (%d/%d)", g.Used, n), g.Whole.Passages, g.Whole, a, b))
	}
	if flips, known := g.Flips(); known {
		n := compare.CountFlips(flips)
		out.Notes = append(out.Notes, fmt.Sprintf("gold entities found by A only: %d, by B only: %d; wrong predictions by A only: %d, by B only: %d", n.OnlyA, n.OnlyB, n.SpuriousA, n.SpuriousB))
	}
	out.Notes = append(out.Notes, "p: paired randomisation of passages, two-sided, "+g.swaps()+"; corrected by Holm over the lines of a table")
	return out
}

func (g *Comparison) typeGrid(i int) reports.Grid {
	out := reports.Grid{
		Title:  g.Metric + ": F1 by type" + g.of(i) + ", in %",
		Header: []string{"type", "gold", "A", "B", "A − B", "95 % interval", "p", "corrected"},
	}
	for _, t := range slices.Sorted(maps.Keys(g.Types[i])) {
		o := g.Types[i][t]
		out.Body = append(out.Body, outcomeCells(string(t), o.A.NGold, o, o.A.F1, o.B.F1))
	}
	return out
}

func outcomeCells(name string, size int, o compare.Outcome, a, b *float64) []string {
	return []string{
		name, strconv.Itoa(size), reports.Percent(a), reports.Percent(b), reports.Points(&o.Difference), reports.DifferenceInterval(o.CI),
		reports.Probability(&o.P), reports.Probability(&o.PAdjusted),
	}
}

func (g *Comparison) bucketGrids(i int) []reports.Grid {
	var grids []reports.Grid
	for _, p := range g.Datasets[i].Buckets {
		out := reports.Grid{
			Title:  g.Metric + ": F1 by " + p.Attribute.Name + g.of(i) + ", in %: " + p.Attribute.Meaning,
			Header: []string{p.Attribute.Name, "gold", "A", "B", "A − B"},
		}
		for _, b := range p.Compare(g.Datasets[i].Metric) {
			out.Body = append(out.Body, []string{b.Name, strconv.Itoa(b.A.NGold), reports.Percent(b.A.F1), reports.Percent(b.B.F1), reports.Points(&b.Difference)})
		}
		grids = append(grids, out)
	}
	return grids
}

// fractionGrid has all scores in one table: a line for each dataset, the average, and each
// type and bucket. Ratios are unrounded fractions; undefined ones are empty.
func (g *Comparison) fractionGrid() reports.Grid {
	out := reports.Grid{Header: []string{
		"kind", "dataset", "name", "passages", "gold", "a_f1", "b_f1", "difference", "ci_low", "ci_high", "p", "p_adjusted", "datasets_used", "datasets_total",
	}}
	for i, o := range g.Outcomes {
		name := g.Datasets[i].Name
		out.Body = append(out.Body, append(fractionCells("dataset", name, "", o, o.A.F1, o.B.F1), "", ""))
		for _, t := range slices.Sorted(maps.Keys(g.Types[i])) {
			typ := g.Types[i][t]
			out.Body = append(out.Body, append(fractionCells("type", name, string(t), typ, typ.A.F1, typ.B.F1), "", ""))
		}
		for _, p := range g.Datasets[i].Buckets {
			for _, b := range p.Compare(g.Datasets[i].Metric) {
				out.Body = append(out.Body, []string{
					"bucket:" + p.Attribute.Name, name, b.Name, strconv.Itoa(o.Passages), strconv.Itoa(b.A.NGold), reports.Fraction(b.A.F1), reports.Fraction(b.B.F1), reports.Fraction(&b.Difference),
					"", "", "", "", "", "",
				})
			}
		}
	}
	if n := len(g.Datasets); n > 1 {
		a, b := g.Means()
		out.Body = append(out.Body, append(fractionCells("mean", "", "mean_rows", g.Whole, a, b), strconv.Itoa(g.Used), strconv.Itoa(n)))
	}
	return out
}

func fractionCells(kind, dataset, name string, o compare.Outcome, a, b *float64) []string {
	return slices.Concat(
		[]string{
			kind, dataset, name, strconv.Itoa(o.Passages), strconv.Itoa(o.A.NGold),
			reports.Fraction(a), reports.Fraction(b), reports.Fraction(&o.Difference),
		},
		reports.FractionInterval(o.CI),
		[]string{reports.Fraction(&o.P), reports.Fraction(&o.PAdjusted)},
	)
}
