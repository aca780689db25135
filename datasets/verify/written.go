package verify

import (
	"strings"
	"unicode"
)

// written returns a mention as models write it: without the blanks that tokenizers
// add, and with the signs of a keyboard (docs/spec/metrics.md §7.6).
func written(surface string) string {
	surface = tokenizerCodes.Replace(surface)
	surface = keyboardSigns.Replace(surface)
	words := strings.Fields(surface)
	var b strings.Builder
	for i, word := range words {
		if i > 0 && !joined(words[i-1], word) {
			b.WriteByte(' ')
		}
		b.WriteString(word)
	}
	return b.String()
}

// tokenizerCodes are signs as tokenizers write them.
var tokenizerCodes = strings.NewReplacer(
	"-LRB-", "(", "-RRB-", ")", "-LSB-", "[", "-RSB-", "]", "-LCB-", "{", "-RCB-", "}", "``", `"`, "''", `"`,
)

// keyboardSigns replaces signs that a keyboard does not have, and removes characters
// without width.
var keyboardSigns = strings.NewReplacer(
	"\u2010", "-", "\u2011", "-", "\u2012", "-", "\u2013", "-", "\u2014", "-", "\u2015", "-", "\u2212", "-",
	"\u2018", "'", "\u2019", "'", "\u201a", "'", "\u201b", "'", "\u2032", "'",
	"\u201c", `"`, "\u201d", `"`, "\u201e", `"`, "\u201f", `"`, "\u2033", `"`, "\u00ab", `"`, "\u00bb", `"`,
	"\u2026", "...", "\u00ad", "", "\u200b", "", "\u200c", "", "\u200d", "", "\u2060", "", "\ufeff", "",
)

// joined reports whether no blank is between two words.
func joined(left, right string) bool {
	const before, after, both = ".,;:!?)]}%'", "([{$#", "-/"
	switch {
	case madeOf(left, both) || madeOf(right, both):
		return true
	case right[0] == '\'' || right == "n't":
		return true
	case madeOf(right, before) || madeOf(left, after):
		return true
	}
	return left == "'" && len(right) == 1 && unicode.IsLetter(rune(right[0])) // Alzheimer ' s
}

func madeOf(word, signs string) bool { return strings.Trim(word, signs) == "" }
