package stats

import (
	"math"

	"nerbench/internal/parallel"
	"nerbench/ner"
)

// Rounds is the number of rounds of a printed test (docs/spec/metrics.md §12.4).
const Rounds = 9_999

// fewest is the largest number of differing passages for which all swaps are
// computed.
const fewest = 16

// tolerance decides in favour of >= if two differences are equal fractions that
// differ only by rounding.
const tolerance = 1e-12

// Test is the outcome of a paired test.
type Test struct {
	// Difference is F1 of A minus F1 of B, or the difference of the averages.
	Difference float64
	// P is two-sided.
	P float64
	// Count swaps of Tried gave a difference at least as large. The observed order
	// is one of them only if all swaps were computed.
	Count, Tried int
	// Exact: all swaps were computed.
	Exact bool
	// Spread is the root mean square of the differences after the swaps: the standard
	// deviation of the difference between two systems of which none is better.
	Spread float64
	// Whole are the sums of the first rounds, from which [ComparePairs] continues a test with
	// more of them; zero if it has none.
	Whole Sums
}

// Sums are the sums of the first rounds of a test, a multiple of [RoundChunk].
type Sums struct {
	Rounds, Count int
	Squares       float64 // of the differences
}

// Compare tests whether two systems differ, by swapping their counts passage by
// passage (docs/spec/metrics.md §12.4). Both systems of a dataset must have the
// same passages. If at most 16 passages differ, all 2^m swaps are computed,
// otherwise [Rounds] random ones.
func Compare(datasets []Dataset) Test { return CompareIn(datasets, Rounds) }

// CompareIn is [Compare] with a given number of random rounds.
func CompareIn(datasets []Dataset, rounds int) Test {
	pairs, places := pairDatasets(datasets)
	if len(places) > fewest {
		return randomise(pairs, rounds)
	}
	t := Test{Difference: difference(pairs, nothing), Tried: 1 << len(places), Exact: true}
	t.Count, t.Spread = enumerate(pairs, places, math.Abs(t.Difference)-tolerance)
	t.P = float64(t.Count) / float64(t.Tried)
	return t
}

// Randomise is [Compare] with random rounds, even if few passages differ.
func Randomise(datasets []Dataset, rounds int) Test {
	pairs, _ := pairDatasets(datasets)
	return randomise(pairs, rounds)
}

func randomise(pairs []pairedDataset, rounds int) Test {
	t := Test{Difference: difference(pairs, nothing), Tried: rounds}
	least := math.Abs(t.Difference) - tolerance
	differences := make([]float64, rounds)
	parallel.Each(rounds, func(r int) {
		differences[r] = difference(pairs, func(i int) int64 { return pairs[i].swapped(r) })
	})
	var squares float64
	for _, d := range differences {
		if math.Abs(d) >= least {
			t.Count++
		}
		squares += d * d
	}
	t.P = float64(1+t.Count) / float64(rounds+1)
	t.Spread = math.Sqrt(squares / float64(rounds))
	return t
}

// nothing moves no counts: it is the observed order.
func nothing(int) int64 { return 0 }

// pairedDataset holds the sums of both systems, and the counts that move from B to
// A if a passage is swapped: 2·tp in the upper, n_pred + n_gold in the lower half.
type pairedDataset struct {
	seed  uint64
	a, b  int64
	moves []int64
}

// place is a passage on which the systems differ: its dataset, and the counts that
// it moves.
type place struct {
	dataset int
	move    int64
}

func pairDatasets(datasets []Dataset) (pairs []pairedDataset, places []place) {
	for n, r := range datasets {
		p := pairedDataset{seed: r.Seed, moves: make([]int64, len(r.A))}
		for i := range r.A {
			p.a += word(r.A[i])
			p.b += word(r.B[i])
			p.moves[i] = word(r.B[i]) - word(r.A[i])
			if r.A[i] != r.B[i] {
				places = append(places, place{n, p.moves[i]})
			}
		}
		pairs = append(pairs, p)
	}
	return pairs, places
}

func word(s ner.Score) int64 { return int64(2*s.TP)<<32 + int64(s.NPred+s.NGold) }

// swapped sums the counts that move in round r. Passage i is swapped if bit i mod
// 64, lowest first, of number i div 64 of the round's stream is set.
func (p *pairedDataset) swapped(r int) int64 {
	stream := NewStream(p.seed, r)
	var sum int64
	for first := 0; first < len(p.moves); first += 64 {
		bits := stream.Next()
		for _, m := range p.moves[first:min(first+64, len(p.moves))] {
			sum += m & -int64(bits&1)
			bits >>= 1
		}
	}
	return sum
}

// difference is the difference of the averages after moved(i) was moved in dataset
// i.
func difference(pairs []pairedDataset, moved func(int) int64) float64 {
	if len(pairs) == 0 {
		return 0
	}
	var sum float64
	for i := range pairs {
		m := moved(i)
		sum += f1(uint64(pairs[i].a+m)) - f1(uint64(pairs[i].b-m))
	}
	return sum / float64(len(pairs))
}

// enumerate counts the swaps of the differing passages with a difference of at
// least least. spread is the root mean square of all differences.
func enumerate(pairs []pairedDataset, places []place, least float64) (count int, spread float64) {
	var squares float64
	moved := make([]int64, len(pairs))
	for swaps := range 1 << len(places) {
		clear(moved)
		for i, p := range places {
			if swaps>>i&1 == 1 {
				moved[p.dataset] += p.move
			}
		}
		d := difference(pairs, func(i int) int64 { return moved[i] })
		if math.Abs(d) >= least {
			count++
		}
		squares += d * d
	}
	return count, math.Sqrt(squares / float64(int(1)<<len(places)))
}
