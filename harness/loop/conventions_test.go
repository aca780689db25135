package loop

import (
	"math"
	"testing"

	"nerbench/answers"
	"nerbench/metrics"
	"nerbench/ner"
)

// TestWhereConventionsDiffer counts the typical cases of docs/spec/metrics.md §7.7 under
// every mode (§7.4), tier 1, with unaligned mentions as false positives (§7.5).
func TestWhereConventionsDiffer(t *testing.T) {
	columns := []string{"string set", "all", "leftmost", "cursor", "first", "longest", "all at substrings"}
	for _, tc := range []struct {
		name, text string
		gold       [][2]int
		mentions   []string
		want       [7]float64 // by column
	}{
		{"three gold occurrences, listed once", "Essa, Essa and Essa", [][2]int{{0, 4}, {6, 10}, {15, 19}}, []string{"Essa"}, [7]float64{1, 1, 0.5, 0.5, 0.5, 1, 1}},
		{"only the 1st occurrence is gold", "Essa met Essa", [][2]int{{0, 4}}, []string{"Essa"}, [7]float64{1, 0.67, 1, 1, 1, 0.67, 0.67}},
		{"only the 2nd is gold", "In May came May", [][2]int{{12, 15}}, []string{"May"}, [7]float64{1, 0.67, 0, 0, 0, 0.67, 0.67}},
		{"1st and 3rd of three are gold, listed twice", "Bo, Bo and Bo", [][2]int{{0, 2}, {11, 13}}, []string{"Bo", "Bo"}, [7]float64{1, 0.8, 0.5, 0.5, 0.67, 0.8, 0.8}},
		{"two occurrences, listed three times", "Bo and Bo", [][2]int{{0, 2}, {7, 9}}, []string{"Bo", "Bo", "Bo"}, [7]float64{1, 1, 0.8, 0.8, 0.67, 1, 1}},
		{"a word inside another one", "Varnashire and Varna", [][2]int{{15, 20}}, []string{"Varna"}, [7]float64{1, 1, 1, 1, 1, 1, 0.67}},
		{"nested", "Port of Varna", [][2]int{{0, 13}, {8, 13}}, []string{"Port of Varna", "Varna"}, [7]float64{1, 1, 1, 1, 1, 0.67, 1}},
		{"a sign is no word", "D++ is not D", [][2]int{{11, 12}}, []string{"D"}, [7]float64{1, 0.67, 0, 0, 0, 0.67, 0.67}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := &ner.Document{Text: tc.text}
			for _, g := range tc.gold {
				d.Spans = append(d.Spans, ner.Span{Start: g[0], End: g[1], Type: "x"})
			}
			for i, column := range columns {
				alignment := answers.Alignment{Mode: column, Boundary: "word", Tiers: 1}
				count := metrics.SpanF1
				switch column {
				case "string set":
					alignment.Mode, count = "all", metrics.UniNERF1
				case "all at substrings":
					alignment.Mode, alignment.Boundary = "all", "substring"
				}
				p := ner.Prediction{Mentions: []ner.FlaggedMention{}}
				for _, m := range tc.mentions {
					p.Mentions = append(p.Mentions, ner.FlaggedMention{Mention: ner.Mention{Text: m, Type: "x"}})
				}
				u, err := Imported(d, p, ParseOptions{Alignment: alignment})
				if err != nil {
					t.Fatal(err)
				}
				f1, _ := metrics.Count(count, &u.Passage).ByType.Total().F1()
				if math.Round(100*f1) != math.Round(100*tc.want[i]) {
					t.Errorf("%s: F1 is %.2f, want %.2f", column, f1, tc.want[i])
				}
			}
		})
	}
}
