package texts

import (
	"fmt"
	"io"
	"slices"
	"text/tabwriter"

	"nerbench/harness"
	"nerbench/internal/terminal"
	"nerbench/ner"
)

// WriteMerged prints what stores were merged, and the runs of the union.
func WriteMerged(w io.Writer, m *harness.Merged) error {
	verb := "merged"
	if m.Checked {
		verb = "checked, nothing was written:"
	}
	into := ""
	if m.Store != "" {
		into = " into " + terminal.Printable(m.Store)
	}
	fmt.Fprintf(w, "%s %s%s: %s, %s\n", verb, ner.Count(len(m.Sources), "store"), into, ner.Count(len(m.Runs), "run"), ner.Count(m.Answers, "answer"))
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, s := range m.Sources {
		fmt.Fprintf(tw, "  %s\t%s\t%s\n", terminal.Printable(s.Store), ner.Count(s.Runs, "run"), ner.Count(s.Answers, "answer"))
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	for _, r := range m.Runs {
		fmt.Fprintf(tw, "%s\t%s\t%s\t%d of %d passages\n", r.ID, terminal.Printable(r.Dataset), terminal.Printable(r.Model), r.Complete, r.Passages)
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(w, "prompts that the stores answer differently: %d of %d\n", m.Differing, m.Answers)
	for i := range m.Apart {
		fmt.Fprintf(w, "note: %s\n", m.Apart[i].Note())
	}
	scored := func(r harness.MergedRun) bool { return !harness.IsConstructing(r.Dataset) }
	if m.Checked || !slices.ContainsFunc(m.Runs, scored) {
		return nil
	}
	_, err := fmt.Fprintf(w, "the merged store has no scores: nerbench score --all --store %s\n", terminal.Printable(m.Store))
	return err
}
