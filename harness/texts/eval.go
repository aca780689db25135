package texts

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"nerbench/harness"
	"nerbench/harness/files"
	"nerbench/internal/terminal"
	"nerbench/metrics"
	"nerbench/ner"
	"nerbench/reports"
)

// evalText prints a report of an evaluation.
type evalText struct{ *files.Report }

// WriteEval prints the report of an evaluation: a table by type for each metric, then the
// other counts.
func WriteEval(w io.Writer, report *files.Report) error {
	e := &evalText{report}
	for i, m := range e.Metrics {
		if i > 0 {
			fmt.Fprintln(w)
		}
		if err := e.writeMetric(w, m); err != nil {
			return err
		}
	}
	for _, write := range []func(io.Writer) error{e.writeBuckets, e.writeTaxonomy, e.writeConfusion} {
		if err := write(w); err != nil {
			return err
		}
	}
	if e.Missing > 0 {
		fmt.Fprintf(w, "\n%d of %d passages\n", e.Passages, e.Passages+e.Missing)
	} else {
		fmt.Fprintf(w, "\n%s\n", ner.Count(e.Passages, "passage"))
	}
	if e.Resamples > 0 {
		fmt.Fprintf(w, "intervals: 95 %%, %s of passages\n", ner.Count(e.Resamples, "resample"))
	}
	if line := DroppedLine(e.Dropped); line != "" {
		fmt.Fprintln(w, line)
	}
	for _, b := range e.Beside {
		if b.N > 0 && e.Dropped[b.Name] == 0 {
			fmt.Fprintf(w, "%s %d\n", b.Name, b.N)
		}
	}
	if err := e.writeOutcomes(w); err != nil {
		return err
	}
	lines := e.Signatures()
	for _, m := range e.Metrics {
		if _, err := fmt.Fprintln(w, lines[m.ID]); err != nil {
			return err
		}
	}
	return nil
}

func (e *evalText) writeMetric(w io.Writer, m files.MetricReport) error {
	fmt.Fprintf(w, "%s: %s\n", m.ID, m.Metric.Meaning)
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	interval := ""
	if e.Resamples > 0 {
		interval = "95 % interval\t"
	}
	fmt.Fprintln(tw, "\tP\tR\tF1\t"+interval+"support\ttp\tpredicted\t")
	line := func(name string, c metrics.Figures) {
		between := ""
		if e.Resamples > 0 {
			between = reports.Interval(c.CI) + "\t"
		}
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%s%d\t%s\t%d\t\n", name, reports.Percent(c.Precision), reports.Percent(c.Recall), reports.Percent(c.F1),
			between, c.NGold, strconv.FormatFloat(c.TP, 'f', -1, 64), c.NPred)
	}
	if e.ByType {
		for _, typ := range m.Tally.Types() {
			line(terminal.Printable(string(typ)), m.Type(typ))
		}
	}
	line("micro", m.Total())
	if e.ByType {
		fmt.Fprintf(tw, "type_macro\t\t\t%s\t\n", reports.Percent(m.TypeMacro()))
	}
	return tw.Flush()
}

// writeBuckets prints F1 by attribute. Buckets with few gold entities are marked.
func (e *evalText) writeBuckets(w io.Writer) error {
	for _, b := range e.Buckets {
		fmt.Fprintf(w, "\n%s by %s: %s\n", b.ID, b.Attribute.Name, b.Attribute.Meaning)
		tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
		fmt.Fprintln(tw, "\tP\tR\tF1\tsupport\ttp\tpredicted\t")
		few := false
		for _, bucket := range b.Buckets {
			c := b.Figures(bucket)
			mark := ""
			if c.NGold < metrics.FewGold {
				mark, few = "*", true
			}
			fmt.Fprintf(tw, "%s\t%s\t%s\t%s%s\t%d\t%g\t%d\t\n", bucket.Name, reports.Percent(c.Precision), reports.Percent(c.Recall), reports.Percent(c.F1), mark, c.NGold, c.TP, c.NPred)
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

// writeTaxonomy prints the matches of predictions and gold by kind, and the
// SemEval-2013 schemes.
func (e *evalText) writeTaxonomy(w io.Writer) error {
	if e.Taxonomy == nil {
		return nil
	}
	t := e.Taxonomy.Total()
	fmt.Fprintln(w, "\nerrors")
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, line := range []struct {
		name, meaning string
		n             int
	}{
		{"C", "correct", t.C}, {"T", "right span, other type", t.T}, {"B", "overlap, right type", t.B}, {"BT", "overlap, other type", t.BT},
		{"MIS", fmt.Sprintf("gold without a match (%d of them overlap a prediction)", t.MISOverlapped), t.MIS},
		{"SPU", fmt.Sprintf("prediction without a match (%d of them overlap gold)", t.SPUOverlapping), t.SPU},
	} {
		fmt.Fprintf(tw, "  %s\t%d\t%s\n", line.name, line.n, line.meaning)
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(w, "\nSemEval-2013")
	tw = tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(tw, "\tP\tR\tF1\tcorrect\tincorrect\tpartial\tmissed\tspurious\t")
	for _, scheme := range metrics.SemEvalSchemes {
		s := scheme.Count(t)
		r := metrics.FromCounts(s.Score())
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%d\t%d\t%d\t%d\t%d\t\n", scheme.Name, reports.Percent(r.Precision.Pointer()), reports.Percent(r.Recall.Pointer()), reports.Percent(r.F1.Pointer()),
			s.Correct, s.Incorrect, s.Partial, s.Missed, s.Spurious)
	}
	return tw.Flush()
}

// writeConfusion prints the table of gold and predicted types. The last row and
// column are for no entity.
func (e *evalText) writeConfusion(w io.Writer) error {
	if !e.Confusion {
		return nil
	}
	seen := map[ner.EntityType]bool{}
	counts := map[[2]ner.EntityType]int{}
	for _, cell := range e.ConfusionCells() {
		seen[cell.Gold], seen[cell.Pred] = true, true
		counts[[2]ner.EntityType{cell.Gold, cell.Pred}] = cell.N
	}
	types := slices.Sorted(maps.Keys(seen))
	if len(types) > 0 && types[0] == "" {
		types = append(types[1:], "")
	}
	fmt.Fprintln(w, "\nconfusion: gold types in rows, predicted types in columns")
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, t := range types {
		fmt.Fprint(tw, "\t"+orNone(t))
	}
	fmt.Fprintln(tw, "\t")
	for _, gold := range types {
		fmt.Fprint(tw, orNone(gold))
		for _, pred := range types {
			n := strconv.Itoa(counts[[2]ner.EntityType{gold, pred}])
			if n == "0" {
				n = "·"
			}
			fmt.Fprint(tw, "\t"+n)
		}
		fmt.Fprintln(tw, "\t")
	}
	return tw.Flush()
}

func orNone(t ner.EntityType) string {
	if t == "" {
		return "none"
	}
	return terminal.Printable(string(t))
}

// DroppedLine lists the numbers of dropped items by reason; empty if there are none.
func DroppedLine(dropped map[string]int) string {
	var parts []string
	total := 0
	for _, why := range ner.DropReasons {
		if n := dropped[why]; n > 0 {
			parts = append(parts, fmt.Sprintf("%s %d", why, n))
			total += n
		}
	}
	if total == 0 {
		return ""
	}
	return fmt.Sprintf("dropped %d items: %s", total, strings.Join(parts, ", "))
}

// writeOutcomes prints the number of queries by outcome, and the share of failures.
func (e *evalText) writeOutcomes(w io.Writer) error {
	failures, queries := harness.FailureShare(e.Outcomes)
	if queries == 0 {
		return nil
	}
	_, err := fmt.Fprintf(w, "%s: %s; failed %s %%\n", ner.Count(queries, "query"), OutcomesLine(e.Outcomes), reports.Share(failures, queries))
	return err
}
