package llamacpp

import (
	"container/heap"
	"math"

	"nerbench/runners/local/llamacpp/llama"
)

// distinct counts the different prefixes of prompts in constant memory. The number of
// different prefixes is the smallest number of tokens that must be computed. It is exact
// up to mostHashes, and estimated within about 1 % above: the hashes are spread evenly,
// so that the largest of the smallest ones tells how many there are.
type distinct struct {
	kept map[uint64]bool
	top  hashes // the kept ones, the largest first
}

const mostHashes = 16384

// add counts the prefixes of a prompt.
func (d *distinct) add(prompt []llama.Token) {
	if d.kept == nil {
		d.kept = map[uint64]bool{}
	}
	h := uint64(0)
	for _, t := range prompt {
		h = mixed(h ^ uint64(uint32(t)) + 0x9e3779b97f4a7c15)
		if len(d.top) == mostHashes && h >= d.top[0] || d.kept[h] {
			continue
		}
		d.kept[h] = true
		heap.Push(&d.top, h)
		if len(d.top) > mostHashes {
			delete(d.kept, heap.Pop(&d.top).(uint64))
		}
	}
}

// count returns the number of prefixes.
func (d *distinct) count() int64 {
	if len(d.top) < mostHashes {
		return int64(len(d.top))
	}
	return int64((mostHashes - 1) / (float64(d.top[0]) / math.MaxUint64))
}

// mixed is the finalizer of splitmix64 (Steele, Lea and Flood 2014): a bijection whose
// output bits all depend on all input bits.
func mixed(h uint64) uint64 {
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	return h ^ h>>31
}

// hashes is a heap with the largest value first.
type hashes []uint64

func (h hashes) Len() int           { return len(h) }
func (h hashes) Less(i, j int) bool { return h[i] > h[j] }
func (h hashes) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *hashes) Push(x any)        { *h = append(*h, x.(uint64)) }
func (h *hashes) Pop() any {
	old := *h
	last := old[len(old)-1]
	*h = old[:len(old)-1]
	return last
}
