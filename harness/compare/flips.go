package compare

import (
	"cmp"
	"slices"

	"nerbench/ner"
)

// Flip is a gold entity that one system found and the other one missed. Offsets
// count code points; strings without a position have none.
type Flip struct {
	Found    string         `json:"found"` // "a" or "b"
	Document string         `json:"document"`
	Text     string         `json:"text"`
	Type     ner.EntityType `json:"type"`
	Start    *int           `json:"start,omitempty"`
	End      *int           `json:"end,omitempty"`
}

// FlipCounts counts the flips of each side.
type FlipCounts struct {
	OnlyA int `json:"only_a"`
	OnlyB int `json:"only_b"`
}

// CountFlips counts flips by side.
func CountFlips(flips []Flip) FlipCounts {
	var n FlipCounts
	for _, f := range flips {
		if f.Found == "a" {
			n.OnlyA++
		} else {
			n.OnlyB++
		}
	}
	return n
}

// FirstFlips keeps the first n flips of each side, or all of them if n is negative.
func FirstFlips(flips []Flip, n int) []Flip {
	if n < 0 {
		return flips
	}
	shown := map[string]int{}
	return slices.DeleteFunc(slices.Clone(flips), func(f Flip) bool {
		shown[f.Found]++
		return shown[f.Found] > n
	})
}

// without lists the hits of one side that the other side does not have.
func without(name string, found, other Passage) []Flip {
	has := map[hit]bool{}
	for _, h := range other.hits {
		has[h] = true
	}
	var flips []Flip
	for _, h := range found.hits {
		if has[h] {
			continue
		}
		f := Flip{Found: name, Document: found.document, Text: h.text, Type: h.typ}
		if h.start >= 0 {
			f.Start, f.End = &h.start, &h.end
		}
		flips = append(flips, f)
	}
	return flips
}

// sortFlips orders flips by type and text, so that similar ones are adjacent.
func sortFlips(flips []Flip) {
	slices.SortStableFunc(flips, func(a, b Flip) int {
		return cmp.Or(cmp.Compare(a.Found, b.Found), cmp.Compare(a.Type, b.Type), cmp.Compare(a.Text, b.Text))
	})
}
