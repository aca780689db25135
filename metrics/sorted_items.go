package metrics

import (
	"cmp"
	"slices"

	"nerbench/ner"
)

// sortedItems are items in an order that brings equal ones together. The items
// stay where they are: what is moved is their keys.
type sortedItems struct {
	items []ner.Mention
	order []itemKey
}

// itemKey stands for an item. Items of other keys differ; those of one key are
// compared themselves.
type itemKey struct {
	key uint64 // length and first bytes of the text
	at  int    // index of the item
}

// fewItems is the number of items that a passage is given memory for.
const fewItems = 32

// sortItems sorts the items that are not left out; their keys lie in memory, if
// there is enough.
func sortItems(memory []itemKey, items []ner.Mention, leftOut func(ner.Mention) bool) sortedItems {
	s := sortedItems{items, memory}
	for i, m := range items {
		if !leftOut(m) {
			s.order = append(s.order, itemKey{textKey(m.Text), i})
		}
	}
	slices.SortFunc(s.order, func(a, b itemKey) int { return compareKeys(items, a, items, b) })
	return s
}

// textKey holds the length of a text, as far as a byte can, and its first seven
// bytes.
func textKey(text string) uint64 {
	key := uint64(min(len(text), 255)) << 56
	for i := range min(len(text), 7) {
		key |= uint64(text[i]) << (48 - 8*i)
	}
	return key
}

func compareKeys(aItems []ner.Mention, a itemKey, bItems []ner.Mention, b itemKey) int {
	if a.key != b.key {
		return cmp.Compare(a.key, b.key)
	}
	x, y := &aItems[a.at], &bItems[b.at]
	if x.Text != y.Text {
		return cmp.Compare(x.Text, y.Text)
	}
	if x.Type != y.Type {
		return cmp.Compare(x.Type, y.Type)
	}
	return 0
}

// item is the i-th item in order.
func (s sortedItems) item(i int) ner.Mention { return s.items[s.order[i].at] }

// set drops all copies of an item but one.
func (s sortedItems) set() sortedItems {
	return sortedItems{s.items, slices.CompactFunc(s.order, func(a, b itemKey) bool {
		return a.key == b.key && s.items[a.at] == s.items[b.at]
	})}
}
