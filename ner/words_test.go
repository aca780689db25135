package ner_test

import (
	"slices"
	"testing"

	"nerbench/ner"
)

// TestWords tests the word rule of docs/spec/prompts.md §2.6.
func TestWords(t *testing.T) {
	tokens := func(r ...ner.Range) []ner.Range { return append([]ner.Range{}, r...) }
	for _, tc := range []struct {
		name   string
		text   string
		tokens []ner.Range
		want   []string
	}{
		{name: "empty text"},
		{name: "only blanks", text: " \t\n\u00a0\x1c\u3000"},
		{name: "punctuation marks are words", text: "Hi, (you)!", want: []string{"Hi", ",", "(", "you", ")", "!"}},
		{name: "single hyphens join", text: "well-known x--y -a- b-", want: []string{"well-known", "x", "-", "-", "y", "-", "a", "-", "b", "-"}},
		{name: "letters, numbers, marks, underscore", text: "año e\u0301a x_1 ½", want: []string{"año", "e\u0301a", "x_1", "½"}},
		{name: "other scripts", text: "東京へ、行く", want: []string{"東京へ", "、", "行く"}},
		{name: "outside the basic plane", text: "a😀b", want: []string{"a", "😀", "b"}},
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
			for _, r := range (&ner.Document{Text: tc.text, Tokens: tc.tokens}).Words() {
				got = append(got, tc.text[r.Start:r.End])
			}
			if !slices.Equal(got, tc.want) {
				t.Errorf("words %q, want %q", got, tc.want)
			}
			if n := ner.CountWords(tc.text); tc.tokens == nil && n != len(tc.want) {
				t.Errorf("%d words, want %d", n, len(tc.want))
			}
		})
	}
}
