package loop

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"nerbench/metrics"
	"nerbench/ner"
)

// presets are the metrics of docs/spec/metrics.md §9.
func presets() []metrics.Metric {
	return slices.DeleteFunc(slices.Clone(metrics.Metrics), func(m metrics.Metric) bool { return m.Protocol == "" })
}

// randomDocument makes a document of nasty words, with spans of its tokens.
func randomDocument(rng *rand.Rand) *ner.Document {
	words := []string{"Port", "the", "C++", "ΣΑΣ", "İzmir", "benzo[a]pyrene", "a", "é", "e\u0301", "–", "ﬁn", "x;y", "p:q", "O'Neil", "\u00a0", "港"}
	d := &ner.Document{}
	for range 1 + rng.IntN(12) {
		if d.Text != "" {
			d.Text += " "
		}
		w := words[rng.IntN(len(words))]
		d.Tokens = append(d.Tokens, ner.Range{Start: len(d.Text), End: len(d.Text) + len(w)})
		d.Text += w
	}
	types := []ner.EntityType{"place", "Person name", "law"}
	for range rng.IntN(5) {
		first := rng.IntN(len(d.Tokens))
		last := min(first+rng.IntN(3), len(d.Tokens)-1)
		s := ner.Span{Start: d.Tokens[first].Start, End: d.Tokens[last].End, Type: types[rng.IntN(len(types))]}
		if !slices.Contains(d.Spans, s) {
			d.Spans = append(d.Spans, s)
		}
	}
	return d
}

func counted(t *testing.T, m metrics.Metric, d *ner.Document, mentions []ner.Mention) ner.Score {
	t.Helper()
	p := ner.Prediction{Mentions: []ner.FlaggedMention{}}
	for _, x := range mentions {
		p.Mentions = append(p.Mentions, ner.FlaggedMention{Mention: x})
	}
	u, err := Imported(d, p, ParseOptions{}, m.Protocol)
	if err != nil {
		t.Fatal(err)
	}
	return m.Count(&u.Passage).ByType.Total()
}

// TestPresetProperties: gold as prediction is perfect, nothing predicted is
// nothing right, order changes nothing, and repeats change no set (docs/spec/metrics.md
// §13, properties 1 to 4), under every preset.
func TestPresetProperties(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	for _, m := range presets() {
		t.Run(m.ID, func(t *testing.T) {
			for range 300 {
				d := randomDocument(rng)
				gold := goldMentions(d)
				perfect := counted(t, m, d, gold)
				// The filter of gollie_f1 drops what gold has more often, in several types,
				// than the text.
				filtered := m.ID == "gollie_f1"
				if perfect.TP != perfect.NPred || perfect.TP != perfect.NGold && !filtered {
					t.Fatalf("gold as prediction of %q, %+v: %+v", d.Text, d.Spans, perfect)
				}
				if none := counted(t, m, d, nil); none.TP > 1 || none.NGold != perfect.NGold || none.TP == 1 && !strings.Contains(m.ID, "original") {
					t.Fatalf("nothing predicted: %+v", none)
				}
				given := append(slices.Clone(gold), ner.Mention{Text: "Nowhere", Type: "place"})
				counts := counted(t, m, d, given)
				if filtered {
					continue // what it drops depends on the order
				}
				slices.Reverse(given)
				if reversed := counted(t, m, d, given); reversed != counts {
					t.Fatalf("reversed predictions count %+v, not %+v", reversed, counts)
				}
				if m.Protocol == metrics.GoLLIEUnfiltered {
					continue // repeats count
				}
				if twice := counted(t, m, d, append(given, given...)); twice != counts {
					t.Fatalf("repeated predictions count %+v, not %+v", twice, counts)
				}
			}
		})
	}
}
