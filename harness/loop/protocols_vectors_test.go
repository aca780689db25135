package loop

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"

	"nerbench/answers"
	"nerbench/internal/reference"
	"nerbench/metrics"
	"nerbench/ner"
)

// presetCase is a case of the vectors of docs/spec/metrics.md §9, of any of them.
type presetCase struct {
	Kind, Name string
	Examples   []struct {
		Words, Labels []string
		Types         []ner.EntityType
		Answer        string
	}
	Rows      [][2]string // gold, answer
	Documents []struct {
		Text       string
		Gold, Pred [][2]string // type, text
	}
	Types    []ner.EntityType
	Gold     json.RawMessage // [text, type]; other kinds have another shape
	Text     string
	Mentions []string
	Answer   string
	Expected struct {
		AlignedLabels [][]string `json:"aligned_labels"`
		PredItems     [][]string `json:"pred_items"`
		GoldItems     [][]string `json:"gold_items"`

		GNER, Original, Corrected, B2NER, GoLLIE, ReasoningNER *presetCounts

		Unfiltered *presetCounts `json:"gollie_unfiltered"`
	}
}

type presetCounts struct {
	TP        int         `json:"tp"`
	NPred     int         `json:"n_pred"`
	NGold     int         `json:"n_gold"`
	Precision float64     `json:"precision"`
	Recall    float64     `json:"recall"`
	F1        float64     `json:"f1"`
	PredItems [][2]string `json:"pred_items"`
	GoldItems [][2]string `json:"gold_items"`
}

func presetCases(t *testing.T, set reference.Set, file string) []presetCase {
	t.Helper()
	var f struct{ Cases []json.RawMessage }
	set.Read(t, &f, "vectors", file)
	var cases []presetCase
	for _, raw := range f.Cases {
		var c presetCase
		if err := json.Unmarshal(raw, &c); err == nil { // other kinds of handmade.json have other shapes
			cases = append(cases, c)
		} else if file != "handmade.json" && file != "align_mentions.json" {
			t.Fatal(err)
		}
	}
	if len(cases) == 0 {
		t.Fatalf("%s: no cases", file)
	}
	return cases
}

func (want *presetCounts) check(t *testing.T, id string, passages []*metrics.Passage) {
	t.Helper()
	m, ok := metrics.Find(id)
	if !ok {
		t.Fatalf("no metric %s", id)
	}
	var got ner.Score
	for _, p := range passages {
		got = got.Add(m.Count(p).ByType.Total())
	}
	if got != (ner.Score{TP: want.TP, NPred: want.NPred, NGold: want.NGold}) {
		t.Errorf("%s: counts are %+v, want %+v", id, got, *want)
	}
	r := m.Ratios(got)
	for name, pair := range map[string][2]float64{
		"precision": {r.Precision.Value, want.Precision}, "recall": {r.Recall.Value, want.Recall}, "f1": {r.F1.Value, want.F1},
	} {
		if !(math.Abs(pair[0]-pair[1]) <= 1e-12) {
			t.Errorf("%s: %s is %v, want %v", id, name, pair[0], pair[1])
		}
	}
}

// wordDocument makes a document of words, and of gold entities given by labels.
func wordDocument(words, labels []string) *ner.Document {
	d := &ner.Document{Text: strings.Join(words, " "), Tokens: []ner.Range{}}
	at := 0
	for _, w := range words {
		d.Tokens = append(d.Tokens, ner.Range{Start: at, End: at + len(w)})
		at += len(w) + 1
	}
	at = 0
	for _, m := range answers.GNEREntities(words, labels) {
		// Entities come in order and do not overlap: each begins at the first
		// labelled word that is not yet taken.
		for labels[at] == "O" {
			at++
		}
		n := len(strings.Split(m.Text, " "))
		d.Spans = append(d.Spans, ner.Span{Start: d.Tokens[at].Start, End: d.Tokens[at+n-1].End, Type: m.Type})
		at += n
	}
	return d
}

// TestGNERVectors compares the preset of docs/spec/metrics.md §9.1 with its vectors.
func TestGNERVectors(t *testing.T) { reference.EachSet(t, gnerVectors) }

func gnerVectors(t *testing.T, set reference.Set) {
	for _, c := range slices.Concat(presetCases(t, set, "gner_outputs.json"), ofKind(presetCases(t, set, "handmade.json"), "gner")) {
		t.Run(c.Name, func(t *testing.T) {
			var passages []*metrics.Passage
			for i, e := range c.Examples {
				got := answers.PublishedGNER(e.Answer, e.Words, e.Types)
				if !slices.Equal(got, c.Expected.AlignedLabels[i]) {
					t.Errorf("labels are %q, want %q", got, c.Expected.AlignedLabels[i])
				}
				d := wordDocument(e.Words, e.Labels)
				passages = append(passages, answered(t, d, e.Types, e.Answer, metrics.GNER))
			}
			c.Expected.GNER.check(t, "gner_f1", passages)
		})
	}
}

// answered is what metrics see of a document and one answer about all types.
func answered(t *testing.T, d *ner.Document, types []ner.EntityType, answer string, protocols ...metrics.Protocol) *metrics.Passage {
	t.Helper()
	r, err := NewPassageParser(ParseOptions{Form: "uniner_list"}, protocols...)
	if err != nil {
		t.Fatal(err)
	}
	u, err := r.Passage(d, []ner.Answer{{Types: types, Completion: ner.Completion{Text: answer}}})
	if err != nil {
		t.Fatal(err)
	}
	return &u.Passage
}

func ofKind(cases []presetCase, kind string) []presetCase {
	return slices.DeleteFunc(cases, func(c presetCase) bool { return c.Kind != kind })
}

// TestInstructUIEVectors compares both presets of docs/spec/metrics.md §9.2 with their
// vectors.
func TestInstructUIEVectors(t *testing.T) { reference.EachSet(t, instructUIEVectors) }

func instructUIEVectors(t *testing.T, set reference.Set) {
	for _, c := range slices.Concat(presetCases(t, set, "instructuie_outputs.json"), ofKind(presetCases(t, set, "handmade.json"), "instructuie")) {
		t.Run(c.Name, func(t *testing.T) {
			var passages []*metrics.Passage
			for _, row := range c.Rows {
				passages = append(passages, &metrics.Passage{Items: map[metrics.Protocol]metrics.Items{
					metrics.InstructUIE: {Gold: wholeItems(answers.InstructUIEItems(row[0])), Pred: wholeItems(answers.InstructUIEItems(row[1]))},
				}})
			}
			c.Expected.Original.check(t, "instructuie_original_f1", passages)
			c.Expected.Corrected.check(t, "instructuie_f1", passages)
		})
	}
}

// TestB2NERVectors compares the third preset of docs/spec/metrics.md §9.2 with its vectors.
func TestB2NERVectors(t *testing.T) { reference.EachSet(t, b2nerVectors) }

func b2nerVectors(t *testing.T, set reference.Set) {
	for _, c := range presetCases(t, set, "b2ner_outputs.json") {
		t.Run(c.Name, func(t *testing.T) {
			var passages []*metrics.Passage
			for i, row := range c.Rows {
				gold, pred := answers.B2NERItems(row[0]), answers.B2NERItems(row[1])
				checkItems(t, "gold", gold, c.Expected.GoldItems[i])
				checkItems(t, "prediction", pred, c.Expected.PredItems[i])
				passages = append(passages, &metrics.Passage{Items: map[metrics.Protocol]metrics.Items{
					metrics.B2NER: {Gold: wholeItems(gold), Pred: wholeItems(pred)},
				}})
			}
			c.Expected.B2NER.check(t, "b2ner_f1", passages)
		})
	}
}

func wholeItems(items []string) []ner.Mention {
	var out []ner.Mention
	for _, s := range items {
		out = append(out, ner.Mention{Text: s})
	}
	return out
}

func checkItems(t *testing.T, what string, got, want []string) {
	t.Helper()
	if slices.Sort(got); !slices.Equal(got, want) {
		t.Errorf("%s: items are %q, want %q", what, got, want)
	}
}

// TestGoLLIEVectors compares both presets of docs/spec/metrics.md §9.3 with their vectors.
func TestGoLLIEVectors(t *testing.T) { reference.EachSet(t, gollieVectors) }

func gollieVectors(t *testing.T, set reference.Set) {
	for _, c := range presetCases(t, set, "gollie_outputs.json") {
		t.Run(c.Name, func(t *testing.T) {
			var passages []*metrics.Passage
			for _, d := range c.Documents {
				passages = append(passages, golliePassage(d.Text, typedMentions(d.Gold), typedMentions(d.Pred)))
			}
			c.Expected.GoLLIE.check(t, "gollie_f1", passages)
			c.Expected.Unfiltered.check(t, "gollie_unfiltered_f1", passages)
		})
	}
}

// TestGoLLIEAlignVectors: the strings of the alignment vectors, all of one type.
func TestGoLLIEAlignVectors(t *testing.T) { reference.EachSet(t, gollieAlignVectors) }

func gollieAlignVectors(t *testing.T, set reference.Set) {
	for _, c := range presetCases(t, set, "align_mentions.json") {
		t.Run(c.Name, func(t *testing.T) {
			var spans [][2]int
			if err := json.Unmarshal(c.Gold, &spans); err != nil {
				t.Fatal(err)
			}
			text := []rune(c.Text)
			var gold, pred []ner.Mention
			for _, s := range spans {
				gold = append(gold, ner.Mention{Text: string(text[s[0]:s[1]])})
			}
			for _, m := range c.Mentions {
				pred = append(pred, ner.Mention{Text: m})
			}
			passages := []*metrics.Passage{golliePassage(c.Text, gold, pred)}
			c.Expected.GoLLIE.check(t, "gollie_f1", passages)
			c.Expected.Unfiltered.check(t, "gollie_unfiltered_f1", passages)
		})
	}
}

func golliePassage(text string, gold, pred []ner.Mention) *metrics.Passage {
	p := protocolInput{document: &ner.Document{Text: text}, gold: gold, read: pred}
	return &metrics.Passage{Items: map[metrics.Protocol]metrics.Items{
		metrics.GoLLIE: p.items(metrics.GoLLIE), metrics.GoLLIEUnfiltered: p.items(metrics.GoLLIEUnfiltered),
	}}
}

func typedMentions(pairs [][2]string) []ner.Mention {
	var out []ner.Mention
	for _, p := range pairs {
		out = append(out, ner.Mention{Type: ner.EntityType(p[0]), Text: p[1]})
	}
	return out
}

// TestReasoningNERVectors compares the preset of docs/spec/metrics.md §9.4 with its vectors.
func TestReasoningNERVectors(t *testing.T) { reference.EachSet(t, reasoningNERVectors) }

func reasoningNERVectors(t *testing.T, set reference.Set) {
	for _, c := range presetCases(t, set, "reasoningner_outputs.json") {
		t.Run(c.Name, func(t *testing.T) {
			var gold [][2]string
			if err := json.Unmarshal(c.Gold, &gold); err != nil {
				t.Fatal(err)
			}
			p := protocolInput{
				published: true, document: &ner.Document{},
				given: []ner.Answer{{Types: c.Types, Completion: ner.Completion{Text: c.Answer}}},
			}
			for _, g := range gold {
				p.gold = append(p.gold, ner.Mention{Text: g[0], Type: ner.EntityType(g[1])})
			}
			items := p.items(metrics.ReasoningNER)
			want := c.Expected.ReasoningNER
			want.check(t, "reasoningner_f1", []*metrics.Passage{{Items: map[metrics.Protocol]metrics.Items{metrics.ReasoningNER: items}}})
			checkPairs(t, "prediction", items.Pred, want.PredItems)
			checkPairs(t, "gold", items.Gold, want.GoldItems)
		})
	}
}

func checkPairs(t *testing.T, what string, got []ner.Mention, want [][2]string) {
	t.Helper()
	set := map[[2]string]bool{}
	for _, m := range got {
		set[[2]string{m.Text, string(m.Type)}] = true
	}
	if len(set) != len(want) {
		t.Errorf("%s: items are %q, want %q", what, got, want)
	}
	for _, w := range want {
		if !set[w] {
			t.Errorf("%s: item %q is missing of %q", what, w, got)
		}
	}
}
