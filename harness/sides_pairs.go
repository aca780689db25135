package harness

import (
	"errors"
	"slices"
	"strings"
)

// ProposePairs returns pairs of names that can be compared instead of the sides A and B,
// whose comparison failed because several runs fit a name: each name of a pair fits one
// run on each of its datasets, and both have a dataset in common. nil: the error is
// another one, or there is no such pair.
func ProposePairs(err error, sides []string) [][2]string {
	parts := ambiguous(err)
	if len(parts) == 0 {
		return nil // also for files, which have no names
	}
	choices := [][]Choice{nil, nil}
	for _, part := range parts {
		side := strings.Index("AB", part.Side)
		choices[side] = part.Choices
		if part.Other != nil {
			choices[1-side] = []Choice{{Name: sides[1-side], Datasets: part.Other}}
		}
	}
	same := sides[0] == sides[1]
	var pairs [][2]string
	for i, a := range choices[0] {
		for j, b := range choices[1] {
			if (!same || i < j) && meet(a, b) { // each pair once, and no run with itself
				pairs = append(pairs, [2]string{a.Name, b.Name})
			}
		}
	}
	return pairs
}

// meet reports whether two choices have runs on one dataset.
func meet(a, b Choice) bool {
	return slices.ContainsFunc(a.Datasets, func(id string) bool { return slices.Contains(b.Datasets, id) })
}

// ambiguous lists the errors about names that several runs fit.
func ambiguous(err error) []*AmbiguousError {
	parts := []error{err}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		parts = joined.Unwrap()
	}
	var out []*AmbiguousError
	for _, part := range parts {
		if several, ok := errors.AsType[*AmbiguousError](part); ok {
			out = append(out, several)
		}
	}
	return out
}
