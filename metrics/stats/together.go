package stats

import (
	"context"
	"maps"
	"slices"

	"nerbench/internal/parallel"
)

// Sample asks for the interval of a system's mean over columns. Both are indexes.
type Sample struct {
	Columns []int
	System  int
}

// BootstrapMany returns the intervals of [Bootstrap] for each sample. All systems of a
// column have the same draws, which are computed once for a group of systems.
func BootstrapMany(ctx context.Context, columns []Column, samples []Sample, resamples int) ([]Interval, error) {
	out := make([]Interval, len(samples))
	groups := map[int][]int{} // samples by group of systems
	for i, s := range samples {
		groups[s.System/together] = append(groups[s.System/together], i)
	}
	for _, group := range slices.Sorted(maps.Keys(groups)) {
		asked := map[int]bool{} // columns
		for _, i := range groups[group] {
			for _, c := range samples[i].Columns {
				asked[c] = true
			}
		}
		values := make([][together][]float64, len(columns))
		for c := range columns {
			if !asked[c] {
				continue
			}
			if values[c] = columns[c].groupValues(ctx, group*together, resamples, nil); ctx.Err() != nil {
				return nil, ctx.Err()
			}
		}
		for _, i := range groups[group] {
			out[i] = meanInterval(values, samples[i].Columns, samples[i].System%together, resamples)
		}
	}
	return out, nil
}

// together is the number of systems that are resampled together: their words of one
// passage fill one line of the processor's cache.
const together = 8

// groupValues returns the F1s of a group of systems of a column by system and resample;
// nil for a system without counts, and for one that is not asked (nil: all are).
func (c *Column) groupValues(ctx context.Context, first, resamples int, asked map[int]bool) (values [together][]float64) {
	var packed [][together]uint64
	for s := first; s < min(first+together, len(c.Systems)); s++ {
		counts := c.Systems[s]
		if counts == nil || asked != nil && !asked[s] {
			continue
		}
		if packed == nil {
			packed = make([][together]uint64, len(counts.words))
		}
		for i, word := range counts.words {
			packed[i][s-first] = word
		}
		values[s-first] = make([]float64, resamples)
	}
	if packed == nil {
		return values
	}
	parallel.Each(resamples, func(b int) {
		if ctx.Err() != nil {
			return
		}
		sums := resampleGroup(packed, NewStream(c.Seed, b))
		for s, of := range values {
			if of != nil {
				of[b] = f1(sums[s])
			}
		}
	})
	return values
}

// values returns the F1s of the systems of a column by system and resample.
func (c *Column) values(ctx context.Context, resamples int, asked map[int]bool) [][]float64 {
	values := make([][]float64, len(c.Systems))
	for first := 0; first < len(values); first += together {
		group := c.groupValues(ctx, first, resamples, asked)
		copy(values[first:], group[:])
	}
	return values
}

func resampleGroup(packed [][together]uint64, stream Stream) (sums [together]uint64) {
	n := len(packed)
	for range n {
		words := &packed[stream.Index(n)]
		sums[0] += words[0]
		sums[1] += words[1]
		sums[2] += words[2]
		sums[3] += words[3]
		sums[4] += words[4]
		sums[5] += words[5]
		sums[6] += words[6]
		sums[7] += words[7]
	}
	return sums
}

// meanInterval is the interval of the mean of a system over columns.
func meanInterval(values [][together][]float64, columns []int, system, resamples int) Interval {
	means := make([]float64, resamples)
	for _, c := range columns {
		for b, v := range values[c][system] {
			means[b] += v
		}
	}
	for b := range means {
		means[b] /= float64(len(columns))
	}
	return percentiles(means)
}

// mostSums limits the sums that [BootstrapPairs] has at once: each is of one system over
// the columns of one family.
const mostSums = 2_000

// BootstrapPairs returns the intervals of the difference of [BootstrapPair] for each pair
// of each family. The rounds of the families are not used.
func BootstrapPairs(ctx context.Context, columns []Column, families []Family, resamples int) ([][]Interval, error) {
	out := make([][]Interval, len(families))
	var pass []int // families that are computed together
	sums := 0
	for f, family := range families {
		out[f] = make([]Interval, len(family.Pairs))
		if n := len(family.systems()); len(family.Columns) > 1 {
			if sums += n; sums > mostSums && len(pass) > 0 {
				if err := bootstrapPass(ctx, columns, families, pass, resamples, out); err != nil {
					return nil, err
				}
				pass, sums = nil, n
			}
		}
		pass = append(pass, f)
	}
	return out, bootstrapPass(ctx, columns, families, pass, resamples, out)
}

// systems returns the systems of the pairs.
func (f *Family) systems() map[int]bool {
	systems := map[int]bool{}
	for _, pair := range f.Pairs {
		systems[pair[0]], systems[pair[1]] = true, true
	}
	return systems
}

// bootstrapPass computes the intervals of some families, column by column.
func bootstrapPass(ctx context.Context, columns []Column, families []Family, pass []int, resamples int, out [][]Interval) error {
	sums := map[int][][]float64{} // by family and system
	done := map[int]int{}         // columns, by family
	for c := range columns {
		asked := map[int]bool{}
		for _, f := range pass {
			if slices.Contains(families[f].Columns, c) {
				maps.Copy(asked, families[f].systems())
			}
		}
		if len(asked) == 0 {
			continue
		}
		values := columns[c].values(ctx, resamples, asked)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		for _, f := range pass {
			family := &families[f]
			if !slices.Contains(family.Columns, c) {
				continue
			}
			if len(family.Columns) == 1 {
				pairIntervals(family, values, 1, out[f])
				continue
			}
			if sums[f] == nil {
				sums[f] = make([][]float64, len(columns[c].Systems))
			}
			for s := range family.systems() {
				sums[f][s] = addAll(sums[f][s], values[s])
			}
			if done[f]++; done[f] == len(family.Columns) {
				pairIntervals(family, sums[f], len(family.Columns), out[f])
				delete(sums, f)
			}
		}
	}
	return ctx.Err()
}

// addAll adds values to sums; nil sums are zeros.
func addAll(sums, values []float64) []float64 {
	if sums == nil {
		return slices.Clone(values)
	}
	for i, v := range values {
		sums[i] += v
	}
	return sums
}

// pairIntervals computes the intervals of a family from the sums over n columns.
func pairIntervals(family *Family, sums [][]float64, n int, out []Interval) {
	parallel.Each(len(family.Pairs), func(i int) {
		a, b := sums[family.Pairs[i][0]], sums[family.Pairs[i][1]]
		differences := make([]float64, len(a))
		for k := range differences {
			differences[k] = a[k]/float64(n) - b[k]/float64(n)
		}
		out[i] = percentiles(differences)
	})
}
