package tagger

import (
	"slices"
	"testing"

	"nerbench/ner"
)

func TestWords(t *testing.T) {
	tokens := func(r ...ner.Range) []ner.Range { return append([]ner.Range{}, r...) }
	for _, tc := range []struct {
		name   string
		text   string
		tokens []ner.Range
		want   []string
	}{
		{name: "empty text"},
		{name: "only blanks", text: " \t\n\u00a0"},
		{name: "marks are words", text: "Hi, (you)!", want: []string{"Hi", ",", "(", "you", ")", "!"}},
		{name: "single hyphens join", text: "well-known x--y -a- b-", want: []string{"well-known", "x", "-", "-", "y", "-", "a", "-", "b", "-"}},
		{name: "letters, numbers, marks, underscore", text: "año e\u0301a x_1 ½", want: []string{"año", "e\u0301a", "x_1", "½"}},
		{name: "other scripts", text: "東京へ、行く", want: []string{"東京へ", "、", "行く"}},
		{name: "beyond the first plane", text: "a😀b", want: []string{"a", "😀", "b"}},
		{name: "own tokens", text: "a-b c", tokens: tokens(ner.Range{Start: 0, End: 2}, ner.Range{Start: 2, End: 5}), want: []string{"a-", "b c"}},
		{name: "no own tokens", text: "a b", tokens: tokens()},
		{
			name: "empty own tokens", text: "a b",
			tokens: tokens(ner.Range{Start: 0, End: 0}, ner.Range{Start: 0, End: 1}, ner.Range{Start: 2, End: 2}, ner.Range{Start: 2, End: 3}),
			want:   []string{"a", "b"},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var got []string
			for _, r := range words(&ner.Document{Text: tc.text, Tokens: tc.tokens}) {
				got = append(got, tc.text[r.Start:r.End])
			}
			if !slices.Equal(got, tc.want) {
				t.Errorf("words %q, want %q", got, tc.want)
			}
		})
	}
}

func TestDescribe(t *testing.T) {
	if a, b := describe("Kelm"), describe("Kelm"); a != b {
		t.Error("the same word is not the same")
	}
	for _, tc := range []struct {
		name string
		a, b string
		same func(a, b word) bool
		want bool
	}{
		{"form knows case", "Kelm", "kelm", func(a, b word) bool { return a.form == b.form }, false},
		{"lower does not", "ÖST", "öst", func(a, b word) bool { return a.lower == b.lower }, true},
		{"shape", "Ab-12", "Öz-90", func(a, b word) bool { return a.shape == b.shape }, true},
		{"shape knows length", "Abc", "Ab", func(a, b word) bool { return a.shape == b.shape }, false},
		{"short does not", "Abc", "Ab", func(a, b word) bool { return a.short == b.short }, true},
		{"short knows marks", "a.b", "a-b", func(a, b word) bool { return a.short == b.short }, false},
		{"kind", "iPhone", "tRNA", func(a, b word) bool { return a.kind == b.kind }, false},
		{"prefix", "Brandt", "brand", func(a, b word) bool { return a.prefix == b.prefix }, true},
		{"prefix of letters, not bytes", "éa", "èa", func(a, b word) bool { return a.prefix[0] == b.prefix[0] }, false},
		{"suffix", "Kelmvík", "Ulvík", func(a, b word) bool { return a.suffix[2] == b.suffix[2] && a.suffix[3] != b.suffix[3] }, true},
		{"short words have no long suffix", "vík", "Ulvík", func(a, b word) bool { return a.suffix[3] == b.suffix[3] }, false},
		{"short words have long prefixes, with what is missing", "vík", "öst", func(a, b word) bool { return a.prefix[4] == b.prefix[4] }, false},
		{"a prefix is no suffix", "a", "a", func(a, b word) bool { return a.prefix[0] == b.suffix[0] }, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := tc.same(describe(tc.a), describe(tc.b)); got != tc.want {
				t.Errorf("%q and %q: %v, want %v", tc.a, tc.b, got, tc.want)
			}
		})
	}
}

func TestFeaturesFillTheirKeys(t *testing.T) {
	var sentence []*word
	for _, s := range []string{"The", "MS", "Kelma", "sinks", "."} {
		w := describe(s)
		sentence = append(sentence, &w)
	}
	seen := map[uint64]bool{}
	for i := range sentence {
		var k keys
		features(sentence, i, &k)
		own := map[uint64]bool{}
		for j, key := range k {
			if key == 0 {
				t.Errorf("word %d: feature %d is missing", i, j)
			}
			own[key], seen[key] = true, true
		}
		if len(own) != perWord {
			t.Errorf("word %d: %d different features of %d", i, len(own), perWord)
		}
	}
	if len(seen) < 3*perWord {
		t.Errorf("%d different features of %d words", len(seen), len(sentence))
	}
}
