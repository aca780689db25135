package stats_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"nerbench/metrics/stats"
	"nerbench/ner"
)

// drawnPassage is a passage of a population: some have no gold, some are difficult,
// and the predictions in a passage are correlated.
func drawnPassage(rng *rand.Rand) (a, b ner.Score) {
	gold := rng.IntN(7)
	skill := math.Sqrt(rng.Float64())
	system := func() ner.Score {
		s := ner.Score{NGold: gold}
		for range gold {
			if rng.Float64() < skill {
				s.TP++
				s.NPred++
			}
		}
		if rng.Float64() < 0.4 {
			s.NPred += 1 + rng.IntN(2)
		}
		return s
	}
	return system(), system()
}

// BenchmarkCoverage shows that 95 % intervals contain the F1 of the population in
// about 95 % of samples, and that p is uniform if two systems do not differ: 4,000
// samples of 250 passages.
func BenchmarkCoverage(b *testing.B) {
	const samples, passages, resamples, rounds = 4_000, 250, 1_000, 999
	var truth ner.Score
	rng := rand.New(rand.NewPCG(7, 8))
	for range 2_000_000 {
		s, _ := drawnPassage(rng)
		truth = truth.Add(s)
	}
	f1, _ := truth.F1()
	for b.Loop() {
		held, p := 0, make([]float64, samples)
		for i := range samples {
			dataset := stats.Dataset{Seed: stats.DatasetSeed(i, "coverage")}
			for range passages {
				x, y := drawnPassage(rng)
				dataset.A, dataset.B = append(dataset.A, x), append(dataset.B, y)
			}
			if in := stats.Bootstrap([]stats.Dataset{dataset}, resamples); in.Low <= f1 && f1 <= in.High {
				held++
			}
			p[i] = stats.Randomise([]stats.Dataset{dataset}, rounds).P
		}
		slices.Sort(p)
		below := func(alpha float64) float64 {
			n, _ := slices.BinarySearchFunc(p, alpha, func(v, alpha float64) int {
				if v <= alpha {
					return -1
				}
				return 1
			})
			return 100 * float64(n) / samples
		}
		farthest := 0.0 // the Kolmogorov-Smirnov distance from the uniform distribution
		for i, v := range p {
			farthest = max(farthest, math.Abs(float64(i+1)/samples-v), math.Abs(float64(i)/samples-v))
		}
		coverage := 100 * float64(held) / samples
		b.ReportMetric(coverage, "%-covered")
		b.ReportMetric(below(0.05), "%-p<=0.05")
		b.ReportMetric(below(0.5), "%-p<=0.5")
		b.ReportMetric(farthest, "KS-distance")
		if coverage < 94 || coverage > 96 {
			b.Errorf("intervals contain the true F1 in %.1f %% of samples, want 94 to 96", coverage)
		}
		if limit := 1.63 / math.Sqrt(samples); farthest > limit+1.0/(rounds+1) { // p = 0.01
			b.Errorf("p is not uniform: Kolmogorov-Smirnov distance %.4f, at most %.4f", farthest, limit)
		}
	}
}
