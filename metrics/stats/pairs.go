package stats

import (
	"context"
	"math"
	"slices"

	"nerbench/ner"
)

// Column holds the counts of several systems on the same passages of one dataset.
type Column struct {
	// Seed is the dataset's stream seed, see [DatasetSeed].
	Seed uint64
	// Systems holds the counts of each system by passage, in the order of the file; nil
	// for a system that no family asks for.
	Systems [][]ner.Score
}

// Family is a set of paired tests over the same columns: of the F1 of one dataset, or
// of the mean over several. Both are indexes.
type Family struct {
	Columns []int
	Pairs   [][2]int // of systems
}

// roundChunk is the number of rounds that are computed at once. It is fixed, so that
// sums of floating-point numbers do not depend on the number of processors.
const roundChunk = 1024

// ComparePairs returns the tests of [CompareIn] for each pair of each family. All
// systems of a column are swapped by the same random bits, so the counts that a round
// moves are summed once for each system instead of once for each pair.
func ComparePairs(ctx context.Context, columns []Column, families []Family, rounds int) ([][]Test, error) {
	tests := make([][]Test, len(families))
	words := packColumns(columns, families)
	random := map[[2]int][]*pairTest{} // by pair
	var order [][2]int
	for f, family := range families {
		tests[f] = make([]Test, len(family.Pairs))
		for i, pair := range family.Pairs {
			if few := differing(columns, family.Columns, pair); few != nil {
				tests[f][i] = CompareIn(few, rounds) // which computes all swaps
				continue
			}
			if random[pair] == nil {
				order = append(order, pair)
			}
			random[pair] = append(random[pair], newPairTest(family.Columns, words, pair, &tests[f][i]))
		}
	}
	chunks := (rounds + roundChunk - 1) / roundChunk
	if len(order) == 0 {
		chunks = 0
	}
	sums := make([]map[*pairTest]chunkSum, chunks)
	parallel(chunks, func(c int) {
		if ctx.Err() == nil {
			sums[c] = sumChunk(words, order, random, c*roundChunk, min(roundChunk, rounds-c*roundChunk))
		}
	})
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	for _, of := range random {
		for _, t := range of {
			squares := 0.0
			*t.into = Test{Difference: t.difference, Tried: rounds}
			for c := range sums {
				t.into.Count += sums[c][t].count
				squares += sums[c][t].squares
			}
			t.into.P = float64(1+t.into.Count) / float64(rounds+1)
			t.into.Spread = math.Sqrt(squares / float64(rounds))
		}
	}
	return tests, nil
}

// packedColumn holds the packed counts of the systems that are asked for, and their
// sums.
type packedColumn struct {
	seed     uint64
	passages int
	systems  [][]uint64
	totals   []uint64
}

func packColumns(columns []Column, families []Family) []packedColumn {
	packed := make([]packedColumn, len(columns))
	for _, family := range families {
		for _, c := range family.Columns {
			p := &packed[c]
			if p.systems == nil {
				n := len(columns[c].Systems)
				*p = packedColumn{seed: columns[c].Seed, systems: make([][]uint64, n), totals: make([]uint64, n)}
			}
			for _, pair := range family.Pairs {
				for _, s := range pair {
					if p.systems[s] != nil {
						continue
					}
					p.systems[s] = packAll(columns[c].Systems[s])
					p.passages = len(p.systems[s])
					for _, w := range p.systems[s] {
						p.totals[s] += w
					}
				}
			}
		}
	}
	return packed
}

// differing returns the datasets of a pair if its systems differ on so few passages that
// all swaps are computed, else nil.
func differing(columns []Column, of []int, pair [2]int) []Dataset {
	n := 0
	for _, c := range of {
		a, b := columns[c].Systems[pair[0]], columns[c].Systems[pair[1]]
		for i := range a {
			if a[i] != b[i] {
				if n++; n > fewest {
					return nil
				}
			}
		}
	}
	datasets := make([]Dataset, len(of))
	for i, c := range of {
		datasets[i] = Dataset{Seed: columns[c].Seed, A: columns[c].Systems[pair[0]], B: columns[c].Systems[pair[1]]}
	}
	return datasets
}

// pairTest is a test of one pair with random rounds.
type pairTest struct {
	columns           []int
	difference, least float64
	into              *Test
}

func newPairTest(columns []int, words []packedColumn, pair [2]int, into *Test) *pairTest {
	t := &pairTest{columns: columns, into: into}
	for _, c := range columns {
		t.difference += f1(words[c].totals[pair[0]]) - f1(words[c].totals[pair[1]])
	}
	t.difference /= float64(len(columns))
	t.least = math.Abs(t.difference) - tolerance
	return t
}

// chunkSum is what a test found in one chunk of rounds.
type chunkSum struct {
	count   int
	squares float64
}

// sumChunk computes the rounds from first to first+n-1 of all tests.
func sumChunk(words []packedColumn, order [][2]int, tests map[[2]int][]*pairTest, first, n int) map[*pairTest]chunkSum {
	swapped := make([][][]uint64, len(words)) // by column, system and round
	for c := range words {
		swapped[c] = words[c].swapped(first, n)
	}
	out := map[*pairTest]chunkSum{}
	differences := make([][]float64, len(words)) // of one pair, by column and round
	sum := make([]float64, n)
	for _, pair := range order {
		clear(differences)
		for _, t := range tests[pair] {
			clear(sum)
			for _, c := range t.columns {
				if differences[c] == nil {
					differences[c] = words[c].differences(pair, swapped[c], n)
				}
				for r, d := range differences[c] {
					sum[r] += d
				}
			}
			var found chunkSum
			for _, d := range sum {
				d /= float64(len(t.columns))
				if math.Abs(d) >= t.least {
					found.count++
				}
				found.squares += d * d
			}
			out[t] = found
		}
	}
	return out
}

// differences are the differences of F1 of a pair in each round.
func (p *packedColumn) differences(pair [2]int, swapped [][]uint64, n int) []float64 {
	a, b := p.totals[pair[0]], p.totals[pair[1]]
	fromA, fromB := swapped[pair[0]], swapped[pair[1]]
	out := make([]float64, n)
	for r := range out {
		moved := fromB[r] - fromA[r] // it wraps, and so do the next two
		out[r] = f1(a+moved) - f1(b-moved)
	}
	return out
}

// swapped returns for each system and round the sum of the counts of the passages whose
// bit is 1 (docs/spec/metrics.md §12.4). The sums of all subsets of eight passages are
// in a table, so that a round needs one addition for eight passages.
func (p *packedColumn) swapped(first, n int) [][]uint64 {
	sums := make([][]uint64, len(p.systems))
	for s, words := range p.systems {
		if words != nil {
			sums[s] = make([]uint64, n)
		}
	}
	states, bits := make([]uint64, n), make([]uint64, n)
	for r := range states {
		states[r] = NewStream(p.seed, first+r).state
	}
	var tables [8][256]uint64
	for from := 0; from < p.passages; from += 64 {
		for r := range bits {
			states[r] += golden
			bits[r] = mix(states[r])
		}
		for s, words := range p.systems {
			if words == nil {
				continue
			}
			fillTables(&tables, words[from:min(from+64, len(words))])
			sum := sums[s]
			for r, b := range bits {
				sum[r] += tables[0][b&255] + tables[1][b>>8&255] + tables[2][b>>16&255] + tables[3][b>>24&255] +
					tables[4][b>>32&255] + tables[5][b>>40&255] + tables[6][b>>48&255] + tables[7][b>>56]
			}
		}
	}
	return sums
}

// fillTables sums all subsets of each eight words.
func fillTables(tables *[8][256]uint64, words []uint64) {
	for t := range tables {
		table := &tables[t]
		for i := range 8 {
			var word uint64
			if at := 8*t + i; at < len(words) {
				word = words[at]
			}
			for set := range 1 << i {
				table[1<<i|set] = table[set] + word
			}
		}
	}
}

// BootstrapMany returns the intervals of [Bootstrap] of each system over the columns of
// each list, by list and system. A system without counts in one of the columns has the
// zero interval. All systems of a column have the same draws.
func BootstrapMany(ctx context.Context, columns []Column, lists [][]int, resamples int) ([][]Interval, error) {
	systems := 0
	for _, c := range columns {
		systems = max(systems, len(c.Systems))
	}
	out := make([][]Interval, len(lists))
	for i := range out {
		out[i] = make([]Interval, systems)
	}
	for first := 0; first < systems; first += together {
		values, err := groupValues(ctx, columns, first, resamples)
		if err != nil {
			return nil, err
		}
		for l, list := range lists {
			for s := first; s < min(first+together, systems); s++ {
				out[l][s] = meanInterval(values, list, s-first, resamples)
			}
		}
	}
	return out, nil
}

// together is the number of systems that are resampled together: their words of one
// passage fill one line of the processor's cache.
const together = 8

// groupValues returns the F1s of a group of systems by column, system and resample; nil
// for a system without counts.
func groupValues(ctx context.Context, columns []Column, first, resamples int) ([][together][]float64, error) {
	values := make([][together][]float64, len(columns))
	for c, column := range columns {
		var packed [][together]uint64
		for s := first; s < min(first+together, len(column.Systems)); s++ {
			counts := column.Systems[s]
			if counts == nil {
				continue
			}
			if packed == nil {
				packed = make([][together]uint64, len(counts))
			}
			for i, score := range counts {
				packed[i][s-first] = pack(score)
			}
			values[c][s-first] = make([]float64, resamples)
		}
		if packed == nil {
			continue
		}
		parallel(resamples, func(b int) {
			if ctx.Err() != nil {
				return
			}
			sums := resampleGroup(packed, NewStream(column.Seed, b))
			for s, of := range values[c] {
				if of != nil {
					of[b] = f1(sums[s])
				}
			}
		})
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
	return values, nil
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
func meanInterval(values [][together][]float64, list []int, system, resamples int) Interval {
	if slices.ContainsFunc(list, func(c int) bool { return values[c][system] == nil }) {
		return Interval{}
	}
	means := make([]float64, resamples)
	for _, c := range list {
		for b, v := range values[c][system] {
			means[b] += v
		}
	}
	for b := range means {
		means[b] /= float64(len(list))
	}
	return percentiles(means)
}
