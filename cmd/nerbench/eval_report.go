package main

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"text/tabwriter"

	"nerbench/metrics"
	"nerbench/ner"
)

// evaluation is what eval found. Its JSON form is fixed by the contract of the
// command line; its text form is the classification report of the field.
type evaluation struct {
	metrics  []evaluated
	byType   bool
	passages int
	// outcomes counts queries; nil where nothing was asked.
	outcomes map[ner.Outcome]int
	// beside are the counts that stand beside a score (METRICS.md §14.1).
	beside   []besideCount
	taxonomy *metrics.Taxonomy
	// confusion asks for the table of gold and predicted types.
	confusion bool
	// missing passages have no prediction.
	missing int
	// oneType: the input does not name types.
	oneType bool
	// duplicates are of gold and prediction, for the taxonomy.
	duplicates [2]int
	// extra are members of the JSON form that say how the input was read.
	extra map[string]any
}

// evaluated is one metric's counts under its id with options.
type evaluated struct {
	id     string
	metric metrics.Metric
	tally  metrics.Tally
}

type besideCount struct {
	name string
	n    int
}

// countsJSON is {counts} of the contract: undefined ratios are null. tp is a
// half number in metrics that give half points.
type countsJSON struct {
	TP        float64  `json:"tp"`
	NPred     int      `json:"n_pred"`
	NGold     int      `json:"n_gold"`
	Precision *float64 `json:"precision"`
	Recall    *float64 `json:"recall"`
	F1        *float64 `json:"f1"`
}

func newCountsJSON(m metrics.Metric, s ner.Score) countsJSON {
	r := m.Ratios(s)
	c := countsJSON{float64(s.TP), s.NPred, s.NGold, orNull(r.Precision), orNull(r.Recall), orNull(r.F1)}
	if m.Doubled {
		c.TP, c.NPred, c.NGold = c.TP/2, c.NPred/2, c.NGold/2
	}
	return c
}

func orNull(r metrics.Ratio) *float64 {
	if !r.Defined {
		return nil
	}
	return &r.Value
}

func (e *evaluation) json() map[string]any {
	out := map[string]any{"passages": e.passages}
	totals := map[string]countsJSON{}
	macros := map[string]*float64{}
	byType := map[ner.EntityType]map[string]countsJSON{}
	for _, m := range e.metrics {
		totals[m.id] = newCountsJSON(m.metric, m.tally.Total())
		macro, defined := m.tally.TypeMacro()
		macros[m.id] = orNull(metrics.Ratio{Value: macro, Defined: defined})
		for typ, s := range m.tally {
			if byType[typ] == nil {
				byType[typ] = map[string]countsJSON{}
			}
			byType[typ][m.id] = newCountsJSON(m.metric, s)
		}
	}
	out["metrics"] = totals
	if e.byType {
		out["by_type"], out["type_macro"] = byType, macros
	}
	if e.outcomes != nil {
		out["outcomes"] = e.outcomes
	}
	for _, b := range e.beside {
		out[b.name] = b.n
	}
	for name, v := range e.extra {
		out[name] = v
	}
	if e.taxonomy != nil {
		out["taxonomy"], out["semeval"] = e.taxonomyJSON(), semEvalJSON(e.taxonomy.Total())
	}
	if e.confusion {
		out["confusion"] = e.confusionJSON()
	}
	return out
}

func (e *evaluation) taxonomyJSON() map[string]any {
	t := e.taxonomy.Total()
	return map[string]any{
		"C": t.C, "T": t.T, "B": t.B, "BT": t.BT, "MIS": t.MIS, "SPU": t.SPU,
		"MIS_overlapped": t.MISOverlapped, "SPU_overlapping": t.SPUOverlapping,
		"duplicates": map[string]int{"gold": e.duplicates[0], "pred": e.duplicates[1]},
	}
}

// confusionCell is a cell of the confusion table. An empty type stands for none.
type confusionCell struct {
	Gold ner.EntityType `json:"gold"`
	Pred ner.EntityType `json:"pred"`
	N    int            `json:"n"`
}

// confusionJSON lists the cells that are not empty, by gold and predicted type.
func (e *evaluation) confusionJSON() []confusionCell {
	cells := []confusionCell{}
	for cell, n := range e.taxonomy.Confusion {
		cells = append(cells, confusionCell{cell.Gold, cell.Pred, n})
	}
	slices.SortFunc(cells, func(a, b confusionCell) int {
		return cmp.Or(cmp.Compare(a.Gold, b.Gold), cmp.Compare(a.Pred, b.Pred))
	})
	return cells
}

func semEvalJSON(errors metrics.Errors) map[string]any {
	out := map[string]any{}
	for _, scheme := range metrics.SemEvalSchemes {
		s := scheme.Count(errors)
		r := metrics.FromCounts(s.Score())
		out[scheme.Name] = map[string]any{
			"correct": s.Correct, "incorrect": s.Incorrect, "partial": s.Partial, "missed": s.Missed, "spurious": s.Spurious,
			"possible": s.Possible(), "actual": s.Actual(),
			"precision": orNull(r.Precision), "recall": orNull(r.Recall), "f1": orNull(r.F1),
		}
	}
	return out
}

// writeText prints the report for people.
func (e *evaluation) writeText(w io.Writer) error {
	for i, m := range e.metrics {
		if i > 0 {
			fmt.Fprintln(w)
		}
		if err := e.writeMetric(w, m); err != nil {
			return err
		}
	}
	fmt.Fprintf(w, "\n%d passages\n", e.passages)
	for _, b := range e.beside {
		if b.n > 0 {
			fmt.Fprintf(w, "%s %d\n", b.name, b.n)
		}
	}
	if e.taxonomy != nil {
		t := e.taxonomy.Total()
		fmt.Fprintf(w, "errors: C %d, T %d, B %d, BT %d, MIS %d (overlapped %d), SPU %d (overlapping %d)\n",
			t.C, t.T, t.B, t.BT, t.MIS, t.MISOverlapped, t.SPU, t.SPUOverlapping)
	}
	if e.confusion {
		for _, cell := range e.confusionJSON() {
			fmt.Fprintf(w, "confusion: gold %s, predicted %s: %d\n", orNone(cell.Gold), orNone(cell.Pred), cell.N)
		}
	}
	return e.writeOutcomes(w)
}

func orNone(t ner.EntityType) string {
	if t == "" {
		return "–"
	}
	return printable(string(t))
}

func (e *evaluation) writeMetric(w io.Writer, m evaluated) error {
	fmt.Fprintf(w, "%s: %s\n", m.id, m.metric.Meaning)
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(tw, "\tP\tR\tF1\tsupport\ttp\tpredicted\t")
	line := func(name string, s ner.Score) {
		r, c := m.metric.Ratios(s), newCountsJSON(m.metric, s)
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%d\t%s\t%d\t\n", name, percent(r.Precision), percent(r.Recall), percent(r.F1),
			c.NGold, strconv.FormatFloat(c.TP, 'f', -1, 64), c.NPred)
	}
	if e.byType {
		for _, typ := range m.tally.Types() {
			line(printable(string(typ)), m.tally[typ])
		}
	}
	line("micro", m.tally.Total())
	if e.byType {
		macro, defined := m.tally.TypeMacro()
		fmt.Fprintf(tw, "type_macro\t\t\t%s\t\n", percent(metrics.Ratio{Value: macro, Defined: defined}))
	}
	return tw.Flush()
}

// printable is a name as it is, or quoted where it could disturb a terminal.
func printable(name string) string {
	quoted := strconv.QuoteToGraphic(name)
	if name != "" && quoted == `"`+name+`"` {
		return name
	}
	return quoted
}

// writeOutcomes prints how the queries ended, failures last, and their share.
func (e *evaluation) writeOutcomes(w io.Writer) error {
	if len(e.outcomes) == 0 {
		return nil
	}
	queries, failures := 0, 0
	var names []ner.Outcome
	for outcome, n := range e.outcomes {
		if n == 0 {
			continue
		}
		names = append(names, outcome)
		queries += n
		if outcome.Failure() {
			failures += n
		}
	}
	slices.SortFunc(names, func(a, b ner.Outcome) int {
		return cmp.Compare(slices.Index(ner.Outcomes, a), slices.Index(ner.Outcomes, b))
	})
	fmt.Fprintf(w, "%d queries", queries)
	for i, name := range names {
		fmt.Fprintf(w, "%s %s %d", []string{":", ","}[min(i, 1)], name, e.outcomes[name])
	}
	_, err := fmt.Fprintf(w, "; failed %s %%\n", percent(metrics.Ratio{Value: float64(failures) / float64(max(queries, 1)), Defined: queries > 0}))
	return err
}

// percent rounds once, half away from zero, to one decimal (METRICS.md §1.1);
// an undefined ratio is a dash (§1.2).
func percent(r metrics.Ratio) string {
	if !r.Defined {
		return "–"
	}
	return strconv.FormatFloat(math.Round(r.Value*1000)/10, 'f', 1, 64)
}
