package tagger

import (
	"math/rand/v2"
	"testing"

	"nerbench/ner"
)

// The path has the score of the best of all possible paths, which the test tries one by
// one.
func TestPathIsTheBestOfAll(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 1))
		types, n := r.IntN(4), 1+r.IntN(4)
		spread := int32(1 + r.IntN(50)) // of transitions: up to the scores of words, or beyond
		m, sentence := randomModel(r, types, n, spread)
		var dec decoder
		got := dec.path(m, sentence)
		if !possible(m.labels, got) {
			t.Fatalf("seed %d: path %v leaves an entity open", seed, got)
		}
		want, found := int32(0), false
		paths(m.labels.count, n, func(p []int32) {
			if possible(m.labels, p) {
				if s := total(m, sentence, p); !found || s > want {
					want, found = s, true
				}
			}
		})
		if s := total(m, sentence, got); s != want {
			t.Fatalf("seed %d: path %v has score %d, the best %d", seed, got, s, want)
		}
	}
}

// randomModel returns a model and n words with two features each.
func randomModel(r *rand.Rand, types, n int, spread int32) (*model, []keys) {
	l := newLabels(make([]ner.EntityType, types))
	m := &model{labels: l, table: newTable(0), transitions: newTransitions(l.count)}
	weight := func() int32 { return r.Int32N(2*spread+1) - spread }
	for i := range m.transitions.after {
		m.transitions.after[i] = weight()
	}
	for to := range int32(l.count) {
		m.transitions.first[to], m.transitions.last[to] = weight(), weight()
		m.transitions.bound(to)
	}
	sentence := make([]keys, n)
	for i := range sentence {
		for j := range sentence[i] {
			sentence[i][j] = 1 // a feature without weights
		}
		sentence[i][0], sentence[i][1] = 3+2*uint64(r.IntN(3)), 99
	}
	for _, key := range []uint64{3, 5, 7, 99} {
		start := len(m.table.cells)
		for x := range int32(l.count + types) {
			if r.IntN(2) == 0 {
				m.table.cells = append(m.table.cells, cell{x, r.Int32N(41) - 20})
			}
		}
		size := uint16(len(m.table.cells) - start)
		*m.table.insert(key) = row{key, uint32(start), size, size}
	}
	return m, sentence
}

// paths calls f with every sequence of n labels.
func paths(labels, n int, f func([]int32)) {
	p := make([]int32, n)
	for {
		f(p)
		i := 0
		for ; i < n; i++ {
			if p[i]++; p[i] < int32(labels) {
				break
			}
			p[i] = 0
		}
		if i == n {
			return
		}
	}
}

// possible reports whether all entities of a path are complete, without package code.
func possible(l *labels, path []int32) bool {
	open := -1
	for _, p := range path {
		starts := p == outside || partOf(p) == begin || partOf(p) == single
		if starts != (open < 0) || !starts && typeOf(p) != open {
			return false
		}
		open = -1
		if p != outside && (partOf(p) == begin || partOf(p) == inside) {
			open = typeOf(p)
		}
	}
	return open < 0
}

func total(m *model, sentence []keys, path []int32) int32 {
	sum := m.transitions.first[path[0]] + m.transitions.last[path[len(path)-1]]
	for i, p := range path {
		if i > 0 {
			sum += m.transitions.into(p)[path[i-1]]
		}
		for _, key := range sentence[i] {
			for _, c := range m.table.of(m.table.find(key)) {
				if c.label == p || p != outside && c.label == m.labels.whole(typeOf(p)) {
					sum += c.weight
				}
			}
		}
	}
	return sum
}

// The largest weights do not overflow, on a text of any length.
func TestPathOfLargestWeights(t *testing.T) {
	l := newLabels([]ner.EntityType{"a", "b"})
	m := &model{labels: l, table: newTable(0), transitions: newTransitions(l.count)}
	for i := range m.transitions.after {
		m.transitions.after[i] = largest
	}
	for to := range int32(l.count) {
		m.transitions.bound(to)
	}
	sentence := make([]keys, 5000)
	for j := range perWord {
		key := uint64(2*j + 1)
		for i := range sentence {
			sentence[i][j] = key
		}
		start := len(m.table.cells)
		for x := range int32(l.count + 2) {
			w := int32(-largest)
			if x == label(1, single) || x == l.whole(1) {
				w = largest
			}
			m.table.cells = append(m.table.cells, cell{x, w})
		}
		size := uint16(l.count + 2)
		*m.table.insert(key) = row{key, uint32(start), size, size}
	}
	var dec decoder
	for i, p := range dec.path(m, sentence) {
		if p != label(1, single) {
			t.Fatalf("word %d has label %d", i, p)
		}
	}
}
