package texts

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"text/tabwriter"
	"time"

	"nerbench/harness"
	"nerbench/harness/loop"
	"nerbench/internal/terminal"
	"nerbench/metrics"
	"nerbench/ner"
	"nerbench/reports"
	"nerbench/results"
)

// WriteRuns prints a line for each run.
func WriteRuns(w io.Writer, paint Paint, runs []harness.RunJSON) error {
	if len(runs) == 0 {
		_, err := fmt.Fprintln(w, "no runs")
		return err
	}
	var marks reports.Marks
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(tw, "run\tdataset\tmodel\tfamily\t%s\tpassages\tqueries\tspan_f1\tuniner_f1\n", paint(Usual, "state"))
	for _, r := range runs {
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%s\t%d of %d\t%d\t%s\t%s\n", r.ID,
			terminal.Printable(r.Keys["dataset"]), terminal.Printable(r.Keys["model"]), terminal.Printable(cmp.Or(r.Keys["family"], "–")), paint(stateColour(r.State), string(r.State)),
			r.Complete, r.Passages, r.Queries, headlineOf(r, "span_f1", &marks), headlineOf(r, "uniner_f1", &marks))
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	for i, note := range marks.Notes() {
		if i == 0 {
			fmt.Fprintln(w)
		}
		fmt.Fprintln(w, note)
	}
	return nil
}

// headlineOf returns the F1 of a run in percent, with the mark of the note on its
// passages and on what its model has seen.
func headlineOf(r harness.RunJSON, id string, marks *reports.Marks) string {
	if q := r.Keys["queries"]; q != "" && q != "all" {
		id += "[queries=" + q + "]" // docs/spec/metrics.md §1.4
	}
	s, ok := r.Scores[id]
	if !ok && r.Complete > 0 {
		return "not scored"
	}
	return r.Coverage.Print(s.F1, r.Seen, marks)
}

// WriteRun prints all about a run.
func WriteRun(w io.Writer, paint Paint, r *harness.ShownRun) error {
	part := ""
	if r.Coverage.Whole() && r.Note != "" {
		part = " (" + r.Note + ")"
	}
	fmt.Fprintf(w, "run %s: %s, %d of %d passages%s, %s\n", r.ID, paint(stateColour(r.State), string(r.State)), r.Complete, r.Passages, part, ner.Count(r.Queries, "query"))
	if a := r.Asker; a != nil {
		fmt.Fprintf(w, "asked by process %d on %s since %s\n", a.Process, terminal.Printable(a.Host), a.Since.Format(time.RFC3339))
	}
	fmt.Fprintf(w, "begun %s, last answers %s\n\n", r.Created.Format(time.RFC3339), r.Updated.Format(time.RFC3339))
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, k := range ner.Keys {
		if v, ok := r.Keys[k.Name]; ok {
			fmt.Fprintf(tw, "%s\t%s\t%s\n", k.Name, terminal.Printable(v), k.Meaning)
		}
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(w)
	if err := writeFacts(w, r.Facts); err != nil {
		return err
	}
	fmt.Fprintf(w, "tokens of prompts %s, of answers %s\n\n", tokensText(r.Cost.PromptTokens), tokensText(r.Cost.AnswerTokens))
	if harness.IsConstructing(r.Keys["dataset"]) {
		_, err := io.WriteString(w, "no scores: the answers are those of a teacher (distill construct), which have no gold\n")
		return err
	}
	if len(r.Scores) == 0 {
		_, err := fmt.Fprintf(w, "not scored: nerbench score %s\n", r.ID)
		return err
	}
	if r.Scored < r.Complete {
		fmt.Fprintf(w, "only %s %s scored: nerbench score %s\n", ner.Count(r.Scored, "passage"), ner.Are(r.Scored), r.ID)
	}
	for _, id := range slices.Sorted(maps.Keys(r.Scores)) {
		if err := writeRunMetric(w, r, id); err != nil {
			return err
		}
	}
	if failures, queries := harness.FailureShare(r.Outcomes); queries > 0 {
		fmt.Fprintf(w, "failed answers %d of %d queries: %s\n", failures, queries, OutcomesLine(r.Outcomes))
	}
	if line := DroppedLine(r.Dropped); line != "" {
		fmt.Fprintln(w, line)
	}
	for _, remark := range r.Remarks {
		fmt.Fprintf(w, "note: %s\n", remark)
	}
	for _, name := range slices.Sorted(maps.Keys(r.Counters)) {
		if name == "dropped" || r.Dropped[name] > 0 && name != ner.LostWord {
			continue // in the line above
		}
		share := ""
		if slices.Contains(loop.Marks, name) {
			share = " queries" + ShareOf(strconv.Itoa(r.Counters[name]), strconv.Itoa(r.Queries))
		}
		fmt.Fprintf(w, "%s %d%s\n", name, r.Counters[name], share)
	}
	return nil
}

// writeRunMetric prints the counts of one metric by type and in total.
func writeRunMetric(w io.Writer, r *harness.ShownRun, id string) error {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(tw, "%s\tP\tR\tF1\ttp\tpredicted\tgold\t\n", id)
	line := func(name string, c metrics.Figures) {
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%g\t%d\t%d\t\n", name, reports.Percent(c.Precision), reports.Percent(c.Recall), reports.Percent(c.F1), c.TP, c.NPred, c.NGold)
	}
	for _, t := range slices.Sorted(maps.Keys(r.ByType)) {
		if c, ok := r.ByType[t][id]; ok {
			line(terminal.Printable(string(t)), c)
		}
	}
	line("all types", r.Scores[id])
	if err := tw.Flush(); err != nil {
		return err
	}
	if r.Note != "" {
		fmt.Fprintln(w, r.Note)
	}
	_, err := fmt.Fprintf(w, "%s\n\n", r.Signatures[id])
	return err
}

// stateColour is the colour of the state of a run.
func stateColour(state results.State) Colour {
	if state == results.Complete {
		return Green
	}
	return Yellow
}

// tokensText is a number of tokens; "unknown" if the server does not tell it.
func tokensText(n *int) string {
	if n == nil {
		return "unknown"
	}
	return strconv.Itoa(*n)
}
