package compare

import (
	"cmp"
	"slices"

	"nerbench/ner"
)

// Flip is an entity on which two systems differ: a gold entity that one of them found
// and the other one missed, or a wrong prediction that only one of them made. Offsets
// count code points; strings without a position have none.
type Flip struct {
	// Found names the system that found the gold entity, Spurious the one that made the
	// wrong prediction: "a" or "b". One of them is empty.
	Found    string         `json:"found,omitempty"`
	Spurious string         `json:"spurious,omitempty"`
	Document string         `json:"document"`
	Text     string         `json:"text"`
	Type     ner.EntityType `json:"type"`
	Start    *int           `json:"start,omitempty"`
	End      *int           `json:"end,omitempty"`
}

// Side is the system that the flip is about: "a" or "b".
func (f Flip) Side() string { return f.Found + f.Spurious }

// FlipCounts counts the flips of each side.
type FlipCounts struct {
	OnlyA int `json:"only_a"` // gold entities that only A found
	OnlyB int `json:"only_b"`
	// SpuriousA are the wrong predictions that only A made.
	SpuriousA int `json:"spurious_only_a"`
	SpuriousB int `json:"spurious_only_b"`
}

// CountFlips counts flips by side.
func CountFlips(flips []Flip) FlipCounts {
	var n FlipCounts
	for _, f := range flips {
		switch {
		case f.Found == "a":
			n.OnlyA++
		case f.Found == "b":
			n.OnlyB++
		case f.Spurious == "a":
			n.SpuriousA++
		default:
			n.SpuriousB++
		}
	}
	return n
}

// FirstFlips keeps the first n flips of each side and kind, or all of them if n is
// negative.
func FirstFlips(flips []Flip, n int) []Flip {
	if n < 0 {
		return flips
	}
	shown := map[[2]string]int{}
	return slices.DeleteFunc(slices.Clone(flips), func(f Flip) bool {
		kind := [2]string{f.Found, f.Spurious}
		shown[kind]++
		return shown[kind] > n
	})
}

// flipsOf lists the items on which two systems differ in one passage.
func flipsOf(a, b Passage) []Flip {
	var flips []Flip
	for _, side := range []struct {
		name        string
		own, theirs Passage
	}{{"a", a, b}, {"b", b, a}} {
		for _, h := range without(side.own.hits, side.theirs.hits) {
			f := newFlip(side.own.document, h)
			f.Found = side.name
			flips = append(flips, f)
		}
		for _, h := range without(side.own.spurious, side.theirs.spurious) {
			f := newFlip(side.own.document, h)
			f.Spurious = side.name
			flips = append(flips, f)
		}
	}
	return flips
}

// without lists the hits of one side that the other side does not have.
func without(own, other []hit) []hit {
	has := map[hit]bool{}
	for _, h := range other {
		has[h] = true
	}
	return slices.DeleteFunc(slices.Clone(own), func(h hit) bool { return has[h] })
}

func newFlip(document string, h hit) Flip {
	f := Flip{Document: document, Text: h.text, Type: h.typ}
	if h.start >= 0 {
		f.Start, f.End = &h.start, &h.end
	}
	return f
}

// sortFlips orders flips by kind, then by type and text, so that similar ones are
// adjacent. Gold entities come first.
func sortFlips(flips []Flip) {
	slices.SortStableFunc(flips, func(a, b Flip) int {
		return cmp.Or(cmp.Compare(a.Spurious, b.Spurious), cmp.Compare(a.Found, b.Found), cmp.Compare(a.Type, b.Type), cmp.Compare(a.Text, b.Text))
	})
}
