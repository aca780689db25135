package stats

import (
	"cmp"
	"slices"
)

// Holm adjusts p values for the number of comparisons that one table shows
// (METRICS.md §12.5). The result has the order of the argument.
func Holm(p []float64) []float64 {
	order := make([]int, len(p))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(p[i], p[j]) })
	adjusted := make([]float64, len(p))
	highest := 0.0
	for k, i := range order {
		highest = max(highest, min(1, float64(len(p)-k)*p[i]))
		adjusted[i] = highest
	}
	return adjusted
}

// Bonferroni multiplies p values by their number (METRICS.md §12.5).
func Bonferroni(p []float64) []float64 {
	adjusted := make([]float64, len(p))
	for i := range p {
		adjusted[i] = min(1, float64(len(p))*p[i])
	}
	return adjusted
}

// Rank is the place of one system in a column.
type Rank struct {
	// From and To bound the rank, from 1: systems that do not differ
	// significantly share ranks.
	From, To int
	// TieGroup counts from 1. The members of a group cannot be told apart from
	// the next ones without a gap.
	TieGroup int
}

// Ranks orders the systems of a column by F1 (METRICS.md §12.6). adjusted(i, j)
// is the adjusted p value of systems i < j; they differ if it is at most alpha
// and their F1s do.
func Ranks(f1 []float64, adjusted func(i, j int) float64, alpha float64) []Rank {
	better := func(i, j int) bool {
		return f1[i] > f1[j] && adjusted(min(i, j), max(i, j)) <= alpha
	}
	k := len(f1)
	ranks := make([]Rank, k)
	for i := range ranks {
		ranks[i] = Rank{From: 1, To: k}
		for j := range f1 {
			if better(j, i) {
				ranks[i].From++
			}
			if better(i, j) {
				ranks[i].To--
			}
		}
	}
	order := make([]int, k)
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(f1[j], f1[i]) })
	group := 0
	for at, i := range order {
		if at == 0 || apart(order[:at], order[at:], better) {
			group++
		}
		ranks[i].TieGroup = group
	}
	return ranks
}

// apart reports whether every system of one list is better than every one of
// the other.
func apart(before, from []int, better func(i, j int) bool) bool {
	for _, i := range before {
		for _, j := range from {
			if !better(i, j) {
				return false
			}
		}
	}
	return true
}
