package tagger

import "slices"

// transitions holds the weights of a label after a label, and of labels at the
// start and at the end of a sentence.
type transitions struct {
	n     int
	after []int32 // after[to*n+from]
	first []int32
	last  []int32
	// most[to] is the largest of after[to*n+from] over all from. It bounds what
	// a predecessor can gain, so that the search looks at few of them.
	most []int32
}

func newTransitions(n int) transitions {
	return transitions{n, make([]int32, n*n), make([]int32, n), make([]int32, n), make([]int32, n)}
}

// into returns the weights of all labels before one.
func (t *transitions) into(to int32) []int32 { return t.after[int(to)*t.n : int(to+1)*t.n] }

// bound brings most[to] up to date.
func (t *transitions) bound(to int32) { t.most[to] = slices.Max(t.into(to)) }
