package metrics

import (
	"slices"
	"strings"

	"nerbench/ner"
)

// PaperPartialF1 counts one passage for the paper's partial match
// (docs/spec/metrics.md §3.8). Since a match can be half a point, the counts are
// doubled: TP is 2·exact + half, and n_pred and n_gold are twice the sizes of the
// sets.
func PaperPartialF1(p *Passage, c *Counts) { countStrings(p.Published, true, c) }

// withHalfPoints doubles the counts of two sorted sets and adds the half points.
func withHalfPoints(s ner.Score, pred, gold []string) ner.Score {
	s = ner.Score{TP: 2 * s.TP, NPred: 2 * s.NPred, NGold: 2 * s.NGold}
	if s.TP < s.NPred && s.TP < s.NGold { // both sides have unmatched items
		s.TP += halfMatches(pred, gold)
	}
	return s
}

// HalfWithEpsilon is [WithEpsilon] for doubled counts.
func HalfWithEpsilon(s ner.Score) Ratios {
	return withEpsilon(float64(s.TP)/2, s.NPred/2, s.NGold/2)
}

// halfMatches is the size of a maximum one-to-one matching of the items without an
// exact partner in two sorted sets. An edge joins strings that share a word.
func halfMatches(pred, gold []string) int {
	restPred, restGold := without(pred, gold), without(gold, pred)
	edges := make([][]int, len(restPred)) // from a prediction to gold items
	for i, p := range restPred {
		words := strings.Fields(p)
		for j, g := range restGold {
			if slices.ContainsFunc(strings.Fields(g), func(w string) bool { return slices.Contains(words, w) }) {
				edges[i] = append(edges[i], j)
			}
		}
	}
	return maximumMatching(edges, len(restGold))
}

// without returns the items of a sorted set that are not in another one.
func without(set, other []string) []string {
	var rest []string
	for _, s := range set {
		if _, found := slices.BinarySearch(other, s); !found {
			rest = append(rest, s)
		}
	}
	return rest
}

// maximumMatching is the size of a maximum matching of a bipartite graph, computed
// by augmenting paths.
func maximumMatching(edges [][]int, right int) int {
	partner := make([]int, right) // of each right node, as left+1
	size := 0
	for left := range edges {
		if augment(edges, left, partner, make([]bool, right)) {
			size++
		}
	}
	return size
}

// augment finds a partner for a left node; other nodes may get new partners.
func augment(edges [][]int, left int, partner []int, tried []bool) bool {
	for _, r := range edges[left] {
		if tried[r] {
			continue
		}
		tried[r] = true
		if partner[r] == 0 || augment(edges, partner[r]-1, partner, tried) {
			partner[r] = left + 1
			return true
		}
	}
	return false
}
