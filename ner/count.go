package ner

import (
	"strconv"
	"strings"
)

// Count is a number with a noun for people: "1 run", "2 runs", "0 queries". The noun is
// given in the singular; its plural ends in s, or in ies after a consonant with y.
func Count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + Plural(n, noun)
}

// Plural is the noun of [Count] without the number.
func Plural(n int, noun string) string {
	switch stem, y := strings.CutSuffix(noun, "y"); {
	case n == 1:
		return noun
	case y && !strings.ContainsAny(stem[max(len(stem)-1, 0):], "aeiou"):
		return stem + "ies"
	}
	return noun + "s"
}

// Are is the verb behind a number: "1 run is", "2 runs are".
func Are(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}
