package stats

import (
	"cmp"
	"math"
	"slices"
)

// Holm adjusts p values for the number of comparisons that one table shows
// (docs/spec/metrics.md §12.5). The result has the order of the argument.
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

// Bonferroni multiplies p values by their number (docs/spec/metrics.md §12.5).
func Bonferroni(p []float64) []float64 {
	adjusted := make([]float64, len(p))
	for i := range p {
		adjusted[i] = min(1, float64(len(p))*p[i])
	}
	return adjusted
}

// Rank is the range of ranks of one system in a column, from 1: systems that
// the test does not tell apart share ranks.
type Rank struct{ From, To int }

// Ranks returns the rank range of each system of a column (docs/spec/metrics.md §12.6).
// p(i, j) is the p value of the comparison of systems i < j, not adjusted. The
// family of a test is one system's comparisons with all others, adjusted by
// [Holm]; two systems differ for it if the adjusted value is at most alpha and
// their F1s differ. Each range holds for its own system; they are not joint.
func Ranks(f1 []float64, p func(i, j int) float64, alpha float64) []Rank {
	k := len(f1)
	ranks := make([]Rank, k)
	for i := range ranks {
		var others []int
		var family []float64
		for j := range f1 {
			if j != i {
				others, family = append(others, j), append(family, p(min(i, j), max(i, j)))
			}
		}
		ranks[i] = Rank{From: 1, To: k}
		for n, adjusted := range Holm(family) {
			switch j := others[n]; {
			case adjusted > alpha:
			case f1[j] > f1[i]:
				ranks[i].From++
			case f1[j] < f1[i]:
				ranks[i].To--
			}
		}
	}
	return ranks
}

// RankRounds is the number of random rounds that a test of k systems needs, so
// that the smallest possible p value can pass Holm (docs/spec/metrics.md §12.6).
func RankRounds(k int, alpha float64) int {
	return max(Rounds, int(math.Ceil(20*float64(k-1)/alpha))-1)
}
