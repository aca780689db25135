package verify

import (
	"fmt"
	"slices"

	"nerbench/answers"
	"nerbench/datasets"
	"nerbench/metrics"
	"nerbench/ner"
)

// goldProperties checks the properties of docs/spec/metrics.md §13 that need only
// gold and hold for all documents of a split together: gold as prediction scores 1,
// as spans and as strings (1, 9), and has no errors (12). The loaders check offsets
// (8), and the recorded checksums cover counts and ceilings (10, 14).
type goldProperties struct {
	types   []ner.EntityType
	spans   ner.Score
	strings ner.Score
	errors  metrics.Errors
}

func newGoldProperties(dataset *datasets.Dataset) *goldProperties {
	types := dataset.Types()
	for _, set := range dataset.Sets {
		for _, l := range set.Labels {
			if !l.Drop && !slices.Contains(types, l.Type) {
				types = append(types, l.Type)
			}
		}
	}
	return &goldProperties{types: types}
}

func (g *goldProperties) add(d *ner.Document) {
	if len(d.Spans) == 0 {
		return
	}
	p := metrics.Passage{Text: d.Text, Gold: d.Spans, Pred: d.Spans}
	g.spans = g.spans.Add(metrics.Count(metrics.SpanF1, &p).ByType.Total())
	g.errors = g.errors.Add(metrics.Classify(&p).Total())
	surfaces := map[ner.EntityType][]string{}
	for _, s := range d.Spans {
		surfaces[s.Type] = append(surfaces[s.Type], d.Surface(s))
	}
	for _, t := range g.types {
		if len(surfaces[t]) == 0 {
			continue // empty lists count nothing
		}
		items, void := answers.Published(answers.AnswerString(surfaces[t]))
		p.Published = append(p.Published, metrics.Strings{Type: t, Pred: items, Gold: items, Void: void, GoldVoid: void})
	}
	g.strings = g.strings.Add(metrics.Count(metrics.UniNERF1, &p).ByType.Total())
}

// faults lists the properties that do not hold for a split with that many spans.
func (g *goldProperties) faults(spans int) []string {
	var faults []string
	if s := g.spans; s.TP != spans || s.NPred != spans || s.NGold != spans {
		faults = append(faults, fmt.Sprintf("gold as prediction: %d of %d spans are correct", s.TP, spans))
	}
	if s := g.strings; s.TP != s.NPred || s.TP != s.NGold {
		faults = append(faults, fmt.Sprintf("gold as strings: %d of %d are correct", s.TP, s.NGold))
	}
	if e := g.errors; e.C != spans {
		faults = append(faults, fmt.Sprintf("gold in the error taxonomy: %d of %d spans are correct", e.C, spans))
	}
	return faults
}
