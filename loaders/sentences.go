package loaders

import (
	_ "embed"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"nerbench/ner"
)

//go:embed abbreviations.txt
var abbreviationList string

// abbreviations are the words whose full stop does not end a sentence.
type abbreviations struct {
	always, beforeNumber map[string]bool
}

// readAbbreviations parses the embedded list once.
var readAbbreviations = sync.OnceValue(func() abbreviations {
	a := abbreviations{map[string]bool{}, map[string]bool{}}
	for line := range strings.Lines(abbreviationList) {
		words := strings.Fields(line)
		switch {
		case len(words) == 0 || words[0] == "#":
		case words[0] == "+":
			for _, w := range words[1:] {
				a.beforeNumber[w] = true
			}
		default:
			for _, w := range words {
				a.always[w] = true
			}
		}
	}
	return a
})

// Sentences splits a text into sentences by rules. A line feed ends a sentence. So
// do ".", "?", "!" and "…", with the closing quotes and brackets after them, if
// white space follows and the next character can begin a sentence. A full stop does
// not end a sentence after an abbreviation or the initial of a name, or before a
// small letter. A separate mark, as in texts of joined tokens, always ends a
// sentence.
//
// The ranges, in bytes, are adjacent: white space belongs to the previous sentence,
// and all ranges joined are the text.
func Sentences(text string) []ner.Range {
	var sentences []ner.Range
	start := 0
	cut := func(end int) {
		if end > start {
			sentences = append(sentences, ner.Range{Start: start, End: end})
			start = end
		}
	}
	for i := 0; i < len(text); {
		c, size := utf8.DecodeRuneInString(text[i:])
		end := i + size
		switch {
		case c == '\n':
			cut(skipSpace(text, end))
		case isTerminal(c):
			end = skipClosing(text, end)
			if i == start || isSpaceBefore(text, i) {
				end = skipClosingTokens(text, end)
			}
			if next := skipSpace(text, end); next > end && next < len(text) && endsSentence(text[start:i], c, text[next:]) {
				cut(next)
				end = next
			}
		}
		i = max(end, start)
	}
	cut(len(text))
	return sentences
}

func isTerminal(c rune) bool { return c == '.' || c == '?' || c == '!' || c == '…' }

// skipClosing skips terminals, and closing quotes and brackets.
func skipClosing(text string, at int) int {
	for at < len(text) {
		c, size := utf8.DecodeRuneInString(text[at:])
		if !isTerminal(c) && !strings.ContainsRune(`"')]}’”»`, c) {
			break
		}
		at += size
	}
	return at
}

func isSpaceBefore(text string, at int) bool {
	c, _ := utf8.DecodeLastRuneInString(text[:at])
	return unicode.IsSpace(c)
}

// skipClosingTokens skips separate closing brackets and quotes after a separate
// mark.
func skipClosingTokens(text string, at int) int {
	for {
		next := skipSpace(text, at)
		word, _, _ := strings.Cut(text[next:], " ")
		switch word {
		case ")", "]", "}", "’", "”", "''", "-RRB-", "-RSB-":
			at = next + len(word)
		default:
			return at
		}
	}
}

func skipSpace(text string, at int) int {
	for at < len(text) {
		c, size := utf8.DecodeRuneInString(text[at:])
		if !unicode.IsSpace(c) {
			break
		}
		at += size
	}
	return at
}

// endsSentence decides whether a mark ends a sentence, by the text of the sentence
// before it and the text after the white space.
func endsSentence(before string, mark rune, after string) bool {
	word := before[len(strings.TrimRightFunc(before, isNoSpace)):]
	if word == "" {
		return strings.TrimSpace(before) != "" // a separate mark
	}
	next, _ := utf8.DecodeRuneInString(strings.TrimLeft(after, `"'([{‘“«`))
	if mark != '.' {
		return !unicode.IsLower(next)
	}
	word = strings.TrimLeft(word, `"'([{‘“«`)
	known := readAbbreviations()
	switch {
	case unicode.IsLower(next), known.always[word], isInitial(word):
		return false
	case known.beforeNumber[word]:
		return !unicode.IsDigit(next) && !isRoman(after)
	}
	return true
}

func isNoSpace(c rune) bool { return !unicode.IsSpace(c) }

// isInitial reports whether a word is a single capital letter, or letters separated
// by full stops, as in J. or U.S.
func isInitial(word string) bool {
	for part := range strings.SplitSeq(word, ".") {
		c, size := utf8.DecodeRuneInString(part)
		if size != len(part) || !unicode.IsUpper(c) {
			return false
		}
	}
	return true
}

// isRoman reports whether a text begins with a Roman number.
func isRoman(text string) bool {
	word, _, _ := strings.Cut(text, " ")
	word = strings.TrimRight(word, ".,;:)")
	return word != "" && strings.Trim(word, "IVXLC") == ""
}
