package stats

import (
	"context"
	"math"

	"nerbench/internal/parallel"
	"nerbench/ner"
)

// Counts holds the counts of one system by passage, in the order of the file, in half of
// the memory of a list of scores.
type Counts struct {
	words     []uint64 // see [pack]
	predicted []uint32
}

// NewCounts packs scores.
func NewCounts(scores []ner.Score) *Counts {
	c := &Counts{words: packAll(scores), predicted: make([]uint32, len(scores))}
	for i, s := range scores {
		c.predicted[i] = uint32(s.NPred)
	}
	return c
}

// Scores returns the counts as scores.
func (c *Counts) Scores() []ner.Score {
	scores := make([]ner.Score, len(c.words))
	for i, w := range c.words {
		scores[i] = ner.Score{TP: int(w >> 33), NPred: int(c.predicted[i]), NGold: int(uint32(w) - c.predicted[i])}
	}
	return scores
}

// Column holds the counts of several systems on the same passages of one dataset.
type Column struct {
	// Seed is the dataset's stream seed, see [DatasetSeed].
	Seed uint64
	// Systems holds the counts of each system; nil for one that nothing asks for.
	Systems []*Counts
}

// Family is a set of paired tests over the same columns, with a number of random
// rounds: of the F1 of one dataset, or of the mean over several. Columns and systems are
// indexes.
type Family struct {
	Columns []int
	Pairs   [][2]int
	Rounds  int
	// Begun has the sums of earlier tests of the pairs with fewer rounds ([Test.Whole]), which
	// are not computed again; nil, and the zero value of a pair: none.
	Begun []Sums
}

// RoundChunk is the number of rounds that are computed at once. It is fixed, so that
// sums of floating-point numbers do not depend on the number of processors.
const RoundChunk = 1024

// ComparePairs returns the tests of [CompareIn] for each pair of each family. All
// systems of a column are swapped by the same random bits, so the counts that a round
// moves are summed once for each system instead of once for each pair.
func ComparePairs(ctx context.Context, columns []Column, families []Family) ([][]Test, error) {
	tests := make([][]Test, len(families))
	random := map[[2]int][]*pairTest{} // by pair
	var order [][2]int
	rounds := 0
	for f, family := range families {
		tests[f] = make([]Test, len(family.Pairs))
		for i, pair := range family.Pairs {
			if few := differing(columns, family.Columns, pair); few != nil {
				tests[f][i] = CompareIn(few, family.Rounds) // which computes all swaps
				continue
			}
			if random[pair] == nil {
				order = append(order, pair)
			}
			t := &pairTest{Family: &families[f], into: &tests[f][i]}
			if family.Begun != nil && family.Begun[i].Rounds <= family.Rounds {
				t.begun = family.Begun[i]
			}
			random[pair] = append(random[pair], t)
			rounds = max(rounds, family.Rounds)
		}
	}
	packed := packColumns(columns, random)
	for pair, of := range random {
		for _, t := range of {
			t.begin(packed, pair)
		}
	}
	chunks := (rounds + RoundChunk - 1) / RoundChunk
	sums := make([]map[*pairTest]chunkSum, chunks)
	parallel.Each(chunks, func(c int) {
		if ctx.Err() == nil {
			sums[c] = sumChunk(packed, order, random, c*RoundChunk, min(RoundChunk, rounds-c*RoundChunk))
		}
	})
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	for _, of := range random {
		for _, t := range of {
			t.end(sums)
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

func packColumns(columns []Column, tests map[[2]int][]*pairTest) []packedColumn {
	packed := make([]packedColumn, len(columns))
	for c, column := range columns {
		n := len(column.Systems)
		packed[c] = packedColumn{seed: column.Seed, systems: make([][]uint64, n), totals: make([]uint64, n)}
	}
	for pair, of := range tests {
		for _, t := range of {
			for _, c := range t.Columns {
				packed[c].take(columns[c].Systems[pair[0]], pair[0])
				packed[c].take(columns[c].Systems[pair[1]], pair[1])
			}
		}
	}
	return packed
}

func (p *packedColumn) take(counts *Counts, system int) {
	if p.systems[system] != nil {
		return
	}
	p.systems[system], p.passages = counts.words, len(counts.words)
	for _, w := range counts.words {
		p.totals[system] += w
	}
}

// differing returns the datasets of a pair if its systems differ on so few passages that
// all swaps are computed, else nil.
func differing(columns []Column, of []int, pair [2]int) []Dataset {
	n := 0
	for _, c := range of {
		a, b := columns[c].Systems[pair[0]], columns[c].Systems[pair[1]]
		for i := range a.words {
			if a.words[i] != b.words[i] || a.predicted[i] != b.predicted[i] {
				if n++; n > fewest {
					return nil
				}
			}
		}
	}
	datasets := make([]Dataset, len(of))
	for i, c := range of {
		datasets[i] = Dataset{Seed: columns[c].Seed, A: columns[c].Systems[pair[0]].Scores(), B: columns[c].Systems[pair[1]].Scores()}
	}
	return datasets
}

// pairTest is a test of one pair with random rounds.
type pairTest struct {
	*Family
	difference, least float64
	begun             Sums
	into              *Test
}

// begin computes the observed difference.
func (t *pairTest) begin(packed []packedColumn, pair [2]int) {
	for _, c := range t.Columns {
		t.difference += f1(packed[c].totals[pair[0]]) - f1(packed[c].totals[pair[1]])
	}
	t.difference /= float64(len(t.Columns))
	t.least = math.Abs(t.difference) - tolerance
}

// chunkSum is what a test found in one chunk of rounds.
type chunkSum struct {
	count   int
	squares float64
}

// end adds up the chunks, in order: a test that continues another one has the same sums as
// one from the beginning.
func (t *pairTest) end(sums []map[*pairTest]chunkSum) {
	*t.into = Test{Difference: t.difference, Tried: t.Rounds, Whole: t.begun}
	all := t.begun
	for c := t.begun.Rounds / RoundChunk; c < len(sums) && c*RoundChunk < t.Rounds; c++ {
		all.Rounds = min((c+1)*RoundChunk, t.Rounds)
		all.Count += sums[c][t].count
		all.Squares += sums[c][t].squares
		if all.Rounds%RoundChunk == 0 {
			t.into.Whole = all
		}
	}
	t.into.Count = all.Count
	t.into.P = float64(1+all.Count) / float64(t.Rounds+1)
	t.into.Spread = math.Sqrt(all.Squares / float64(t.Rounds))
}

// needs reports whether the rounds of a chunk are to be computed.
func (t *pairTest) needs(first int) bool { return t.begun.Rounds <= first && first < t.Rounds }

// sumChunk computes the rounds from first to first+n-1 of all tests.
func sumChunk(packed []packedColumn, order [][2]int, tests map[[2]int][]*pairTest, first, n int) map[*pairTest]chunkSum {
	needed := make([]map[int]bool, len(packed)) // systems by column
	for _, pair := range order {
		for _, t := range tests[pair] {
			if t.needs(first) {
				for _, c := range t.Columns {
					if needed[c] == nil {
						needed[c] = map[int]bool{}
					}
					needed[c][pair[0]], needed[c][pair[1]] = true, true
				}
			}
		}
	}
	swapped := make([][][]uint64, len(packed)) // by column, system and round
	for c := range packed {
		if needed[c] != nil {
			swapped[c] = packed[c].swapped(needed[c], first, n)
		}
	}
	out := map[*pairTest]chunkSum{}
	differences := make([][]float64, len(packed)) // of one pair, by column and round
	sum := make([]float64, n)
	for _, pair := range order {
		clear(differences)
		for _, t := range tests[pair] {
			if !t.needs(first) {
				continue
			}
			clear(sum)
			for _, c := range t.Columns {
				if differences[c] == nil {
					differences[c] = packed[c].differences(pair, swapped[c], n)
				}
				for r, d := range differences[c] {
					sum[r] += d
				}
			}
			var found chunkSum
			for _, d := range sum[:max(0, min(n, t.Rounds-first))] {
				d /= float64(len(t.Columns))
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

// swapped returns for each needed system and round the sum of the counts of the passages whose
// bit is 1 (docs/spec/metrics.md §12.4). The sums of all subsets of eight passages are
// in a table, so that a round needs one addition for eight passages.
func (p *packedColumn) swapped(needed map[int]bool, first, n int) [][]uint64 {
	sums := make([][]uint64, len(p.systems))
	for s := range needed {
		sums[s] = make([]uint64, n)
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
			if sums[s] == nil {
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
