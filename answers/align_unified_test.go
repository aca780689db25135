package answers_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"nerbench/answers"
	"nerbench/ner"
)

// tokensOf are the parts of a text between blanks.
func tokensOf(text string) []ner.Range {
	var tokens []ner.Range
	start := 0
	for _, part := range strings.SplitAfter(text, " ") {
		word := strings.TrimRight(part, " ")
		tokens = append(tokens, ner.Range{Start: start, End: start + len(word)})
		start += len(part)
	}
	return tokens
}

// TestAlignTier4 places mentions whose blanks or signs differ from the text
// (docs/spec/metrics.md §7.3). None of them is found by three tiers.
func TestAlignTier4(t *testing.T) {
	for name, tc := range map[string]struct {
		text    string
		mention string
		want    string // the text that is found; empty: none
		words   bool   // the document has no tokens
	}{
		"blanks around a hyphen":        {"the p53 - dependent gene", "p53-dependent gene", "p53 - dependent gene", false},
		"blanks around brackets":        {"IL - 2 ( alpha ) chain", "IL-2 (alpha) chain", "IL - 2 ( alpha ) chain", false},
		"blanks around an apostrophe":   {"Alzheimer ' s disease", "Alzheimer's disease", "Alzheimer ' s disease", false},
		"a comma":                       {"1 , 2 - dichloroethane", "1,2-dichloroethane", "1 , 2 - dichloroethane", false},
		"blanks of the mention":         {"a p53-dependent gene", "p53 - dependent", "p53-dependent", false},
		"inside a token":                {"the p53 - dependents", "p53-dependent", "", false},
		"inside a word":                 {"the p53 -dependents", "p53-dependent", "", true},
		"a part of a token at its edge": {"xp53 - dependent", "p53-dependent", "", false},
		"bracket codes":                 {"Ann -LRB- Oslo -RRB- left", "Ann (Oslo)", "Ann -LRB- Oslo -RRB-", false},
		"square and curly codes":        {"a -LSB- b -RSB- -LCB- c -RCB-", "A [b] {c}", "a -LSB- b -RSB- -LCB- c -RCB-", false},
		"quotes of tokenizers":          {"the `` Blue Note '' club", "\"Blue Note\" club", "`` Blue Note '' club", false},
		"curly quotes":                  {"the “Blue Note” club", "\"Blue Note\" club", "“Blue Note” club", true},
		"a curly apostrophe":            {"O’Neil left", "O'Neil", "O’Neil", false},
		"guillemets":                    {"die »Alte« Post", "\"Alte\" Post", "»Alte« Post", false},
		"an en dash":                    {"Ni–Fe alloy", "Ni-Fe alloy", "Ni–Fe alloy", false},
		"a minus sign":                  {"at −5 K", "-5 K", "−5 K", false},
		"two hyphens for a dash":        {"war -- peace", "war — peace", "war -- peace", false},
		"an ellipsis":                   {"Wait … What", "Wait...What", "Wait … What", false},
		"three points for an ellipsis":  {"Wait . . . What", "Wait… What", "Wait . . . What", false},
		"full-width letters":            {"ＡＢＣ Ｃｏ．", "ABC Co.", "ＡＢＣ Ｃｏ．", false},
		"a compatibility character":     {"see № 5", "No 5", "№ 5", false},
		"half of a ligature":            {"the oﬃ", "of", "", true},
		"a superscript":                 {"10 m² area", "m2 area", "m² area", false},
		"a soft hyphen":                 {"Mün\u00adchen left", "München", "Mün\u00adchen", false},
		"a zero-width space":            {"New\u200bYork left", "New York", "New\u200bYork", false},
		"a zero-width space at an edge": {"\u200bNew  York left", "New-York\u200b", "", false},
		"without width, token edge":     {"\u200bNi–Fe\ufeff alloy", "Ni-Fe", "\u200bNi–Fe\ufeff", false},
		"a zero-width joiner":           {"a\u200db c", "ab c", "a\u200db c", false},
		"another case, too":             {"P53 - DEPENDENT", "p53-dependent", "P53 - DEPENDENT", false},
		"punctuation at the edges":      {"the p53 - dependent gene", "\"p53-dependent,\"", "p53 - dependent", false},
		"every occurrence":              {"IL - 2 and IL - 2", "IL-2", "IL - 2|IL - 2", false},
		"another word":                  {"IL - 3", "IL-2", "", false},
		"another order of marks":        {"a\u0323\u0301 – b", "a\u0301\u0323-b", "a\u0323\u0301 – b", false},
		"nothing but signs":             {"a \u200b b", "\u200b\u00ad", "", false},
	} {
		t.Run(name, func(t *testing.T) {
			d := &ner.Document{Text: tc.text}
			if !tc.words {
				d.Tokens = tokensOf(tc.text)
			}
			three, err := answers.Alignment{Tiers: 3}.Align(d, mentions(tc.mention))
			if err != nil || len(three.Spans) > 0 {
				t.Errorf("three tiers: %v, %v", three, err)
			}
			four, err := answers.Alignment{Tiers: 4}.Align(d, mentions(tc.mention))
			if err != nil {
				t.Fatal(err)
			}
			var found []string
			for _, s := range four.Spans {
				found = append(found, d.Surface(s))
			}
			if got := strings.Join(found, "|"); got != tc.want {
				t.Errorf("found %q, want %q", got, tc.want)
			}
			if tier := four.Tiers[0]; tier != 4 && tc.want != "" || tier != 0 && tc.want == "" {
				t.Errorf("tier %d", tier)
			}
		})
	}
}

// The fourth tier changes nothing for a mention that an earlier tier finds.
func TestAlignTier4IsLast(t *testing.T) {
	d := &ner.Document{Text: "Il-2 , il - 2 and IL-2"}
	for _, m := range []string{"IL-2", "il-2", "Il-2", "il - 2"} {
		three, _ := answers.Alignment{}.Align(d, mentions(m))
		four, _ := answers.Alignment{Tiers: 4}.Align(d, mentions(m))
		if len(three.Spans) == 0 || !slices.Equal(three.Spans, four.Spans) || !slices.Equal(three.Tiers, four.Tiers) {
			t.Errorf("%s: %v, with four tiers %v", m, three, four)
		}
	}
}

// A text that repeats a character is the worst case of a search for its parts. The test
// ends at once if the search takes linear time, and reaches the time limit of tests if
// it does not.
func TestAlignIsLinear(t *testing.T) {
	const n, long = 30_000, 20_000_000
	d := &ner.Document{Text: strings.Repeat("a", long), Tokens: []ner.Range{{Start: 0, End: long}}}
	if got, err := (answers.Alignment{Tiers: 1}).Align(d, mentions(strings.Repeat("a", long/2))); err != nil || len(got.Spans) > 0 {
		t.Errorf("%d spans, error %v", len(got.Spans), err)
	}
	for name, tc := range map[string][2]string{
		"one letter":     {strings.Repeat("a", n), strings.Repeat("a", n/2)},
		"letters, marks": {strings.Repeat("a\u0301", n), strings.Repeat("a\u0301", n/2)},
		"dashes":         {strings.Repeat("—x", n), strings.Repeat("-x", n/2)},
		"without width":  {strings.Repeat("\u200b", n) + "x", strings.Repeat("\u200b", n/2) + "y"},
		"codes":          {strings.Repeat("-LRB-", n), strings.Repeat("(", n/2)},
	} {
		t.Run(name, func(t *testing.T) {
			// One token, so that no part of it is at a boundary.
			d := &ner.Document{Text: tc[0], Tokens: []ner.Range{{Start: 0, End: len(tc[0])}}}
			if got, err := (answers.Alignment{Tiers: 4}).Align(d, mentions(tc[1])); err != nil || len(got.Spans) > 0 {
				t.Errorf("%d spans, error %v", len(got.Spans), err)
			}
		})
	}
}

// FuzzAlignSearch compares the search with the rule of docs/spec/metrics.md §7.1: at each
// position take the occurrence if it passes, else advance.
func FuzzAlignSearch(f *testing.F) {
	f.Add("aabaabaaab", "aaba", uint8(3))
	f.Add("ababababab", "abab", uint8(1))
	f.Add("aaaaaaaa", "aa", uint8(7))
	f.Fuzz(func(t *testing.T, text, mention string, passing uint8) {
		if mention == "" || text != strings.ToValidUTF8(text, "?") {
			return
		}
		var tokens, want []ner.Range
		for i := range text { // tokens that overlap, so that some places are no boundaries
			if (uint8(i)*31+passing)%3 > 0 {
				tokens = append(tokens, ner.Range{Start: i, End: i + 1}, ner.Range{Start: i, End: i + len(mention)})
			}
		}
		passes := func(i int) bool {
			start := slices.ContainsFunc(tokens, func(r ner.Range) bool { return r.Start == i })
			return start && slices.ContainsFunc(tokens, func(r ner.Range) bool { return r.End == i+len(mention) })
		}
		for i := 0; i+len(mention) <= len(text); {
			if text[i:i+len(mention)] == mention && ner.Boundary(text, i) && ner.Boundary(text, i+len(mention)) && passes(i) {
				want = append(want, ner.Range{Start: i, End: i + len(mention)})
				i += len(mention)
				continue
			}
			i++
		}
		got, err := answers.Alignment{Tiers: 1, Boundary: "token"}.Align(&ner.Document{Text: text, Tokens: tokens}, mentions(mention))
		if err != nil {
			t.Fatal(err)
		}
		var found []ner.Range
		for _, s := range got.Spans {
			found = append(found, ner.Range{Start: s.Start, End: s.End})
		}
		if fmt.Sprint(found) != fmt.Sprint(want) {
			t.Errorf("%q in %q: %v, want %v", mention, text, found, want)
		}
	})
}
