package distill

import (
	"cmp"
	"maps"
	"slices"
)

// Table1 is Table 1 of the paper: statistics of constructed data.
type Table1 struct {
	Passages int `json:"passages" toml:"passages"` // pairs of input and output
	Entities int `json:"entities" toml:"entities"`
	Types    int `json:"types" toml:"types"` // distinct, compared as exact strings
	// Ranges are the types by frequency: the first 1 %, those up to 10 %, and the rest.
	Ranges [3]Range `json:"ranges" toml:"ranges"`
}

// Range is a part of the types by frequency.
type Range struct {
	Types int      `json:"types" toml:"types"`
	Share float64  `json:"share" toml:"share"` // of all entities
	Top   []string `json:"top" toml:"top"`     // at most ten
}

// topNames is the number of names of a range in Table 1.
const topNames = 10

// Statistics computes Table 1 (docs/spec/prompts.md §6.4) of the entities of each type.
// Types that are equally frequent are ordered by their bytes.
func Statistics(frequency map[string]int, passages int) Table1 {
	t := Table1{Passages: passages, Types: len(frequency)}
	for _, n := range frequency {
		t.Entities += n
	}
	types := byFrequency(frequency)
	from := 0
	for i, to := range []int{hundredths(t.Types, 1), hundredths(t.Types, 10), t.Types} {
		t.Ranges[i] = rangeOf(types[from:to], frequency, t.Entities)
		from = to
	}
	return t
}

// byFrequency lists types, the most frequent first. Types that are equally frequent are
// ordered by their bytes.
func byFrequency(frequency map[string]int) []string {
	return slices.SortedFunc(maps.Keys(frequency), func(a, b string) int {
		return cmp.Or(cmp.Compare(frequency[b], frequency[a]), cmp.Compare(a, b))
	})
}

// hundredths is a part of n, rounded up.
func hundredths(n, percent int) int { return (n*percent + 99) / 100 }

func rangeOf(types []string, frequency map[string]int, all int) Range {
	r := Range{Types: len(types), Top: append([]string{}, types[:min(topNames, len(types))]...)}
	entities := 0
	for _, name := range types {
		entities += frequency[name]
	}
	if all > 0 {
		r.Share = float64(entities) / float64(all)
	}
	return r
}

// Frequency counts the kept entities of each type.
func Frequency(kept []*Kept) map[string]int {
	n := map[string]int{}
	for _, k := range kept {
		for _, e := range k.Entities {
			n[e.Type]++
		}
	}
	return n
}
