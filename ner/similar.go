package ner

import (
	"slices"
	"strconv"
	"strings"
)

// mostSimilar is the largest number of names that [DidYouMean] suggests.
const mostSimilar = 5

// Choices is the end of an error about an unknown name: the known names that are similar
// ([DidYouMean]), or all of them if none is.
func Choices[T ~string](name T, known []T) string {
	names := make([]string, len(known))
	for i, k := range known {
		names[i] = string(k)
	}
	if similar := DidYouMean(string(name), names); similar != "" {
		return similar
	}
	return " (known: " + strings.Join(names, ", ") + ")"
}

// DidYouMean is the end of an error about an unknown name: the known names that a user
// most probably meant, or nothing if none is similar. Names differ by few letters,
// regardless of case; else one contains the other, or they share their first part, as
// the datasets of one corpus do.
func DidYouMean(name string, known []string) string {
	found := closest(name, known)
	if found == nil {
		found = related(name, known)
	}
	if found == nil {
		return ""
	}
	found = found[:min(len(found), mostSimilar)]
	quoted := make([]string, len(found))
	for i, f := range found {
		quoted[i] = strconv.Quote(f)
	}
	last := len(quoted) - 1
	if last == 0 {
		return "; did you mean " + quoted[0] + "?"
	}
	return "; did you mean " + strings.Join(quoted[:last], ", ") + " or " + quoted[last] + "?"
}

// closest returns the known names with the fewest typing errors, if there are few
// enough for the length of the name.
func closest(name string, known []string) []string {
	var found []string
	least := (len([]rune(name)) + 1) / 3
	for _, k := range known {
		switch d := typingErrors(strings.ToLower(name), strings.ToLower(k)); {
		case d > least:
		case d < least:
			found, least = []string{k}, d
		case !slices.Contains(found, k):
			found = append(found, k)
		}
	}
	return found
}

// related returns the known names that contain the name or are contained in it,
// regardless of separators, else those with the same first part.
func related(name string, known []string) []string {
	letters, first := withoutSeparators(name), firstPart(name)
	var within, beside []string
	for _, k := range known {
		other := withoutSeparators(k)
		switch {
		case len(letters) > 2 && strings.Contains(other, letters) || len(other) > 3 && strings.Contains(letters, other):
			within = append(within, k)
		case len(first) > 2 && firstPart(k) == first:
			beside = append(beside, k)
		}
	}
	if within != nil {
		return within
	}
	return beside
}

const separators = "-_./+ "

// withoutSeparators is a name in lower case, without what separates its parts.
func withoutSeparators(name string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(separators, r) {
			return -1
		}
		return r
	}, strings.ToLower(name))
}

// firstPart is a name in lower case up to its first separator.
func firstPart(name string) string {
	name = strings.ToLower(name)
	if i := strings.IndexAny(name, separators); i >= 0 {
		return name[:i]
	}
	return name
}

// typingErrors is the least number of letters to insert, delete, replace or swap with
// their neighbour that makes one text of the other (optimal string alignment).
func typingErrors(a, b string) int {
	from, to := []rune(a), []rune(b)
	rows := make([][]int, len(from)+1)
	for i := range rows {
		rows[i] = make([]int, len(to)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(from); i++ {
		for j := 1; j <= len(to); j++ {
			replaced := rows[i-1][j-1]
			if from[i-1] != to[j-1] {
				replaced++
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, replaced)
			if i > 1 && j > 1 && from[i-1] == to[j-2] && from[i-2] == to[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(from)][len(to)]
}
