package prompts

import (
	"cmp"
	"math/bits"
	"slices"
	"strconv"
	"strings"

	"nerbench/ner"
)

// Order returns the items by ascending [ner.Hash] of context and item, ties by
// bytes (PROMPTS.md §2.2).
func Order(seed int, purpose string, context []string, items []string) []string {
	type keyed struct {
		key  uint64
		item string
	}
	all := make([]keyed, len(items))
	for i, item := range items {
		all[i] = keyed{ner.Hash(seed, purpose, append(slices.Clone(context), item)...), item}
	}
	slices.SortFunc(all, func(a, b keyed) int {
		return cmp.Or(cmp.Compare(a.key, b.key), strings.Compare(a.item, b.item))
	})
	out := make([]string, len(items))
	for i, k := range all {
		out[i] = k.item
	}
	return out
}

// Weighted is an item of a pool to draw from.
type Weighted struct {
	Item   string
	Weight uint64
}

// Draw draws n items without replacement, by weight, in the order of the draws
// (PROMPTS.md §2.2). It stops early when no weight is left.
func Draw(seed int, purpose string, context []string, pool []Weighted, n int) []string {
	left := slices.Clone(pool)
	var drawn []string
	for i := range n {
		var sum uint64
		for _, w := range left {
			sum += w.Weight
		}
		if sum == 0 {
			break
		}
		h := ner.Hash(seed, purpose, append(slices.Clone(context), strconv.Itoa(i))...)
		r, _ := bits.Mul64(h, sum) // floor(h · sum / 2^64)
		for k, w := range left {
			if r < w.Weight {
				drawn = append(drawn, w.Item)
				left = slices.Delete(left, k, k+1)
				break
			}
			r -= w.Weight
		}
	}
	return drawn
}

// Sample chooses the passages of a row under a cap on passage-type pairs
// (METRICS.md §10.5): all of them if they fit, else the first cap/types of
// order(seed, "passages", row, ids). It returns their places in ids, ascending.
func Sample(seed int, row string, ids []string, types, capPairs int) []int {
	n := len(ids)
	if types > 0 && n*types > capPairs {
		n = capPairs / types
	}
	places := make([]int, len(ids))
	for i := range places {
		places[i] = i
	}
	if n == len(ids) {
		return places
	}
	keys := make([]uint64, len(ids))
	for i, id := range ids {
		keys[i] = ner.Hash(seed, "passages", row, id)
	}
	slices.SortFunc(places, func(a, b int) int {
		return cmp.Or(cmp.Compare(keys[a], keys[b]), strings.Compare(ids[a], ids[b]))
	})
	places = places[:n]
	slices.Sort(places)
	return places
}
