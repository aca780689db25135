// Package ngrams finds texts that share words with other texts: passages of a corpus that
// are in the test sets of the benchmark.
//
// Sequences of 13 words alone find little here, because most test sentences are shorter.
// So whole sentences of 6 words or more count too.
package ngrams

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"nerbench/ner"
)

const (
	// Long is the number of words of the sequences that are compared.
	Long = 13
	// Short is the smallest number of words of a sentence that is compared as a whole.
	Short = 6
)

// Set holds hashes of the sequences of words of texts. The zero value is not ready: see
// [New]. After the last Add, several goroutines may use it.
type Set struct {
	long      map[uint64]struct{}
	sentences map[uint64][]sentence // by the hash of the first [Short] words
	filter    []uint64              // bits of all hashes: most lookups end here
	powers    [Long + 1]uint64      // of the base of the hash
}

// sentence is a sentence shorter than [Long].
type sentence struct {
	words int
	hash  uint64
}

const (
	base       = 0x9E3779B97F4A7C15 // odd, so that no power is 0
	filterBits = 25                 // 4 MB
)

// New returns an empty set.
func New() *Set {
	s := &Set{long: map[uint64]struct{}{}, sentences: map[uint64][]sentence{}, filter: make([]uint64, 1<<(filterBits-6))}
	s.powers[0] = 1
	for i := range Long {
		s.powers[i+1] = s.powers[i] * base
	}
	return s
}

// Len is the number of sequences and sentences.
func (s *Set) Len() int {
	n := len(s.long)
	for _, list := range s.sentences {
		n += len(list)
	}
	return n
}

// Add adds a text: all sequences of [Long] words, and the sentences that are shorter but
// have [Short] words or more. A text that is shorter than [Long] counts as one sentence too,
// since its sentences may all be shorter than [Short].
func (s *Set) Add(text string) {
	w := scan(text, scanned{sums: make([]uint64, 1)})
	for i := 0; i+Long <= len(w.words); i++ {
		h := s.hash(w, i, i+Long)
		s.long[h] = struct{}{}
		s.mark(h)
	}
	from := 0
	for to := 1; to <= len(w.words); to++ {
		if to == len(w.words) || sentenceEnds(text[w.words[to-1].End:w.words[to].Start]) {
			s.addSentence(w, from, to)
			from = to
		}
	}
	if len(w.words) < Long {
		s.addSentence(w, 0, len(w.words))
	}
}

// sentenceEnds reports whether a sentence ends between two words, given what is between
// them. A full stop alone is part of a number or a name, such as 3.5.
func sentenceEnds(between string) bool {
	return between != "." && strings.ContainsAny(between, ".!?…。！？\n")
}

func (s *Set) addSentence(w scanned, from, to int) {
	if to-from < Short || to-from >= Long {
		return
	}
	first := s.hash(w, from, from+Short)
	added := sentence{to - from, s.hash(w, from, to)}
	for _, known := range s.sentences[first] {
		if known == added {
			return
		}
	}
	s.sentences[first] = append(s.sentences[first], added)
	s.mark(first)
}

// Find returns the first place of a text with words of the set, in bytes. ok is false if
// there is none.
func (s *Set) Find(text string) (place ner.Range, ok bool) {
	var words [usualWords]ner.Range // no allocation for a text of the usual length
	var sums [usualWords + 1]uint64
	w := scan(text, scanned{words: words[:0], sums: sums[:1]})
	for i := 0; i+Short <= len(w.words); i++ {
		if h := s.hash(w, i, i+Short); s.marked(h) {
			for _, known := range s.sentences[h] {
				if to := i + known.words; to <= len(w.words) && s.hash(w, i, to) == known.hash {
					return ner.Range{Start: w.words[i].Start, End: w.words[to-1].End}, true
				}
			}
		}
		if i+Long > len(w.words) {
			continue
		}
		if h := s.hash(w, i, i+Long); s.marked(h) {
			if _, known := s.long[h]; known {
				return ner.Range{Start: w.words[i].Start, End: w.words[i+Long-1].End}, true
			}
		}
	}
	return place, false
}

func (s *Set) mark(h uint64) {
	bit := mixed(h)
	s.filter[bit>>6] |= 1 << (bit & 63)
}

func (s *Set) marked(h uint64) bool {
	bit := mixed(h)
	return s.filter[bit>>6]&(1<<(bit&63)) != 0
}

// mixed maps a hash to a bit of the filter.
func mixed(h uint64) uint64 { return (h ^ h>>32) * base >> (64 - filterBits) }

// hash is the hash of words from to to: the sum of their hashes, each times a power of
// the base.
func (s *Set) hash(w scanned, from, to int) uint64 {
	return w.sums[to] - w.sums[from]*s.powers[to-from]
}

// scanned are the words of a text: runs of letters, digits and marks, in lower case.
// Punctuation is left out, because data with tokens has blanks around it.
type scanned struct {
	words []ner.Range
	sums  []uint64 // sums[i] is the hash of the first i words
}

// usualWords is the largest number of words of a usual chunk.
const usualWords = 320

// scan appends the words of a text to w, whose only sum is 0.
func scan(text string, w scanned) scanned {
	const offset, prime = 0xcbf29ce484222325, 0x100000001b3 // FNV-1a, of code points
	h, start := uint64(offset), -1                          // of the current word; -1: there is none
	sum := uint64(0)
	end := func(at int) {
		if start >= 0 {
			sum = sum*base + h
			w.words, w.sums = append(w.words, ner.Range{Start: start, End: at}), append(w.sums, sum)
			h, start = offset, -1
		}
	}
	for i := 0; i < len(text); {
		r, size := rune(0), 1
		if c := text[i]; c < utf8.RuneSelf {
			r = rune(ascii[c])
		} else if r, size = utf8.DecodeRuneInString(text[i:]); inWord(r) {
			r = unicode.ToLower(r)
		} else {
			r = 0
		}
		if r == 0 {
			end(i)
		} else {
			if start < 0 {
				start = i
			}
			h = (h ^ uint64(r)) * prime
		}
		i += size
	}
	end(len(text))
	return w
}

// ascii has the letters and digits of ASCII in lower case; 0: the character is in no word.
var ascii = func() (table [utf8.RuneSelf]byte) {
	for c := byte('0'); c <= '9'; c++ {
		table[c] = c
	}
	for c := byte('a'); c <= 'z'; c++ {
		table[c], table[c-'a'+'A'] = c, c
	}
	return table
}()

// inWord reports whether a character beyond ASCII is part of a word.
func inWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsMark(r) }
