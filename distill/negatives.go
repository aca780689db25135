package distill

import (
	"fmt"
	"maps"
	"math"
	"math/bits"
	"slices"
	"strconv"

	"nerbench/answers"
	"nerbench/ner"
)

// Strategies are the ways to draw negatives (Table 4 of the paper).
var Strategies = []string{"none", "uniform", "frequency"}

// Negatives draws types that are not in a passage. It is for one goroutine.
type Negatives struct {
	seed    int
	ratio   float64
	types   []string         // by bytes
	places  map[string][]int // of the types, by their folded name
	weights []uint64
	sums    sums
	// guard is the places of the types that an entity has anywhere in the data; nil: no
	// guard.
	guard map[string][]int
}

// NegativeOptions say how negatives are drawn.
type NegativeOptions struct {
	Strategy string  // one of [Strategies]
	Ratio    float64 // negatives for each type of a passage
	Seed     int
	// Guard takes out the types that an entity of the passage has anywhere in the data:
	// teachers write synonyms, so that a passage with a location may be asked for LOC.
	Guard bool
}

// NewNegatives prepares draws from the types of constructed data (docs/spec/prompts.md
// §6.6).
func NewNegatives(kept []*Kept, o NegativeOptions) (*Negatives, error) {
	pool := NewPool()
	for _, k := range kept {
		pool.Add(k.Entities, o.Guard)
	}
	return pool.Negatives(o)
}

// Pool is the types of some data, from which negatives are drawn.
type Pool struct {
	frequency map[string]int      // entities of each type
	carried   map[string][]string // the folded types of each entity
	folded    map[string]string   // the folded names of types
}

// NewPool returns a pool with types that no entity has so far.
func NewPool(types ...string) *Pool {
	p := &Pool{frequency: map[string]int{}, carried: map[string][]string{}, folded: map[string]string{}}
	for _, t := range types {
		p.frequency[t] = 0
	}
	return p
}

// Add adds the entities of a passage. guard is set if their types are needed by
// [NegativeOptions.Guard].
func (p *Pool) Add(entities []Entity, guard bool) {
	for _, e := range entities {
		p.frequency[e.Type]++
		if !guard {
			continue
		}
		folded, known := p.folded[e.Type]
		if !known {
			folded = answers.Fold(e.Type)
			p.folded[e.Type] = folded
		}
		if !slices.Contains(p.carried[e.Text], folded) {
			p.carried[e.Text] = append(p.carried[e.Text], folded)
		}
	}
}

// Negatives prepares draws from a pool. A type that no entity has is drawn only
// uniformly.
func (p *Pool) Negatives(o NegativeOptions) (*Negatives, error) {
	if o.Ratio < 0 || math.IsNaN(o.Ratio) || math.IsInf(o.Ratio, 0) {
		return nil, fmt.Errorf("negatives: ratio %v: want 0 or more", o.Ratio)
	}
	n := &Negatives{seed: o.Seed, ratio: o.Ratio, places: map[string][]int{}}
	switch o.Strategy {
	case "none":
		return n, nil
	case "uniform", "frequency":
	default:
		return nil, fmt.Errorf("negatives %q: unknown%s", o.Strategy, ner.Choices(o.Strategy, Strategies))
	}
	n.types = slices.Sorted(maps.Keys(p.frequency))
	for i, name := range n.types {
		weight := uint64(1)
		if o.Strategy == "frequency" {
			weight = uint64(p.frequency[name])
		}
		n.weights = append(n.weights, weight)
		folded := answers.Fold(name)
		n.places[folded] = append(n.places[folded], i)
	}
	n.sums = newSums(n.weights)
	if o.Guard {
		n.guard = make(map[string][]int, len(p.carried))
		for text, types := range p.carried {
			for _, folded := range types {
				n.guard[text] = append(n.guard[text], n.places[folded]...)
			}
		}
	}
	return n, nil
}

// clone returns negatives for another goroutine.
func (n *Negatives) clone() *Negatives {
	c := *n
	c.sums.weights, c.sums.tree = slices.Clone(n.sums.weights), slices.Clone(n.sums.tree)
	return &c
}

// Draw returns the negatives of a passage, in the order of the draws: without
// replacement, and the same in all epochs.
func (n *Negatives) Draw(k *Kept) []string { return n.DrawAtLeast(k, 0) }

// DrawAtLeast is [Negatives.Draw] with a least number of negatives, whatever the ratio.
// There may be fewer, if the pool has no more.
func (n *Negatives) DrawAtLeast(k *Kept, least int) []string {
	if len(n.types) == 0 || k.Unclosed {
		return nil
	}
	own := k.Types()
	want := int(min(math.Floor(n.ratio*float64(len(own))+0.5), float64(len(n.types))))
	want = max(want, least)
	var out []int // places that are taken out for this passage
	exclude := func(places []int) {
		for _, i := range places {
			if n.sums.weights[i] > 0 {
				n.sums.set(i, 0)
				out = append(out, i)
			}
		}
	}
	for _, name := range own {
		exclude(n.places[answers.Fold(name)])
	}
	for _, e := range k.Entities {
		exclude(n.guard[e.Text])
	}
	var drawn []string
	for i := range want {
		sum := n.sums.total
		if sum == 0 {
			break
		}
		h := ner.Hash(n.seed, "negatives", "distill", k.ID, strconv.Itoa(i))
		r, _ := bits.Mul64(h, sum) // floor(h · sum / 2^64)
		place := n.sums.find(r)
		drawn = append(drawn, n.types[place])
		n.sums.set(place, 0)
		out = append(out, place)
	}
	for _, i := range out {
		n.sums.set(i, n.weights[i])
	}
	return drawn
}

// sums holds weights and finds the first whose running sum exceeds a number, both in
// logarithmic time: a Fenwick tree. The draws of 45,889 passages from 353,092 types would
// otherwise take 10^11 steps.
type sums struct {
	weights []uint64
	tree    []uint64 // tree[i] is the sum of the weights in (i - lowest bit of i, i]
	total   uint64
}

func newSums(weights []uint64) sums {
	s := sums{weights: make([]uint64, len(weights)), tree: make([]uint64, len(weights)+1)}
	for i, w := range weights {
		s.set(i, w)
	}
	return s
}

// set changes a weight.
func (s *sums) set(i int, weight uint64) {
	change := weight - s.weights[i] // modulo 2^64
	s.weights[i], s.total = weight, s.total+change
	for k := i + 1; k < len(s.tree); k += k & -k {
		s.tree[k] += change
	}
}

// find returns the first place whose running sum exceeds r. r is less than the total.
func (s *sums) find(r uint64) int {
	at := 0
	for step := 1 << (bits.Len(uint(len(s.weights))) - 1); step > 0; step /= 2 {
		if next := at + step; next < len(s.tree) && s.tree[next] <= r {
			at, r = next, r-s.tree[next]
		}
	}
	return at
}
