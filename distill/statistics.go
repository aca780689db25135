package distill

import (
	"cmp"
	"slices"
)

// TypeCount is a type and the number of entities that have it.
type TypeCount struct {
	Type     string `json:"type"`
	Entities int    `json:"entities"`
}

// Table1 is Table 1 of the paper: statistics of constructed data.
type Table1 struct {
	Passages int `json:"passages"` // pairs of input and output
	Entities int `json:"entities"`
	Types    int `json:"types"` // distinct, compared as exact strings
	// Ranges are the types by frequency: the first 1 %, those up to 10 %, and the rest.
	Ranges [3]Range `json:"ranges"`
	// Frequency has all types, the most frequent first, ties by their bytes.
	Frequency []TypeCount `json:"-"`
	// Filters counts what each filter dropped.
	Filters map[Reason]int `json:"filters,omitempty"`
}

// Range is a part of the types by frequency.
type Range struct {
	Types int      `json:"types"`
	Share float64  `json:"share"` // of all entities
	Top   []string `json:"top"`   // at most ten
}

// topNames is the number of names of a range in Table 1.
const topNames = 10

// Statistics computes Table 1 (docs/spec/prompts.md §6.4).
func Statistics(frequency map[string]int, passages int) Table1 {
	t := Table1{Passages: passages, Types: len(frequency)}
	for name, n := range frequency {
		t.Frequency = append(t.Frequency, TypeCount{name, n})
		t.Entities += n
	}
	slices.SortFunc(t.Frequency, func(a, b TypeCount) int {
		return cmp.Or(cmp.Compare(b.Entities, a.Entities), cmp.Compare(a.Type, b.Type))
	})
	ends := [3]int{hundredths(t.Types, 1), hundredths(t.Types, 10), t.Types}
	from := 0
	for i, to := range ends {
		t.Ranges[i] = t.rangeOf(t.Frequency[from:to])
		from = to
	}
	return t
}

// hundredths is a part of n, rounded up.
func hundredths(n, percent int) int { return (n*percent + 99) / 100 }

func (t *Table1) rangeOf(part []TypeCount) Range {
	r := Range{Types: len(part), Top: []string{}}
	entities := 0
	for i, c := range part {
		entities += c.Entities
		if i < topNames {
			r.Top = append(r.Top, c.Type)
		}
	}
	if t.Entities > 0 {
		r.Share = float64(entities) / float64(t.Entities)
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
