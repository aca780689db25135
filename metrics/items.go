package metrics

import (
	"hash/maphash"

	"nerbench/ner"
)

// itemCounts counts the distinct items of one passage on both sides, in order of
// their first occurrence. It is a hash table, since sorting would take more time
// than all other steps.
type itemCounts struct {
	list  []itemCount
	slots []int32 // index in list plus 1, 0 if empty; the length is a power of 2
}

// itemCount is the number of occurrences of an item.
type itemCount struct {
	hash       uint64
	item       *ner.Mention
	pred, gold int
}

// fewItems is the number of items for which a passage has stack memory.
const fewItems = 32

// itemMemory is the memory for counting the items of a passage with few items.
type itemMemory struct {
	list  [fewItems]itemCount
	slots [4 * fewItems]int32
}

// itemSeed is the seed of the hash table. The counts do not depend on it.
var itemSeed = maphash.MakeSeed()

// countItems counts the items, except those to leave out, in memory if it is large
// enough.
func countItems(memory *itemMemory, items Items, leftOut func(*ner.Mention) bool) []itemCount {
	c := itemCounts{memory.list[:0], memory.slots[:]}
	if n := len(items.Pred) + len(items.Gold); 2*n > len(c.slots) {
		size := len(c.slots)
		for size < 2*n {
			size *= 2
		}
		c.slots = make([]int32, size)
	}
	for i := range items.Gold {
		if m := &items.Gold[i]; !leftOut(m) {
			at := 0
			c, at = c.find(m)
			c.list[at].gold++
		}
	}
	for i := range items.Pred {
		if m := &items.Pred[i]; !leftOut(m) {
			at := 0
			c, at = c.find(m)
			c.list[at].pred++
		}
	}
	return c.list
}

// find returns the index of an item in the list; it adds a new item.
func (c itemCounts) find(m *ner.Mention) (itemCounts, int) {
	hash := maphash.String(itemSeed, m.Text) ^ 3*maphash.String(itemSeed, string(m.Type))
	for at := hash; ; at++ {
		slot := &c.slots[at&uint64(len(c.slots)-1)]
		if *slot == 0 {
			c.list = append(c.list, itemCount{hash: hash, item: m})
			*slot = int32(len(c.list))
		}
		if n := &c.list[*slot-1]; n.hash == hash && *n.item == *m {
			return c, int(*slot - 1)
		}
	}
}
