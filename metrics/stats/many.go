package stats

import (
	"cmp"
	"math"
	"slices"
)

// Holm adjusts p values for the number of comparisons in one table
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

// Rank is the range of ranks of one system in a column, from 1: systems without a
// significant difference share ranks.
type Rank struct{ From, To int }

// Ranks returns the rank range of each system of a column (docs/spec/metrics.md
// §12.6). p(i, j) is the unadjusted p value of the comparison of systems i < j. A
// test family is the comparisons of one system with all others, adjusted by [Holm].
// Two systems differ if the adjusted value is at most alpha and their F1s differ.
// The ranges hold for each system separately, not jointly.
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

// RankRounds is the number of random rounds for tests of k systems at which the
// smallest possible p value passes Holm (docs/spec/metrics.md §12.6).
func RankRounds(k int, alpha float64) int {
	return max(Rounds, int(math.Ceil(20*float64(k-1)/alpha))-1)
}

// Distinguishable is the smallest difference of two systems with p = 0.05, for the median
// of the spreads of several pairs ([Test]): 1.96 times this spread
// (docs/spec/metrics.md §12.8). It is 0 without pairs.
func Distinguishable(spreads []float64) float64 {
	if len(spreads) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(spreads))
	n := len(sorted)
	return normalQuantile * (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// normalQuantile is the quantile 0.975 of the standard normal distribution.
const normalQuantile = 1.959963984540054
