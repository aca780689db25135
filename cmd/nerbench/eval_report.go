package main

import (
	"cmp"
	"math"
	"slices"

	"nerbench/metrics"
	"nerbench/metrics/stats"
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
	// beside are the counts that stand beside a score (docs/spec/metrics.md §14.1).
	beside   []besideCount
	taxonomy *metrics.Taxonomy
	// confusion asks for the table of gold and predicted types.
	confusion bool
	buckets   []bucketed
	// missing passages have no prediction.
	missing int
	// duplicates are of gold and prediction, for the taxonomy.
	duplicates [2]int
	// resamples of the intervals; 0: there are none.
	resamples int
	// extra are members of the JSON form that say how the input was read.
	extra map[string]any
	// family of the prompts that were answered; empty where nothing was.
	family string
	// origin are fields of signatures: what was read, and how.
	origin []string
}

// evaluated is one metric's counts under its id with options.
type evaluated struct {
	id     string
	metric metrics.Metric
	tally  metrics.Tally
	ci     *stats.Interval
	typeCI map[ner.EntityType]stats.Interval
}

// bucketed are the counts of a metric by an attribute.
type bucketed struct {
	attribute metrics.Attribute
	id        string
	buckets   []metrics.Bucket
}

type besideCount struct {
	name string
	n    int
}

// countsJSON is {counts} of the contract: undefined ratios are null. tp is a
// half number in metrics that give half points.
type countsJSON struct {
	TP        float64     `json:"tp"`
	NPred     int         `json:"n_pred"`
	NGold     int         `json:"n_gold"`
	Precision *float64    `json:"precision"`
	Recall    *float64    `json:"recall"`
	F1        *float64    `json:"f1"`
	CI        *[2]float64 `json:"ci,omitempty"`
}

func newCountsJSON(m metrics.Metric, s ner.Score) countsJSON {
	r := m.Ratios(s)
	c := countsJSON{TP: float64(s.TP), NPred: s.NPred, NGold: s.NGold, Precision: orNull(r.Precision), Recall: orNull(r.Recall), F1: orNull(r.F1)}
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
		totals[m.id] = m.total()
		macro, defined := m.tally.TypeMacro()
		macros[m.id] = orNull(metrics.Ratio{Value: macro, Defined: defined})
		for typ := range m.tally {
			if byType[typ] == nil {
				byType[typ] = map[string]countsJSON{}
			}
			byType[typ][m.id] = m.countsOf(typ)
		}
	}
	out["metrics"], out["signatures"] = totals, evalSignatures(e)
	if e.byType {
		out["by_type"], out["type_macro"] = byType, macros
	}
	if e.outcomes != nil {
		out["outcomes"] = e.outcomes
	}
	if e.resamples > 0 {
		out["resamples"] = e.resamples
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
		out["confusion"] = e.confusionCells()
	}
	if e.buckets != nil {
		out["by_bucket"] = e.bucketsJSON()
	}
	return out
}

// total is the whole of a metric, with its interval.
func (m evaluated) total() countsJSON {
	c := newCountsJSON(m.metric, m.tally.Total())
	if m.ci != nil {
		c.CI = &[2]float64{m.ci.Low, m.ci.High}
	}
	return c
}

// countsOf are those of one type, with their interval.
func (m evaluated) countsOf(t ner.EntityType) countsJSON {
	c := newCountsJSON(m.metric, m.tally[t])
	if ci, there := m.typeCI[t]; there {
		c.CI = &[2]float64{ci.Low, ci.High}
	}
	return c
}

// bucketsJSON lists the buckets of each attribute; each has its name, its edges,
// and the counts of the metrics by id. An open edge is null.
func (e *evaluation) bucketsJSON() map[string][]map[string]any {
	span, _ := metrics.Find("span_f1") // buckets are of it alone
	out := map[string][]map[string]any{}
	for _, b := range e.buckets {
		list, seen := out[b.attribute.Name]
		if !seen {
			list = []map[string]any{}
			for _, bucket := range b.buckets {
				list = append(list, map[string]any{"name": bucket.Name, "low": finite(bucket.Low), "high": finite(bucket.High)})
			}
		}
		for i, bucket := range b.buckets {
			list[i][b.id] = newCountsJSON(span, bucket.Counts)
			list[i]["few"] = bucket.Counts.NGold < metrics.FewGold
		}
		out[b.attribute.Name] = list
	}
	return out
}

func finite(v float64) *float64 {
	if math.IsInf(v, 0) {
		return nil
	}
	return &v
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

// confusionCells lists the cells that are not empty, by gold and predicted type.
func (e *evaluation) confusionCells() []confusionCell {
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
