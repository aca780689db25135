package sweeps

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"nerbench/harness"
	"nerbench/harness/loop"
	"nerbench/ner"
	"nerbench/reports"
)

// Paraphrase is the result for one name of a type (docs/spec/prompts.md §5.3).
type Paraphrase struct {
	Dataset string         `json:"dataset"`
	Type    ner.EntityType `json:"type"`
	// Keys are the other keys that vary.
	Keys map[string]string `json:"keys,omitempty"`
	Name string            `json:"name"` // in the prompt
	Base bool              `json:"base"` // Name is the type's own name
	F1   *float64          `json:"f1"`   // of the type
	// Spread is the highest F1 of all names minus the lowest. Only Base has it.
	Spread *float64 `json:"spread,omitempty"`
	// Agreement is the mean Jaccard index of the span sets of a passage under this
	// name and under the type's own name. Passages without spans are omitted.
	Agreement *float64 `json:"agreement,omitempty"`
}

// paraphrases computes the results of a sweep over paraphrases. Each run counts for
// the one type that has another name in it.
func (c *counter) paraphrases(ctx context.Context, p *Prepared) ([]Paraphrase, error) {
	var out []Paraphrase
	for _, dataset := range p.datasets {
		for i := range p.points {
			base := &p.points[i]
			if base.Keys["paraphrase"] != "" || len(base.runs[dataset.ID]) == 0 || base.runs[dataset.ID][0].id == "" {
				continue
			}
			lines, err := c.paraphrasesOf(ctx, p, base, base.runs[dataset.ID][0])
			if err != nil {
				return nil, err
			}
			out = append(out, lines...)
		}
	}
	return out, nil
}

// paraphrasesOf computes the results of one base point on one dataset.
func (c *counter) paraphrasesOf(ctx context.Context, p *Prepared, base *preparedPoint, of *run) ([]Paraphrase, error) {
	own, err := c.predictedSpans(ctx, of)
	if err != nil {
		return nil, err
	}
	others := map[string]string{}
	for _, k := range p.varied {
		if k != "paraphrase" {
			others[k] = base.Keys[k]
		}
	}
	var out []Paraphrase
	for _, t := range of.Dataset.Types() {
		at := len(out)
		f1, err := c.typeF1(ctx, of, base.metrics[0], t)
		if err != nil {
			return nil, err
		}
		out = append(out, Paraphrase{Dataset: of.Dataset.ID, Type: t, Keys: others, Name: string(t), Base: true, F1: f1})
		for i := range p.points {
			point := &p.points[i]
			name, is := strings.CutPrefix(point.Keys["paraphrase"], string(t)+"=")
			if !is || len(point.runs[of.Dataset.ID]) == 0 || point.runs[of.Dataset.ID][0].id == "" || !sameKeys(point.Keys, others) {
				continue
			}
			r := point.runs[of.Dataset.ID][0]
			line := Paraphrase{Dataset: of.Dataset.ID, Type: t, Keys: others, Name: name}
			if line.F1, err = c.typeF1(ctx, r, point.metrics[0], t); err != nil {
				return nil, err
			}
			spans, err := c.predictedSpans(ctx, r)
			if err != nil {
				return nil, err
			}
			line.Agreement = agreement(own, spans, t)
			out = append(out, line)
		}
		out[at].Spread = spreadOf(out[at:])
		if len(out) == at+1 { // no run with another name
			out = out[:at]
		}
	}
	return out, nil
}

func sameKeys(keys, want map[string]string) bool {
	for k, v := range want {
		if keys[k] != v {
			return false
		}
	}
	return true
}

// typeF1 returns the F1 of one type of a run; nil if it is not defined.
func (c *counter) typeF1(ctx context.Context, r *run, metric string, t ner.EntityType) (*float64, error) {
	list, err := c.ofRun(ctx, r, metric)
	if err != nil || list == nil {
		return nil, err
	}
	info, err := c.store.Find(ctx, r.id)
	if err != nil {
		return nil, err
	}
	ids, err := harness.MetricIDs([]string{metric}, info.Keys)
	if err != nil {
		return nil, err
	}
	_, _, f1 := harness.Ratios(ids[0], info.Scores.Metrics[ids[0]].ByType[t])
	return f1, nil
}

// predictedSpans parses the answers of a run again, and returns the spans by passage.
func (c *counter) predictedSpans(ctx context.Context, r *run) (map[int][]ner.Span, error) {
	plan, err := c.bench.ScorePlan(ctx, c.store, r.id)
	if err != nil {
		return nil, err
	}
	out := map[int][]ner.Span{}
	plan.Observe = func(p ner.Passage, _ *ner.Document, u loop.ParsedPassage) {
		out[p.Index] = slices.Clone(u.Passage.Pred)
	}
	_, err = loop.Score(ctx, plan)
	return out, err
}

// agreement returns the mean Jaccard index of the spans of one type.
func agreement(a, b map[int][]ner.Span, t ner.EntityType) *float64 {
	total, n := 0.0, 0
	for i := range a {
		one, other := map[ner.Span]bool{}, map[ner.Span]bool{}
		for _, s := range a[i] {
			if s.Type == t {
				one[s] = true
			}
		}
		both := 0
		for _, s := range b[i] {
			if s.Type == t && !other[s] {
				other[s] = true
				if one[s] {
					both++
				}
			}
		}
		if union := len(one) + len(other) - both; union > 0 {
			total += float64(both) / float64(union)
			n++
		}
	}
	if n == 0 {
		return nil
	}
	total /= float64(n)
	return &total
}

// spreadOf returns the highest F1 minus the lowest.
func spreadOf(lines []Paraphrase) *float64 {
	var low, high *float64
	for _, l := range lines {
		if l.F1 == nil {
			continue
		}
		if low == nil || *l.F1 < *low {
			low = l.F1
		}
		if high == nil || *l.F1 > *high {
			high = l.F1
		}
	}
	if low == nil {
		return nil
	}
	d := *high - *low
	return &d
}

// paraphraseGrid returns the table of paraphrases.
func paraphraseGrid(title string, lines []Paraphrase) reports.Grid {
	g := reports.Grid{Title: title + ": types under other names", Labels: 3}
	g.Header = []string{"dataset", "type", "name in the prompt"}
	var others []string
	if len(lines) > 0 {
		others = slices.Sorted(maps.Keys(lines[0].Keys))
	}
	g.Header = append(g.Header, others...)
	g.Labels += len(others)
	g.Header = append(g.Header, "F1 of the type", "spread", "agreement")
	for _, l := range lines {
		dataset, typ := l.Dataset, string(l.Type)
		if !l.Base {
			dataset, typ = "", ""
		}
		cells := []string{dataset, typ, l.Name}
		for _, k := range others {
			cells = append(cells, l.Keys[k])
		}
		agreed := "–"
		if l.Agreement != nil {
			agreed = fmt.Sprintf("%.2f", *l.Agreement)
		}
		spread := ""
		if l.Base {
			spread, agreed = reports.Percent(l.Spread), ""
		}
		g.Body = append(g.Body, append(cells, reports.Percent(l.F1), spread, agreed))
	}
	g.Records = paraphraseRecords(lines, others)
	g.Notes = []string{"spread: the highest F1 of all names minus the lowest; agreement: mean Jaccard index with the spans under the type's own name, without passages that have no spans (docs/spec/prompts.md §5.3)"}
	return g
}
