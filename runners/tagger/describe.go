package tagger

import (
	"unicode"
	"unicode/utf8"
)

// affixes is the length of the longest prefix and suffix, in letters.
const affixes = 5

// word holds the properties of a word without its context, each as a hash of 64 bits.
// The text itself is not stored. Collisions of hashes are less likely than memory
// errors.
type word struct {
	form   uint64          // as written
	lower  uint64          // lower-cased
	shape  uint64          // "Xxxxx-dd": the kind of each letter
	short  uint64          // the shape with repeated kinds merged: "Xx-d"
	kind   uint64          // bits: capitals, digits, hyphen, …
	prefix [affixes]uint64 // first 1 to 5 letters, lower-cased
	suffix [affixes]uint64 // last 1 to 5
}

// The bits of word.kind.
const (
	startsUpper = 1 << iota
	allUpper
	hasDigit
	allDigits
	allMarks
	hasHyphen
	mixedCase
)

// mark stands for missing letters before and after a word in its affixes. No text
// contains it.
const mark = unicode.MaxRune + 1

// describe computes the properties of a word.
func describe(s string) word {
	var w word
	form, lower, shape, short := seed('f'), seed('l'), seed('s'), seed('r')
	prefix := seed('p')
	n, upper, lowered, digits, marks, hyphens := 0, 0, 0, 0, 0, 0
	last := rune(-1)
	for _, c := range s {
		small := unicode.ToLower(c)
		form, lower = form.add(c), lower.add(small)
		if n < affixes {
			prefix = prefix.add(small)
			w.prefix[n] = prefix.done()
		}
		n++
		class := classOf(c)
		switch class {
		case 'X':
			upper++
		case 'x':
			lowered++
		case 'd':
			digits++
		case 'l':
		case '-':
			hyphens++
			marks++
		default:
			marks++
		}
		shape = shape.add(class)
		if class != last {
			short = short.add(class)
			last = class
		}
	}
	suffix, rest := seed('e'), s
	for k := range affixes {
		if k >= n {
			prefix = prefix.add(mark)
			w.prefix[k] = prefix.done()
		}
		c, size := utf8.DecodeLastRuneInString(rest)
		if size == 0 {
			c = mark
		}
		rest = rest[:len(rest)-size]
		suffix = suffix.add(unicode.ToLower(c))
		w.suffix[k] = suffix.done()
	}
	first, _ := utf8.DecodeRuneInString(s)
	kind := bit(unicode.IsUpper(first), startsUpper) | bit(upper == n, allUpper) |
		bit(digits > 0, hasDigit) | bit(digits == n, allDigits) | bit(marks == n, allMarks) |
		bit(hyphens > 0, hasHyphen) | bit(upper > 1 && lowered > 0, mixedCase)
	w.form, w.lower, w.shape, w.short = form.done(), lower.done(), shape.done(), short.done()
	w.kind = seed('k').add(kind).done()
	return w
}

// classOf is the kind of a letter in a shape: X and x for upper and lower case, l for
// letters without case, d for digits, o for others. ASCII marks stand for themselves.
func classOf(c rune) rune {
	switch {
	case unicode.IsUpper(c):
		return 'X'
	case unicode.IsLower(c):
		return 'x'
	case unicode.IsLetter(c):
		return 'l'
	case unicode.IsDigit(c):
		return 'd'
	case c < utf8.RuneSelf:
		return c
	}
	return 'o'
}

func bit(yes bool, b rune) rune {
	if yes {
		return b
	}
	return 0
}

// fnv is FNV-1a over code points.
type fnv uint64

func seed(kind rune) fnv { return fnv(14695981039346656037).add(kind) }

func (h fnv) add(c rune) fnv { return (h ^ fnv(c)) * 1099511628211 }

func (h fnv) done() uint64 { return mix(uint64(h)) }

// mix makes every bit depend on all others (the finisher of SplitMix64).
func mix(h uint64) uint64 {
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	return h ^ h>>31
}
