package loop

import (
	"slices"
	"strings"
	"testing"

	"nerbench/answers"
	"nerbench/internal/reference"
	"nerbench/metrics"
	"nerbench/ner"
)

// TestProjectionVectors holds gold as answer strings (docs/spec/metrics.md §3.6), these
// scored as predictions, and the ceilings of every mode (§7.6) against the
// vectors.
func TestProjectionVectors(t *testing.T) { reference.EachSet(t, projectionVectors) }

func projectionVectors(t *testing.T, set reference.Set) {
	var file struct {
		Cases []struct {
			Name      string
			Types     []ner.EntityType
			Documents []struct {
				Text   string
				Tokens [][2]int
				Gold   [][3]any
			}
			Expected struct {
				Answers [][]string
				AsPred  [3]int `json:"uniner_gold_as_prediction"`
				Void    int    `json:"void_gold_answers"`
				Ceiling map[string]*presetCounts
			}
		}
	}
	set.Read(t, &file, "vectors", "projection.json")
	if len(file.Cases) == 0 {
		t.Fatal("no cases")
	}
	for _, c := range file.Cases {
		t.Run(c.Name, func(t *testing.T) {
			var documents []*ner.Document
			for i, raw := range c.Documents {
				d := pointDocument(t, raw.Text, raw.Tokens, raw.Gold)
				documents = append(documents, d)
				surfaces := newSurfaces(d)
				for k, typ := range c.Types {
					if got := answers.AnswerString(surfaces[typ]); got != c.Expected.Answers[i][k] {
						t.Errorf("document %d, %s: answer is %s, want %s", i, typ, got, c.Expected.Answers[i][k])
					}
				}
			}
			checkPerfectStrings(t, documents, c.Expected.AsPred, c.Expected.Void)
			for name, want := range c.Expected.Ceiling {
				mode, repeats, _ := strings.Cut(name, ".")
				want.check(t, "span_f1", ceilingPassages(t, documents, mode, repeats == "repeats"))
			}
		})
	}
}

// checkPerfectStrings scores spans that are gold as the paper's strings.
func checkPerfectStrings(t *testing.T, documents []*ner.Document, want [3]int, void int) {
	t.Helper()
	var got ner.Score
	voids := 0
	for _, d := range documents {
		u, err := Imported(d, ner.Prediction{Spans: d.Spans}, ParseOptions{})
		if err != nil {
			t.Fatal(err)
		}
		counts := metrics.Count(metrics.UniNERF1, &u.Passage)
		got = got.Add(counts.ByType.Total())
		voids += counts.GoldVoid
	}
	if got != (ner.Score{TP: want[0], NPred: want[1], NGold: want[2]}) || voids != void {
		t.Errorf("gold as prediction counts %+v, %d void, want %v, %d", got, voids, want, void)
	}
}

// ceilingPassages are documents with perfect string answers.
func ceilingPassages(t *testing.T, documents []*ner.Document, mode string, repeats bool) []*metrics.Passage {
	t.Helper()
	var passages []*metrics.Passage
	for _, d := range documents {
		p := ner.Prediction{Mentions: []ner.FlaggedMention{}}
		for _, m := range goldMentions(d) {
			f := ner.FlaggedMention{Mention: m}
			if repeats || !slices.ContainsFunc(p.Mentions, func(o ner.FlaggedMention) bool { return o.Mention == m }) {
				p.Mentions = append(p.Mentions, f)
			}
		}
		u, err := Imported(d, p, ParseOptions{Alignment: answers.Alignment{Mode: mode, Boundary: "token"}})
		if err != nil {
			t.Fatal(err)
		}
		passages = append(passages, &u.Passage)
	}
	return passages
}

// pointDocument makes a document of offsets in code points.
func pointDocument(t *testing.T, text string, tokens [][2]int, gold [][3]any) *ner.Document {
	t.Helper()
	points := ner.NewCodePoints(text)
	at := func(i int) int {
		b, err := points.Byte(i)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	d := &ner.Document{Text: text}
	for _, r := range tokens {
		d.Tokens = append(d.Tokens, ner.Range{Start: at(r[0]), End: at(r[1])})
	}
	for _, g := range gold {
		d.Spans = append(d.Spans, ner.Span{Start: at(int(g[0].(float64))), End: at(int(g[1].(float64))), Type: ner.EntityType(g[2].(string))})
	}
	return d
}
