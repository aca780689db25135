package tagger

import "slices"

// transitions holds the weights of pairs of adjacent labels, and of labels at the start
// and at the end of a sentence.
type transitions struct {
	n     int
	after []int32 // after[to*n+from]
	first []int32
	last  []int32
	// most[to] is the largest of after[to*n+from] over all from. It bounds the gain
	// from any predecessor, so that the search can skip most of them.
	most []int32
}

func newTransitions(n int) transitions {
	return transitions{n, make([]int32, n*n), make([]int32, n), make([]int32, n), make([]int32, n)}
}

// into returns the weights of all labels before the label to.
func (t *transitions) into(to int32) []int32 { return t.after[int(to)*t.n : int(to+1)*t.n] }

// bound updates most[to].
func (t *transitions) bound(to int32) { t.most[to] = slices.Max(t.into(to)) }
