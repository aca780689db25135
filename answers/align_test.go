package answers_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"nerbench/answers"
	"nerbench/internal/reference"
	"nerbench/ner"
)

type alignCase struct {
	Name, Kind, Text string
	Tokens           [][2]int
	Gold             [][]any
	Mentions         []string
	Expected         map[string]json.RawMessage
}

type alignExpected struct {
	Spans     [][]any
	Unaligned []string
	TP        *int
	NPred     int `json:"n_pred"`
	NGold     int `json:"n_gold"`
}

// TestAlignVectors holds occurrences, boundaries and modes (docs/spec/metrics.md §7.1,
// §7.2, §7.4, §7.5) against the vectors, tier 1.
func TestAlignVectors(t *testing.T) { reference.EachSet(t, alignVectors) }

func alignVectors(t *testing.T, set reference.Set) {
	cases := vectors[alignCase](t, set, "align_mentions.json")
	for _, c := range vectors[json.RawMessage](t, set, "handmade.json") {
		var kind struct{ Kind string }
		if err := json.Unmarshal(c, &kind); err != nil {
			t.Fatal(err)
		}
		if kind.Kind == "align" {
			var a alignCase
			if err := json.Unmarshal(c, &a); err != nil {
				t.Fatal(err)
			}
			cases = append(cases, a)
		}
	}
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) { checkAlign(t, c, 1) })
	}
}

// TestAlignTierVectors holds the three tiers of docs/spec/metrics.md §7.3 against the
// vectors.
func TestAlignTierVectors(t *testing.T) { reference.EachSet(t, alignTierVectors) }

func alignTierVectors(t *testing.T, set reference.Set) {
	for _, c := range vectors[alignCase](t, set, "align_tiers.json") {
		t.Run(c.Name, func(t *testing.T) { checkAlign(t, c, 3) })
	}
}

// checkAlign holds one text under every boundary and mode that the case has.
func checkAlign(t *testing.T, c alignCase, tiers int) {
	d := &ner.Document{Text: c.Text}
	points := ner.NewCodePoints(c.Text)
	at := func(i int) int {
		b, err := points.Byte(i)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	for _, tok := range c.Tokens {
		d.Tokens = append(d.Tokens, ner.Range{Start: at(tok[0]), End: at(tok[1])})
	}
	mentions := make([]ner.Mention, len(c.Mentions))
	for i, m := range c.Mentions {
		mentions[i] = ner.Mention{Text: m, Type: "x"}
	}
	checked := 0
	for _, boundary := range answers.Boundaries {
		var byMode map[string]json.RawMessage
		if raw, ok := c.Expected[boundary]; !ok {
			continue
		} else if err := json.Unmarshal(raw, &byMode); err != nil {
			t.Fatal(err)
		}
		for _, mode := range answers.Modes {
			raw, ok := byMode[mode]
			if !ok {
				continue
			}
			checked++
			var want alignExpected
			if err := json.Unmarshal(raw, &want); err != nil {
				t.Fatal(err)
			}
			got, err := answers.Alignment{Mode: mode, Boundary: boundary, Tiers: tiers}.Align(d, mentions)
			if err != nil {
				t.Fatal(err)
			}
			checkPlaced(t, boundary+"/"+mode, points, got, want)
		}
		if raw, ok := byMode["tiers"]; ok {
			var want []int
			if err := json.Unmarshal(raw, &want); err != nil {
				t.Fatal(err)
			}
			got, _ := answers.Alignment{Boundary: boundary}.Align(d, mentions)
			if !slices.Equal(got.Tiers, want) {
				t.Errorf("%s: tiers are %v, want %v", boundary, got.Tiers, want)
			}
		}
	}
	if checked == 0 {
		t.Error("nothing was checked")
	}
}

func checkPlaced(t *testing.T, what string, points ner.CodePoints, got answers.Placed, want alignExpected) {
	t.Helper()
	var spans []string
	for _, s := range got.Spans {
		spans = append(spans, fmt.Sprint(points.CodePoint(s.Start), points.CodePoint(s.End)))
	}
	var wanted []string
	for _, s := range want.Spans {
		wanted = append(wanted, fmt.Sprint(s[0], s[1]))
	}
	if !slices.Equal(spans, wanted) {
		t.Errorf("%s: spans are %v, want %v", what, spans, wanted)
	}
	var unaligned []string
	for _, m := range got.Unaligned {
		unaligned = append(unaligned, m.Text)
	}
	if !slices.Equal(unaligned, want.Unaligned) {
		t.Errorf("%s: unaligned are %q, want %q", what, unaligned, want.Unaligned)
	}
}

func mentions(texts ...string) []ner.Mention {
	var out []ner.Mention
	for _, s := range texts {
		out = append(out, ner.Mention{Text: s, Type: "x"})
	}
	return out
}

func TestAlign(t *testing.T) {
	for name, tc := range map[string]struct {
		text      string
		alignment answers.Alignment
		mentions  []string
		want      string
		unaligned int
	}{
		"every occurrence":      {"York and York", answers.Alignment{}, []string{"York"}, "[{0 4 x} {9 13 x}]", 0},
		"first":                 {"York and York", answers.Alignment{Mode: "first"}, []string{"York"}, "[{0 4 x}]", 0},
		"copies leftmost":       {"York and York", answers.Alignment{Mode: "leftmost"}, []string{"York", "York", "York"}, "[{0 4 x} {9 13 x}]", 1},
		"cursor":                {"May I go in May", answers.Alignment{Mode: "cursor"}, []string{"I", "May"}, "[{4 5 x} {12 15 x}]", 0},
		"longest":               {"University of York", answers.Alignment{Mode: "longest"}, []string{"York", "University of York"}, "[{0 18 x}]", 0},
		"inside a word":         {"Yorkshire", answers.Alignment{}, []string{"York"}, "[]", 1},
		"substring":             {"Yorkshire", answers.Alignment{Boundary: "substring"}, []string{"York"}, "[{0 4 x}]", 0},
		"white space":           {"New\n York", answers.Alignment{}, []string{"New York"}, "[{0 9 x}]", 0},
		"edges":                 {"in York .", answers.Alignment{}, []string{"York,"}, "[{3 7 x}]", 0},
		"caseless":              {"STRASSE", answers.Alignment{}, []string{"Straße"}, "[{0 7 x}]", 0},
		"decomposed":            {"cafe\u0301 x", answers.Alignment{}, []string{"café"}, "[{0 6 x}]", 0},
		"half of a ligature":    {"ﬁne", answers.Alignment{Boundary: "substring"}, []string{"f"}, "[]", 1},
		"exact only":            {"YORK", answers.Alignment{Tiers: 1}, []string{"York"}, "[]", 1},
		"no blanks between":     {"東京都", answers.Alignment{}, []string{"東京"}, "[{0 6 x}]", 0},
		"empty":                 {"York", answers.Alignment{}, []string{""}, "[]", 1},
		"copies count once":     {"x", answers.Alignment{}, []string{"York", "York"}, "[]", 1},
		"copies count in order": {"x", answers.Alignment{Mode: "cursor"}, []string{"York", "York"}, "[]", 2},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := tc.alignment.Align(&ner.Document{Text: tc.text}, mentions(tc.mentions...))
			if err != nil {
				t.Fatal(err)
			}
			if s := fmt.Sprint(got.Spans); s != tc.want || len(got.Unaligned) != tc.unaligned {
				t.Errorf("spans %s, %d unaligned; want %s, %d", s, len(got.Unaligned), tc.want, tc.unaligned)
			}
		})
	}
}

// An aligner in another mode gives what a new one gives.
func TestAlignInMode(t *testing.T) {
	d := &ner.Document{Text: "York and York of YORK"}
	al, err := answers.NewAligner(d, answers.Alignment{})
	if err != nil {
		t.Fatal(err)
	}
	asked := mentions("York", "York", "york of", "Paris", "Paris")
	for _, mode := range append(slices.Clone(answers.Modes), "") {
		in, err := al.InMode(mode)
		if err != nil {
			t.Fatal(err)
		}
		want, _ := answers.Alignment{Mode: mode}.Align(d, asked)
		if got := in.Align(asked); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("mode %s: %v, want %v", mode, got, want)
		}
	}
	if _, err := al.InMode("best"); err == nil {
		t.Error("an unknown mode is accepted")
	}
}

func TestAlignRefuses(t *testing.T) {
	for _, a := range []answers.Alignment{{Mode: "best"}, {Boundary: "line"}, {Tiers: 2}} {
		if _, err := a.Align(&ner.Document{}, nil); err == nil {
			t.Errorf("%+v is accepted", a)
		}
	}
}

// FuzzAlign: spans lie inside the text, on code points, and neither order nor
// copies change mode all (docs/spec/metrics.md §13.2, §13.3).
func FuzzAlign(f *testing.F) {
	f.Add("New York and new  york", "New York", "york")
	f.Add("cafe\u0301 ﬁn İ", "CAFÉ", "fi")
	f.Add("ααΣ", "ας", "\xff")
	f.Fuzz(func(t *testing.T, text, one, two string) {
		text = strings.ToValidUTF8(text, "?")
		d := &ner.Document{Text: text}
		for _, boundary := range answers.Boundaries[1:] {
			for i, mode := range answers.Modes {
				a := answers.Alignment{Mode: mode, Boundary: boundary, Tiers: answers.Tiers[i%3]}
				got, err := a.Align(d, mentions(one, two, one))
				if err != nil {
					t.Fatal(err)
				}
				for _, s := range got.Spans {
					if !ner.ValidSpan(text, s) {
						t.Errorf("%v of %q is no span of %q", s, []string{one, two}, text)
					}
				}
				if mode == "all" {
					if other, _ := a.Align(d, mentions(two, one)); !slices.Equal(got.Spans, other.Spans) {
						t.Errorf("order changes %v to %v", got.Spans, other.Spans)
					}
				}
			}
			three, _ := answers.Alignment{Boundary: boundary}.Align(d, mentions(one))
			four, _ := answers.Alignment{Boundary: boundary, Tiers: 4}.Align(d, mentions(one))
			if len(three.Spans) > 0 && !slices.Equal(three.Spans, four.Spans) {
				t.Errorf("the last tier changes %v to %v", three.Spans, four.Spans)
			}
			for _, s := range four.Spans {
				if !ner.ValidSpan(text, s) {
					t.Errorf("%v of %q is no span of %q", s, one, text)
				}
			}
		}
	})
}

func BenchmarkAlign(b *testing.B) {
	d := &ner.Document{Text: strings.Repeat("Mira Okafor joined Tessel Labs in Port Varna , and ", 4)}
	for b.Loop() {
		al, _ := answers.NewAligner(d, answers.Alignment{})
		al.Align(mentions("Mira Okafor", "Tessel Labs", "Port Varna"))
	}
}
