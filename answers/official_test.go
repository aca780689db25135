package answers_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"nerbench/answers"
	"nerbench/internal/reference"
	"nerbench/metrics"
	"nerbench/ner"
)

// vectors reads the cases of a file of vectors.
func vectors[C any](t testing.TB, set reference.Set, name string) []C {
	t.Helper()
	var f struct{ Cases []C }
	set.Read(t, &f, "vectors", name)
	if len(f.Cases) == 0 {
		t.Fatalf("%s: no cases", name)
	}
	return f.Cases
}

type officialCase struct {
	Name, Kind string
	Pairs      [][2]string
	Expected   json.RawMessage
}

type officialExpected struct {
	ParsePred [][]string `json:"parse_pred"`
	ParseGold [][]string `json:"parse_gold"`
	UniNER    struct {
		TP                    int
		NPred                 int `json:"n_pred"`
		NGold                 int `json:"n_gold"`
		Precision, Recall, F1 float64
	}
}

// TestOfficialVectors holds the official parser (docs/spec/metrics.md §3.2), the
// normaliser (§3.3) and the traps of §3.5 against the vectors.
func TestOfficialVectors(t *testing.T) { reference.EachSet(t, officialVectors) }

func officialVectors(t *testing.T, set reference.Set) {
	cases := vectors[officialCase](t, set, "uniner_answers.json")
	for _, c := range vectors[officialCase](t, set, "handmade.json") {
		if c.Kind == "uniner" {
			cases = append(cases, c)
		}
	}
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) { checkOfficial(t, c) })
	}
}

func checkOfficial(t *testing.T, c officialCase) {
	var want officialExpected
	if err := json.Unmarshal(c.Expected, &want); err != nil {
		t.Fatal(err)
	}
	p := &metrics.Passage{}
	for i, pair := range c.Pairs {
		pred, gold := answers.Official(pair[0]), answers.Official(pair[1])
		if !slices.Equal(plain(pred), want.ParsePred[i]) {
			t.Errorf("pair %d: %q parses to %q, want %q", i, pair[0], pred, want.ParsePred[i])
		}
		if !slices.Equal(plain(gold), want.ParseGold[i]) {
			t.Errorf("pair %d: gold %q parses to %q, want %q", i, pair[1], gold, want.ParseGold[i])
		}
		p.Published = append(p.Published, metrics.Strings{Type: "x", Pred: pred, Gold: gold})
	}
	total := metrics.Count(metrics.UniNERF1, p).ByType.Total()
	if total != (ner.Score{TP: want.UniNER.TP, NPred: want.UniNER.NPred, NGold: want.UniNER.NGold}) {
		t.Errorf("counts are %+v, want %+v", total, want.UniNER)
	}
	// To the last bit: published figures come from this formula.
	if r := metrics.WithEpsilon(total); r.Precision.Value != want.UniNER.Precision || r.Recall.Value != want.UniNER.Recall || r.F1.Value != want.UniNER.F1 {
		t.Errorf("ratios are %+v, want %+v", r, want.UniNER)
	}
}

// plain maps lone surrogates to U+FFFD, as encoding/json does to the vectors.
func plain(items []string) []string {
	out := make([]string, len(items))
	for i, s := range items {
		var b strings.Builder
		for len(s) > 0 {
			r, n := utf8.DecodeRuneInString(s)
			if r == utf8.RuneError && n == 1 {
				n = 3 // a lone surrogate
			}
			b.WriteRune(r)
			s = s[n:]
		}
		out[i] = b.String()
	}
	return out
}

// TestPublished: from a completion to the answer (docs/spec/metrics.md §3.1).
func TestPublished(t *testing.T) {
	for name, tc := range map[string]struct {
		completion string
		want       []string
		void       bool
	}{
		"list":                {`["Ada"]`, []string{"ada"}, false},
		"leading blank":       {` ["Ada"]`, []string{"ada"}, false},
		"empty list":          {`[]`, nil, false},
		"empty with a blank":  {`[ ]`, nil, true},
		"nothing":             {``, nil, true},
		"behind the last one": {"x ASSISTANT: [\"a b\"] ASSISTANT:\x1f[\"c\"]\u2003", []string{"c"}, false},
		"prose":               {`Sure: ["x"]`, nil, true},
		"text behind":         {`["x"] Hope this helps`, []string{"x"}, false},
		"bracket inside":      {`["array[0]", "x"]`, nil, true},
		"line feed":           {"[\"x\",\n\"y\"]", nil, true},
		"carriage return":     {"[\"x\",\r\"y\"]", []string{"x", "y"}, false},
		"number":              {`["x", 3]`, nil, true},
		"null":                {`["x", null]`, nil, true},
		"object":              {`[{"e":"x"}]`, nil, true},
		"single quotes":       {`['x']`, nil, true},
		"trailing comma":      {`["x",]`, nil, true},
		"one item of three":   {`["C", "C++", "C#"]`, []string{"c"}, false},
		"empty string counts": {`["A", "The", "!"]`, []string{""}, false},
		"control character":   {"[\"a\tb\"]", nil, true},
		"pair of surrogates":  {`["\ud83d\ude80"]`, []string{"🚀"}, false},
		"lone surrogates":     {`["\ud83d", "\ud83e", "\ud83d"]`, []string{"\xed\xa0\xbd", "\xed\xa0\xbe"}, false},
		"bad escape":          {`["\x41"]`, nil, true},
		"byte order mark":     {"\ufeff[\"x\"]", nil, true},
	} {
		t.Run(name, func(t *testing.T) {
			items, void := answers.Published(tc.completion)
			if !slices.Equal(items, tc.want) || void != tc.void {
				t.Errorf("got %q, void %v; want %q, %v", items, void, tc.want, tc.void)
			}
		})
	}
}

// TestNormalise: the steps of docs/spec/metrics.md §3.3.
func TestNormalise(t *testing.T) {
	for in, want := range map[string]string{
		"The  Quick, Brown Fox!": "quick brown fox",
		"ΣΑΣ":                    "σας",
		"ΑΣ.Β":                   "ασβ",
		"İstanbul":               "i̇stanbul",
		"aña":                    "aña",
		"a\u0301b":               "\u0301b",
		"x\x1cy":                 "x y",
		"\u200bthe\u200b":        "\u200b \u200b",
		"Straße":                 "straße",
		"“the” – an €":           "“ ” – €",
		"a_an":                   "aan",
		"a":                      "",
		"":                       "",
		"the theatre of a":       "theatre of",
	} {
		if got := answers.Normalise(in); got != want {
			t.Errorf("Normalise(%q) is %q, want %q", in, got, want)
		}
	}
}

// TestGoldIsPerfect: a gold answer that is read as an answer is right, or void
// on both sides (docs/spec/metrics.md §3.6, §13.9).
func TestGoldIsPerfect(t *testing.T) {
	for _, surfaces := range [][]string{
		nil, {"Ada"}, {"a \"quoted\" name", `back\slash`, "line\nbreak", "tab\t"}, {"Zoë", "東京", "🚀"}, {"benzo[a]pyrene"},
	} {
		answer := answers.AnswerString(surfaces)
		if !json.Valid([]byte(answer)) {
			t.Errorf("%s is no JSON", answer)
		}
		items, void := answers.Published(answer)
		switch {
		case void != strings.Contains(strings.Join(surfaces, ""), "]"):
			t.Errorf("%s: void is %v", answer, void)
		case !void && len(items) != len(surfaces):
			t.Errorf("%s reads as %q", answer, items)
		}
	}
}

// TestProjection: the gold answers of whole documents, as strings
// (docs/spec/metrics.md §3.6).
func TestProjection(t *testing.T) { reference.EachSet(t, projection) }

func projection(t *testing.T, set reference.Set) {
	type projectionCase struct {
		Name      string
		Types     []string
		Documents []struct {
			Text string
			Gold [][3]any
		}
		Expected struct {
			Answers [][]string
			AsPred  [3]int `json:"uniner_gold_as_prediction"`
			Void    int    `json:"void_gold_answers"`
		}
	}
	for _, c := range vectors[projectionCase](t, set, "projection.json") {
		t.Run(c.Name, func(t *testing.T) {
			var got ner.Score
			void := 0
			for i := range c.Documents {
				for _, answer := range c.Expected.Answers[i] {
					items := answers.Official(answer)
					if len(items) == 0 && answer != "[]" {
						void++
					}
					got = got.Add(ner.Score{TP: len(items), NPred: len(items), NGold: len(items)})
				}
			}
			if want := (ner.Score{TP: c.Expected.AsPred[0], NPred: c.Expected.AsPred[1], NGold: c.Expected.AsPred[2]}); got != want {
				t.Errorf("gold as prediction counts %+v, want %+v", got, want)
			}
			if void != c.Expected.Void {
				t.Errorf("%d void answers, want %d", void, c.Expected.Void)
			}
		})
	}
}

func FuzzOfficial(f *testing.F) {
	for _, s := range []string{`["x"]`, `["\ud800"]`, `["a", "b"] c`, `[ "`, `ΣΑΣ İ`, "[\"\\u00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		items, _ := answers.Published(s)
		for i, item := range items {
			if slices.Contains(items[:i], item) {
				t.Errorf("%q holds %q twice", s, item)
			}
		}
	})
}

func BenchmarkOfficial(b *testing.B) {
	for b.Loop() {
		answers.Official(`["Mira Okafor", "Tessel Labs, the Company", "Port Varna"]`)
	}
}
