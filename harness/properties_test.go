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

// TestPresetsOnDatasets checks properties 1, 4 and 7 of docs/spec/metrics.md §13 for the
// presets, on the test split of every dataset that is present: gold as prediction is
// perfect, and no prediction has no true positives. There are two exceptions by
// definition. gollie_f1 drops a mention that occurs more often in gold, under several
// types, than in the text (§9.3); the test counts these. instructuie_original_f1 counts
// an empty prediction for empty gold as right (§9.2).
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

// goldPrediction returns the gold of a document as mentions.
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
