package stats

import (
	"math"
	"runtime"
	"slices"
	"sync"

	"nerbench/ner"
)

// Resamples is the number of resamples of a printed interval (docs/spec/metrics.md
// §12.3).
const Resamples = 10_000

// Dataset is the input of a statistic from one dataset of a benchmark.
type Dataset struct {
	// Seed is the dataset's stream seed, see [DatasetSeed].
	Seed uint64
	// A holds the counts of each passage, in the order of the file. B holds those of
	// a second system on the same passages; nil if there is only one.
	A, B []ner.Score
}

// Interval is a 95 % confidence interval.
type Interval struct{ Low, High float64 }

// Intervals are those of two systems and of their difference A − B, computed from
// the same resamples (docs/spec/metrics.md §12.3).
type Intervals struct{ A, B, Difference Interval }

// Bootstrap returns the percentile interval of the F1 of system A over the
// datasets, by resampling passages (docs/spec/metrics.md §12.3). It is zero without
// datasets.
func Bootstrap(datasets []Dataset, resamples int) Interval {
	values := make([]float64, resamples)
	packed := packDatasets(datasets, false)
	parallel(resamples, func(b int) {
		values[b], _ = resample(packed, b)
	})
	return percentiles(values)
}

// BootstrapPair is [Bootstrap] of both systems and of their difference.
func BootstrapPair(datasets []Dataset, resamples int) Intervals {
	a, b, difference := make([]float64, resamples), make([]float64, resamples), make([]float64, resamples)
	packed := packDatasets(datasets, true)
	parallel(resamples, func(i int) {
		a[i], b[i] = resample(packed, i)
		difference[i] = a[i] - b[i]
	})
	return Intervals{percentiles(a), percentiles(b), percentiles(difference)}
}

// packedDataset holds for each passage one word with 2·tp in the upper and n_pred +
// n_gold in the lower half: the sum of words holds both sums, which are enough for
// F1.
type packedDataset struct {
	seed uint64
	a, b []uint64
}

func packDatasets(datasets []Dataset, pair bool) []packedDataset {
	packed := make([]packedDataset, len(datasets))
	for i, r := range datasets {
		packed[i] = packedDataset{seed: r.Seed, a: packAll(r.A)}
		if pair {
			packed[i].b = packAll(r.B)
		}
	}
	return packed
}

func packAll(scores []ner.Score) []uint64 {
	words := make([]uint64, len(scores))
	for i, s := range scores {
		words[i] = pack(s)
	}
	return words
}

func pack(s ner.Score) uint64 { return uint64(2*s.TP)<<32 + uint64(s.NPred+s.NGold) }

// f1 is the F1 of packed counts; 0 if it is undefined.
func f1(word uint64) float64 {
	n := uint32(word)
	if n == 0 {
		return 0
	}
	return float64(word>>32) / float64(n)
}

// resample draws passages inside each dataset and averages the datasets' F1s.
func resample(datasets []packedDataset, b int) (meanA, meanB float64) {
	for _, dataset := range datasets {
		stream := NewStream(dataset.seed, b)
		var sumA, sumB uint64
		n := len(dataset.a)
		if dataset.b == nil {
			for range n {
				sumA += dataset.a[stream.Index(n)]
			}
		} else {
			for range n {
				i := stream.Index(n)
				sumA += dataset.a[i]
				sumB += dataset.b[i]
			}
		}
		meanA += f1(sumA)
		meanB += f1(sumB)
	}
	return meanA / float64(len(datasets)), meanB / float64(len(datasets))
}

// percentiles returns the percentiles 2.5 and 97.5 of values, interpolated linearly. It
// changes the order of the values.
func percentiles(values []float64) Interval {
	if len(values) == 0 || math.IsNaN(values[0]) { // no datasets
		return Interval{}
	}
	at := func(q float64) float64 {
		h := float64(len(values)-1) * q
		i := int(h)
		v := smallest(values, i)
		if i+1 == len(values) {
			return v
		}
		next := slices.Min(values[i+1:]) // smallest has moved the larger values there
		return v + (h-float64(i))*(next-v)
	}
	return Interval{at(0.025), at(0.975)}
}

// smallest returns the value that would be at index k if the values were sorted, moves no
// larger ones before it, and no smaller ones behind it. It needs linear time.
func smallest(values []float64, k int) float64 {
	for low, high := 0, len(values)-1; low < high; {
		a, b, c := values[low], values[(low+high)/2], values[high]
		pivot := max(min(a, b), min(max(a, b), c)) // their median
		less, i, more := low, low, high
		for i <= more {
			switch v := values[i]; {
			case v < pivot:
				values[i], values[less] = values[less], v
				less++
				i++
			case v > pivot:
				values[i], values[more] = values[more], v
				more--
			default:
				i++
			}
		}
		switch {
		case k < less:
			high = less - 1
		case k > more:
			low = more + 1
		default:
			return pivot
		}
	}
	return values[k]
}

// parallel calls f for 0 to n-1 on all processors and waits.
func parallel(n int, f func(int)) {
	workers := min(runtime.GOMAXPROCS(0), n)
	var group sync.WaitGroup
	for w := range workers {
		group.Go(func() {
			for i := w; i < n; i += workers {
				f(i)
			}
		})
	}
	group.Wait()
}
