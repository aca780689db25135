package stats

import (
	"runtime"
	"slices"

	"nerbench/internal/parallel"
	"nerbench/ner"
)

// PassageScore is the count of a passage that is not zero.
type PassageScore struct {
	Passage int // its index in the dataset, from 0
	Score   ner.Score
}

// BootstrapParts returns the intervals of parts of one dataset, such as its types,
// all from the same resamples. Each equals the result of [Bootstrap] with zero
// counts for the passages that are not listed, but the dataset is resampled only
// once.
func BootstrapParts(seed uint64, passages int, parts [][]PassageScore, resamples int) []Interval {
	intervals := make([]Interval, len(parts))
	for i, values := range partValues(seed, passages, parts, resamples) {
		intervals[i] = percentiles(values)
	}
	return intervals
}

// BootstrapPairParts is [BootstrapPair] for parts of one dataset: a and b hold the
// same parts of two systems.
func BootstrapPairParts(seed uint64, passages int, a, b [][]PassageScore, resamples int) []Intervals {
	values := partValues(seed, passages, slices.Concat(a, b), resamples)
	intervals := make([]Intervals, len(a))
	for i := range a {
		ofA, ofB := values[i], values[len(a)+i]
		difference := make([]float64, resamples)
		for k := range difference {
			difference[k] = ofA[k] - ofB[k]
		}
		intervals[i] = Intervals{percentiles(ofA), percentiles(ofB), percentiles(difference)}
	}
	return intervals
}

// partValues are the F1s of each part by resample.
func partValues(seed uint64, passages int, parts [][]PassageScore, resamples int) [][]float64 {
	packed := make([][]packedScore, len(parts))
	values := make([][]float64, len(parts))
	for i, part := range parts {
		values[i] = make([]float64, resamples)
		for _, s := range part {
			packed[i] = append(packed[i], packedScore{uint32(s.Passage), pack(s.Score)})
		}
	}
	workers := min(runtime.GOMAXPROCS(0), resamples)
	parallel.Each(workers, func(w int) {
		times := make([]uint32, passages) // number of draws of each passage
		for b := w; b < resamples; b += workers {
			clear(times)
			stream := NewStream(seed, b)
			for range passages {
				times[stream.Index(passages)]++
			}
			for i, part := range packed {
				var sum uint64
				for _, s := range part {
					sum += uint64(times[s.passage]) * s.word
				}
				values[i][b] = f1(sum)
			}
		}
	})
	return values
}

// packedScore is a packed count with its passage.
type packedScore struct {
	passage uint32
	word    uint64
}
