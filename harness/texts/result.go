package texts

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"nerbench/harness"
	"nerbench/internal/terminal"
	"nerbench/metrics"
	"nerbench/ner"
	"nerbench/reports"
)

// Result returns the outcome of a run for people, with one line per metric.
func Result(r *harness.Result) string {
	var b strings.Builder
	part := ""
	if r.Complete == r.Passages && r.Note != "" { // else the line and the reason of the failure name the passages
		part = " (" + r.Note + ")"
	}
	fmt.Fprintf(&b, "%s  %s  run %s: %d of %d passages%s, %s (asked now %d, cached %d, too long %d)\n",
		terminal.Printable(r.Dataset), terminal.Printable(r.Model), r.Run, r.Complete, r.Passages, part, ner.Count(r.Queries, "query"), r.Asked, r.Cached, r.TooLong)
	writeScores(&b, r)
	return b.String()
}

// ImportedRun returns the outcome of an import for people.
func ImportedRun(r *harness.Imported) string {
	var b strings.Builder
	known := ""
	if r.Known {
		known = ", known before"
	}
	fmt.Fprintf(&b, "%s  %s  run %s%s: %d of %d passages imported, format %s, sha256 %s\n",
		terminal.Printable(r.Dataset), terminal.Printable(r.Model), r.Run, known, r.Complete, r.Passages, r.Format, r.SHA256)
	writeScores(&b, &r.Result)
	var unknown []string
	for _, t := range slices.Sorted(maps.Keys(r.UnknownTypes)) {
		unknown = append(unknown, fmt.Sprintf("%s (%d)", terminal.Printable(string(t)), r.UnknownTypes[t]))
	}
	if unknown != nil {
		fmt.Fprintf(&b, "  note: predictions whose type is not in the dataset are ignored: %s\n", strings.Join(unknown, ", "))
	}
	return b.String()
}

// writeScores writes the scores of a run and what belongs to them.
func writeScores(b *strings.Builder, r *harness.Result) {
	for _, m := range metrics.Metrics {
		for _, id := range slices.Sorted(maps.Keys(r.Scores)) {
			if harness.MetricName(id) != m.ID {
				continue
			}
			c := r.Scores[id]
			fmt.Fprintf(b, "  %-18s F1 %s  P %s  R %s  (tp %g, predicted %d, gold %d)\n",
				id, reports.Percent(c.F1), reports.Percent(c.Precision), reports.Percent(c.Recall), c.TP, c.NPred, c.NGold)
		}
	}
	if failures, queries := harness.FailureShare(r.Outcomes); queries > 0 {
		fmt.Fprintf(b, "  failed answers %d of %d queries: %s\n", failures, queries, OutcomesLine(r.Outcomes))
	}
	for _, remark := range r.Remarks {
		fmt.Fprintf(b, "  note: %s\n", remark)
	}
	if computed, sent := r.Facts["prompt_tokens_computed"], r.Facts["prompt_tokens"]; computed != "" {
		least := ""
		if n := r.Facts["prompt_tokens_distinct"]; n != "" {
			least = fmt.Sprintf("; computed once each, the different prefixes are %s", n)
		}
		fmt.Fprintf(b, "  prompt tokens computed %s of %s%s%s\n", computed, sent, ShareOf(computed, sent), least)
	}
	if r.Failure != "" {
		fmt.Fprintf(b, "  not scored: %s %s incomplete, the first because: %s\n", ner.Count(r.Missing(), "passage"), ner.Are(r.Missing()), r.Failure)
	}
	if p := r.Part; p != nil {
		fmt.Fprintf(b, "part %s %s: %d of %d; %s\n", p.Part, partState(p), p.Complete, p.Passages, partAdvice(r))
	}
}

func partState(p *harness.PartResult) string {
	if p.Complete < p.Passages {
		return "incomplete"
	}
	return "done"
}

// partAdvice tells what to do after a part of a run.
func partAdvice(r *harness.Result) string {
	switch {
	case r.Missing() > 0:
		return "run the same command again"
	case r.Complete == r.Passages:
		return "all parts are in this store"
	}
	return "merge the parts"
}
