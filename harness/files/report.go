package files

import (
	"maps"

	"nerbench/answers"
	"nerbench/internal/signature"
	"nerbench/metrics"
	"nerbench/metrics/stats"
	"nerbench/ner"
)

// Report is the outcome of an evaluation.
type Report struct {
	Metrics []MetricReport
	ByType  bool // the report has counts by type
	// Passages is the number of scored passages, Missing that of documents without a
	// prediction.
	Passages, Missing int
	// Outcomes counts queries by outcome; nil without answers.
	Outcomes map[ner.Outcome]int
	// Dropped counts the items that are in the answers and not used, by reason.
	Dropped map[string]int
	// Beside are the counts below a score (docs/spec/metrics.md §14.1).
	Beside []Beside
	// Taxonomy is the taxonomy of errors; may be nil.
	Taxonomy *metrics.Taxonomy
	// Confusion is set if the report has the table of gold and predicted types.
	Confusion bool
	Buckets   []BucketReport
	Resamples int // of the intervals; 0: no intervals

	// duplicates counts duplicate spans in gold and in predictions, for the taxonomy.
	duplicates [2]int
	// extra has members of the JSON form for this kind of input.
	extra map[string]any
	// family is that of the prompts; empty without answers.
	family string
	// origin has the fields of signatures for the kind of input and the options.
	origin []signature.Field
}

// MetricReport has the counts of one metric.
type MetricReport struct {
	ID     string // with its options
	Metric metrics.Metric
	Tally  metrics.Tally

	interval      *stats.Interval
	typeIntervals map[ner.EntityType]stats.Interval
}

// BucketReport has the counts of one metric by an attribute.
type BucketReport struct {
	Attribute metrics.Attribute
	ID        string // of the metric
	Buckets   []metrics.Bucket
}

// Beside is a count below a score, such as unaligned mentions.
type Beside struct {
	Name string
	N    int
}

// Total returns the figures of all types, with the interval.
func (m MetricReport) Total() metrics.Figures {
	f := metrics.NewFigures(m.Metric, m.Tally.Total())
	if m.interval != nil {
		f.CI = &[2]float64{m.interval.Low, m.interval.High}
	}
	return f
}

// Type returns the figures of one type, with the interval.
func (m MetricReport) Type(t ner.EntityType) metrics.Figures {
	f := metrics.NewFigures(m.Metric, m.Tally[t])
	if ci, there := m.typeIntervals[t]; there {
		f.CI = &[2]float64{ci.Low, ci.High}
	}
	return f
}

// TypeMacro returns the mean of F1 over types, or nil if it is not defined.
func (m MetricReport) TypeMacro() *float64 {
	macro, defined := m.Tally.TypeMacro()
	return metrics.Ratio{Value: macro, Defined: defined}.Pointer()
}

// Figures returns the figures of one bucket.
func (b BucketReport) Figures(bucket metrics.Bucket) metrics.Figures {
	span, _ := metrics.Find("span_f1") // only span_f1 has buckets
	return metrics.NewFigures(span, bucket.Counts)
}

// NoCommonType reports whether gold and predictions have types, but none in common. One
// of them is then probably something else.
func (r *Report) NoCommonType() bool {
	gold, pred := false, false
	for _, s := range r.Metrics[0].Tally {
		if s.NGold > 0 && s.NPred > 0 {
			return false
		}
		gold, pred = gold || s.NGold > 0, pred || s.NPred > 0
	}
	return gold && pred
}

// Signatures returns the signature of each metric by its id. In place of the keys of
// a run, it has the kind of input and the options.
func (r *Report) Signatures() map[string]string {
	out := map[string]string{}
	for _, m := range r.Metrics {
		out[m.ID] = signature.Line(signature.Head{
			Metric: m.ID, Counts: m.Tally.Total(), Complete: r.Passages, Passages: r.Passages + r.Missing, Parsers: answers.Version, Metrics: metrics.Version,
		}, r.origin...)
	}
	return out
}

// JSON returns the JSON form of the report.
func (r *Report) JSON() map[string]any {
	out := map[string]any{"passages": r.Passages, "signatures": r.Signatures()}
	totals := map[string]metrics.Figures{}
	macros := map[string]*float64{}
	byType := map[ner.EntityType]map[string]metrics.Figures{}
	for _, m := range r.Metrics {
		totals[m.ID], macros[m.ID] = m.Total(), m.TypeMacro()
		for typ := range m.Tally {
			if byType[typ] == nil {
				byType[typ] = map[string]metrics.Figures{}
			}
			byType[typ][m.ID] = m.Type(typ)
		}
	}
	out["metrics"] = totals
	if r.ByType {
		out["by_type"], out["type_macro"] = byType, macros
	}
	if r.Outcomes != nil {
		out["outcomes"] = r.Outcomes
	}
	if r.Dropped != nil {
		out["dropped"] = r.Dropped
	}
	if r.Resamples > 0 {
		out["resamples"] = r.Resamples
	}
	for _, b := range r.Beside {
		out[b.Name] = b.N
	}
	maps.Copy(out, r.extra)
	if r.Taxonomy != nil {
		out["taxonomy"], out["semeval"] = r.taxonomyJSON(), semEvalJSON(r.Taxonomy.Total())
	}
	if r.Confusion {
		out["confusion"] = r.ConfusionCells()
	}
	if r.Buckets != nil {
		out["by_bucket"] = r.bucketsJSON()
	}
	return out
}

// bucketsJSON lists the buckets of each attribute with their names, edges, and figures
// by metric id. An open edge is null.
func (r *Report) bucketsJSON() map[string][]map[string]any {
	out := map[string][]map[string]any{}
	for _, b := range r.Buckets {
		list, seen := out[b.Attribute.Name]
		if !seen {
			list = []map[string]any{}
			for _, bucket := range b.Buckets {
				list = append(list, map[string]any{"name": bucket.Name, "low": metrics.Finite(bucket.Low), "high": metrics.Finite(bucket.High)})
			}
		}
		for i, bucket := range b.Buckets {
			list[i][b.ID] = b.Figures(bucket)
			list[i]["few"] = bucket.Counts.NGold < metrics.FewGold
		}
		out[b.Attribute.Name] = list
	}
	return out
}

func (r *Report) taxonomyJSON() map[string]any {
	out := map[string]any{"duplicates": map[string]int{"gold": r.duplicates[0], "pred": r.duplicates[1]}}
	for class, n := range r.Taxonomy.Total().ByName() {
		out[class] = n
	}
	return out
}

// ConfusionCells lists the cells that are not empty, by gold and predicted type.
func (r *Report) ConfusionCells() []ner.ConfusionCell { return r.Taxonomy.Cells() }

func semEvalJSON(errors metrics.Errors) map[string]any {
	out := map[string]any{}
	for _, scheme := range metrics.SemEvalSchemes {
		s := scheme.Count(errors)
		r := metrics.FromCounts(s.Score())
		out[scheme.Name] = map[string]any{
			"correct": s.Correct, "incorrect": s.Incorrect, "partial": s.Partial, "missed": s.Missed, "spurious": s.Spurious,
			"possible": s.Possible(), "actual": s.Actual(),
			"precision": r.Precision.Pointer(), "recall": r.Recall.Pointer(), "f1": r.F1.Pointer(),
		}
	}
	return out
}
