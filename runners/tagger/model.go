package tagger

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"slices"
)

// model holds labels and weights.
type model struct {
	labels      *labels
	table       table
	transitions transitions
}

// digest is the SHA-256 of labels and weights, in an order that does not depend on the
// order of learning.
func (m *model) digest() string {
	w := digestWriter{hash: sha256.New()}
	w.text(version)
	w.number(uint64(len(m.labels.types)))
	for _, t := range m.labels.types {
		w.text(string(t))
	}
	for _, weights := range [][]int32{m.transitions.after, m.transitions.first, m.transitions.last} {
		for _, x := range weights {
			w.number(uint64(x))
		}
	}
	for _, r := range m.table.sorted() {
		w.number(r.key)
		for _, c := range m.table.of(&r) {
			w.number(uint64(c.label)<<32 | uint64(uint32(c.weight)))
		}
	}
	return w.sum()
}

// sorted returns the used rows in the order of their features.
func (t *table) sorted() []row {
	rows := make([]row, 0, t.used)
	for _, r := range t.rows {
		if r.key != 0 {
			rows = append(rows, r)
		}
	}
	slices.SortFunc(rows, func(a, b row) int { return cmp.Compare(a.key, b.key) })
	return rows
}

// digestWriter buffers numbers, so that the hash gets them in large pieces.
type digestWriter struct {
	hash    hash.Hash
	pending []byte
}

func (w *digestWriter) number(x uint64) {
	w.pending = binary.LittleEndian.AppendUint64(w.pending, x)
	if len(w.pending) > 1<<15 {
		w.flush()
	}
}

func (w *digestWriter) text(s string) {
	w.number(uint64(len(s)))
	w.pending = append(w.pending, s...)
}

func (w *digestWriter) flush() {
	w.hash.Write(w.pending)
	w.pending = w.pending[:0]
}

func (w *digestWriter) sum() string {
	w.flush()
	return hex.EncodeToString(w.hash.Sum(nil))
}
