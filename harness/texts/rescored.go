package texts

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"nerbench/harness"
	"nerbench/internal/terminal"
	"nerbench/ner"
	"nerbench/reports"
)

// WriteRescored prints the scores of runs and what changed, then the averages.
func WriteRescored(w io.Writer, scored harness.Rescored) error {
	for _, r := range scored.Runs {
		fmt.Fprintf(w, "%s  %s  %s:", r.ID, terminal.Printable(r.Dataset), terminal.Printable(r.Model))
		for _, id := range slices.Sorted(maps.Keys(r.Scores)) {
			fmt.Fprintf(w, "  %s %s%s", id, reports.Percent(r.Scores[id].F1), changeMark(&r, id))
		}
		if r.Note != "" {
			fmt.Fprintf(w, "  (%s)", r.Note)
		}
		fmt.Fprintln(w)
		for _, id := range slices.Sorted(maps.Keys(r.Signatures)) {
			fmt.Fprintf(w, "  %s\n", r.Signatures[id])
		}
	}
	return writeAverages(w, scored.Averages)
}

// changeMark returns the former score of a metric if the score has changed.
func changeMark(r *harness.RescoredRun, id string) string {
	before, there := r.Before[id]
	switch {
	case !slices.Contains(r.Changed, id):
		return ""
	case !there:
		return " (new)"
	}
	return " (was " + reports.Percent(before.F1) + ")"
}

func writeAverages(w io.Writer, list []harness.SystemAverages) error {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, s := range list {
		fmt.Fprintf(tw, "\naverages of %s\n", terminal.Printable(s.System))
		for _, m := range s.Metrics {
			fmt.Fprintf(tw, "  %s\tmean_rows %s\tmean_domains %s\tpooled_micro %s\n", m.Metric, averageText(m.MeanRows), averageText(m.MeanDomains), averageText(m.PooledMicro))
		}
		for _, note := range s.Notes {
			fmt.Fprintf(tw, "  %s\n", terminal.Printable(note))
		}
		var absent []string
		for _, reason := range slices.Sorted(maps.Keys(s.NotRun)) {
			absent = append(absent, fmt.Sprintf("%s (%s)", ner.Count(len(s.NotRun[reason]), "dataset"), reason))
		}
		if len(absent) > 0 {
			fmt.Fprintf(tw, "  not run: %s\n", strings.Join(absent, ", "))
		}
	}
	return tw.Flush()
}

// averageText returns an average in percent, with the number of its datasets.
func averageText(a harness.AverageFigures) string {
	return fmt.Sprintf("%s (%d/%d)", reports.Percent(a.Value), a.Used, a.Total)
}
