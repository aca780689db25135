package distill

import (
	"errors"
	"strings"
	"unicode/utf8"

	"nerbench/ner"
)

// Counter counts the tokens of a text: at most one for each byte, and one more, since
// vocabularies fall back to bytes, and some add a blank.
type Counter func(text string) (int, error)

// Cutter cuts texts into parts of at most Most tokens (docs/spec/prompts.md §6.2).
type Cutter struct {
	Most int
	// Count counts by a tokenizer; nil: the words of [ner.Words].
	Count Counter
}

// Cut returns the parts of a text, in bytes. They cover it exactly. A part ends at the
// last end of a sentence in its second half, else at the last word that fits. A word that
// does not fit by itself, or has more than 16 bytes for each of the tokens, is cut.
func (c Cutter) Cut(text string) ([]ner.Range, error) {
	if c.Most < 1 {
		return nil, errors.New("cut: a part has at least 1 token")
	}
	words := ner.Words(text)
	var parts []ner.Range
	rate := usualRate
	for start := 0; len(words) > 0; {
		n, err := c.fits(text, words, &rate)
		if err != nil {
			return nil, err
		}
		if n == 0 { // the first word is too long
			end, err := c.inside(text, words[0], &rate)
			if err != nil {
				return nil, err
			}
			if end < words[0].End {
				parts = append(parts, ner.Range{Start: start, End: end})
				start, words[0].Start = end, end
				continue
			}
			n = 1 // a single character, or a wide word
		}
		if n < len(words) {
			n = lastSentence(text, words[:n+1])
		}
		words = words[n:]
		end := len(text)
		if len(words) > 0 {
			end = words[0].Start
		}
		parts = append(parts, ner.Range{Start: start, End: end})
		start = end
	}
	if len(parts) == 0 && text != "" { // white space
		parts = append(parts, ner.Range{End: len(text)})
	}
	return parts, nil
}

// wide is the number of bytes for each token of a part from which a word is cut, or measured
// from its beginning. A word of megabytes, such as encoded data, is no part of one token for
// any model, and each of its parts would send all the rest of it to a server.
const wide = 16

// isWide reports whether a word is wide.
func (c Cutter) isWide(word ner.Range) bool { return word.End-word.Start > c.Most*wide }

// fits returns the number of words at the start that are at most Most tokens together, or
// less, if [lastSentence] is the same. It is 0 for a wide word.
func (c Cutter) fits(text string, words []ner.Range, rate *float64) (int, error) {
	limit := min(c.Most, len(words))
	if c.Count == nil {
		for n, word := range words[:limit] {
			if c.isWide(word) {
				return n, nil
			}
		}
		return limit, nil
	}
	if c.isWide(words[0]) {
		return 0, nil
	}
	ends := func(n int) bool { return n < len(words) && sentenceEnds(text[words[n-1].Start:words[n].Start]) }
	return search{
		most:  c.Most,
		limit: limit,
		size:  func(n int) int { return words[n-1].End - words[0].Start },
		count: func(n int) (int, error) { return c.Count(text[words[0].Start:words[n-1].End]) },
		prefer: func(low, guess, high int) int {
			if guess == len(words) {
				return guess
			}
			for n := guess; n > low; n-- {
				if ends(n) {
					return n
				}
			}
			for n := guess + 1; n < high; n++ {
				if ends(n) {
					return n
				}
			}
			return guess
		},
		enough: func(low, high int) bool {
			if high > len(words) { // all of them may fit
				return false
			}
			for n := high - 1; n > (high-1)/2; n-- {
				if ends(n) {
					return n <= low
				}
			}
			return false
		},
	}.run(rate)
}

// inside returns the end of the longest part of a word that is at most Most tokens; at
// least one character.
func (c Cutter) inside(text string, word ner.Range, rate *float64) (int, error) {
	_, first := utf8.DecodeRuneInString(text[word.Start:word.End])
	boundary := func(n int) int {
		for n > 0 && !ner.Boundary(text, word.Start+n) {
			n--
		}
		return n
	}
	if c.Count == nil {
		return word.Start + boundary(c.Most*wide), nil
	}
	n, err := search{
		most:   c.Most,
		limit:  word.End - word.Start,
		size:   func(n int) int { return n },
		count:  func(n int) (int, error) { return c.Count(text[word.Start : word.Start+boundary(n)]) },
		prefer: func(_, guess, _ int) int { return guess },
		enough: func(int, int) bool { return false },
	}.run(rate)
	return word.Start + max(boundary(n), first), err
}

// lastSentence returns the number of words up to the last end of a sentence in the second
// half of all words but the last one, which begins the next part; all but the last one if
// there is none.
func lastSentence(text string, words []ner.Range) int {
	whole := len(words) - 1
	for n := whole; n > whole/2; n-- {
		if sentenceEnds(text[words[n-1].Start:words[n].Start]) {
			return n
		}
	}
	return whole
}

// sentenceEnds reports whether a sentence ends with a word, given with the white space
// behind it: a full stop or the like and white space, or a blank line. Quotes and brackets
// behind the full stop are words of their own, and no end.
func sentenceEnds(word string) bool {
	body := strings.TrimRightFunc(word, ner.IsSpace)
	space := word[len(body):]
	if strings.Count(space, "\n") > 1 {
		return true
	}
	switch body {
	case ".", "!", "?", "…":
		return space != ""
	case "。", "！", "？":
		return true
	}
	return false
}
