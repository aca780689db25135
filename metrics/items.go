package metrics

import (
	"hash/maphash"

	"nerbench/ner"
)

// itemCounts counts the distinct items of one passage on both sides, in order of
// their first occurrence. It is a hash table, because sorting them costs more
// than all the rest.
type itemCounts struct {
	list  []itemCount
	slots []int32 // index in list plus 1, 0 where empty; 2^n of them
}

// itemCount says how often an item occurs.
type itemCount struct {
	hash       uint64
	item       *ner.Mention
	pred, gold int
}

// fewItems is the number of items that a passage is given memory for.
const fewItems = 32

// itemMemory is the memory for counting the items of a passage that has few.
type itemMemory struct {
	list  [fewItems]itemCount
	slots [4 * fewItems]int32
}

// itemSeed spreads items over slots. Nothing that is counted depends on it.
var itemSeed = maphash.MakeSeed()

// countItems counts the items that are not left out, in memory if there is
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

// find returns the index of an item in the list, which it is added to.
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
