package harness

import (
	"os"
	"slices"
	"testing"

	"nerbench/answers"
	"nerbench/datasets"
	"nerbench/harness/loop"
	"nerbench/internal/reference"
	"nerbench/loaders"
	"nerbench/metrics"
	"nerbench/ner"
)

// TestPresetsOnRows holds the presets to properties 1, 4 and 7 of docs/spec/metrics.md §13
// on the test split of every dataset that is present: gold as prediction is perfect,
// no prediction is nothing right. There are two exceptions, by their definitions:
// gollie_f1 drops a mention that gold has more often, under several types, than
// the text has it (§9.3), which is counted here by itself and must explain all
// that is missing; instructuie_original_f1 is right where there is nothing (§9.2).
func TestPresetsOnDatasets(t *testing.T) {
	data := os.DirFS(reference.Path(t, "data"))
	ds, err := datasets.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	for _, dataset := range ds {
		documents, _, err := loaders.Documents(t.Context(), data, dataset, loaders.Options{Split: ner.Test})
		if err != nil {
			continue // not present
		}
		t.Run(dataset.ID, func(t *testing.T) {
			perfect, nothing, dropped := map[string]ner.Score{}, map[string]ner.Score{}, 0
			for d, err := range documents {
				if err != nil {
					t.Fatal(err)
				}
				gold := goldPrediction(d)
				var mentions []ner.Mention
				for _, m := range gold.Mentions {
					mentions = append(mentions, m.Mention)
				}
				dropped += len(mentions) - len(answers.GoLLIEFilter(d.Text, mentions))
				add(t, perfect, d, gold)
				add(t, nothing, d, ner.Prediction{Mentions: []ner.FlaggedMention{}})
			}
			for _, m := range presetMetrics() {
				p, n := perfect[m.ID], nothing[m.ID]
				if p.NGold == 0 {
					continue
				}
				if p.NGold != n.NGold || n.TP != 0 && m.ID != "instructuie_original_f1" {
					t.Errorf("%s: without predictions %+v, with gold %+v", m.ID, n, p)
				}
				missing := 0
				if m.ID == "gollie_f1" {
					missing = dropped
				}
				if p.TP != p.NGold-missing || p.TP != p.NPred {
					t.Errorf("%s: gold as prediction counts %+v", m.ID, p)
				}
			}
		})
	}
}

func presetMetrics() []metrics.Metric {
	return slices.DeleteFunc(slices.Clone(metrics.Metrics), func(m metrics.Metric) bool { return m.Protocol == "" })
}

// goldPrediction is the gold of a document as mentions.
func goldPrediction(d *ner.Document) ner.Prediction {
	p := ner.Prediction{Mentions: []ner.FlaggedMention{}}
	for _, s := range d.Spans {
		p.Mentions = append(p.Mentions, ner.FlaggedMention{Mention: ner.Mention{Text: d.Surface(s), Type: s.Type}})
	}
	return p
}

func add(t *testing.T, scores map[string]ner.Score, d *ner.Document, p ner.Prediction) {
	t.Helper()
	var protocols []metrics.Protocol
	for _, m := range presetMetrics() {
		protocols = append(protocols, m.Protocol)
	}
	u, err := loop.Imported(d, p, loop.ParseOptions{}, protocols...)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range presetMetrics() {
		scores[m.ID] = scores[m.ID].Add(m.Count(&u.Passage).ByType.Total())
	}
}
