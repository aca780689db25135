package answers

import (
	"math/bits"
)

// longestCommon fills matched with a longest common subsequence, the one that patience
// finds (docs/spec/metrics.md §9.1, step 3): pairs of equal words, i ascending and j
// descending, go to the leftmost pile whose last j is at least theirs, and remember the
// pair then last on the pile before.
//
// After row i, the last j of pile k is the smallest j for which k+1 words are common to
// the passage up to i and the answer up to j. So the piles are the rows of the table of
// lengths, and a row is a string of bits (Hyyrö 2004): time is the product of the
// lengths divided by 64, whatever the words are.
func longestCommon(passage, answer []string, matched []int) {
	t := newLengths(passage, answer)
	row := t.row(len(passage))
	k := ones(row)
	for i := range matched {
		matched[i] = -1
	}
	for i := len(passage) - 1; k > 0; i-- {
		k--
		j := nthOne(t.row(i+1), k)
		for passage[i] != answer[j] { // the pair is the last one with this j
			i--
		}
		matched[i] = j
	}
}

// lengths is the table of the lengths of common subsequences. Bit j of row i is set if
// the length for the first i words of the passage grows at word j of the answer. To save
// memory, only every blockRows-th row is kept, and the rows between are computed again.
type lengths struct {
	passage []string
	words   int
	last    uint64              // the bits in use of the last word of a row
	places  map[string][]int    // of each word in the answer
	dense   map[string][]uint64 // the same as bits, for frequent words
	scratch []uint64
	kept    [][]uint64 // rows 0, blockRows, …
	block   [][]uint64 // rows from first on
	first   int
}

const blockRows = 128

func newLengths(passage, answer []string) *lengths {
	t := &lengths{passage: passage, words: (len(answer) + 63) / 64, places: map[string][]int{}, dense: map[string][]uint64{}, last: ^uint64(0), first: -1}
	if rest := len(answer) % 64; rest > 0 {
		t.last = 1<<rest - 1
	}
	t.scratch = make([]uint64, t.words)
	for j, w := range answer {
		t.places[w] = append(t.places[w], j)
	}
	for w, places := range t.places {
		if len(places) > t.words {
			t.dense[w] = make([]uint64, t.words)
			setBits(t.dense[w], places)
		}
	}
	row := make([]uint64, t.words)
	for i, w := range passage {
		if i%blockRows == 0 {
			t.kept = append(t.kept, append([]uint64(nil), row...))
		}
		t.next(row, row, w)
	}
	if len(passage)%blockRows == 0 {
		t.kept = append(t.kept, row)
	}
	return t
}

// row returns the row for the first i words of the passage.
func (t *lengths) row(i int) []uint64 {
	first := i / blockRows * blockRows
	if first != t.first {
		t.first, t.block = first, [][]uint64{t.kept[i/blockRows]}
		for _, w := range t.passage[first:min(first+blockRows-1, len(t.passage))] {
			row := make([]uint64, t.words)
			t.next(row, t.block[len(t.block)-1], w)
			t.block = append(t.block, row)
		}
	}
	return t.block[i-first]
}

// next computes the row after row, for the next word of the passage.
func (t *lengths) next(out, row []uint64, word string) {
	places := t.places[word]
	match := t.dense[word]
	if match == nil {
		match = t.scratch
		setBits(match, places)
		defer func() {
			for _, j := range places {
				match[j/64] = 0
			}
		}()
	}
	var carry uint64
	for k, r := range row {
		v := ^r
		u := v & match[k]
		var sum uint64
		sum, carry = bits.Add64(v, u, carry)
		out[k] = ^(sum | v&^u)
	}
	if t.words > 0 {
		out[t.words-1] &= t.last
	}
}

func setBits(row []uint64, places []int) {
	for _, j := range places {
		row[j/64] |= 1 << (j % 64)
	}
}

// ones counts the bits of a row.
func ones(row []uint64) (n int) {
	for _, w := range row {
		n += bits.OnesCount64(w)
	}
	return n
}

// nthOne returns the index of the bit that has n bits before it.
func nthOne(row []uint64, n int) int {
	for k, w := range row {
		if c := bits.OnesCount64(w); n >= c {
			n -= c
			continue
		}
		for ; n > 0; n-- {
			w &= w - 1
		}
		return k*64 + bits.TrailingZeros64(w)
	}
	return -1
}
