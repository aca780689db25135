package prompts

import (
	"cmp"
	"math/bits"
	"slices"
	"strconv"
	"strings"

	"nerbench/ner"
)

// Order returns the items ordered by the [ner.Hash] of context and item, ties by their
// bytes (docs/spec/prompts.md §2.2).
func Order(seed int, purpose string, context []string, items []string) []string {
	out := make([]string, len(items))
	for i, place := range orderedPlaces(seed, purpose, context, items) {
		out[i] = items[place]
	}
	return out
}

// orderedPlaces returns the indexes of the items in the order of [Order].
func orderedPlaces(seed int, purpose string, context []string, items []string) []int {
	places, keys := make([]int, len(items)), make([]uint64, len(items))
	for i, item := range items {
		places[i], keys[i] = i, ner.Hash(seed, purpose, append(slices.Clone(context), item)...)
	}
	slices.SortStableFunc(places, func(a, b int) int {
		return cmp.Or(cmp.Compare(keys[a], keys[b]), strings.Compare(items[a], items[b]))
	})
	return places
}

// Weighted is an item of a pool to draw from.
type Weighted struct {
	Item   string
	Weight uint64
}

// Draw draws n items by weight, without replacement, in the order of the draws
// (docs/spec/prompts.md §2.2). It returns fewer if all other weights are 0.
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

// Sample chooses the passages of a dataset under a cap on passage-type pairs
// (docs/spec/metrics.md §10.5): all of them if they fit, else the first cap/types of
// order(seed, "passages", dataset, ids). It returns ascending indexes in ids.
func Sample(seed int, dataset string, ids []string, types, capPairs int) []int {
	n := len(ids)
	if types > 0 && n*types > capPairs {
		n = capPairs / types
	}
	if n == len(ids) {
		return listedPlaces(n)
	}
	places := orderedPlaces(seed, "passages", []string{dataset}, ids)[:n]
	slices.Sort(places)
	return places
}

// listedPlaces returns 0 to n-1.
func listedPlaces(n int) []int {
	places := make([]int, n)
	for i := range places {
		places[i] = i
	}
	return places
}
