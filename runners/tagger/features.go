package tagger

import "math/bits"

// perWord is the number of features of one word.
const perWord = 42

// keys are the hashed features of one word; none of them is 0.
type keys [perWord]uint64

// features computes the features of word i of a sentence: the word, its shape and
// affixes, two neighbours on either side, and pairs of these. They are the features of
// Zhang and Johnson (2003, CoNLL) and Ratinov and Roth (2009) that need no gazetteer,
// no parser and no other text.
func features(sentence []*word, i int, out *keys) {
	at := func(j int) *word {
		if j < 0 || j >= len(sentence) {
			return &nothing
		}
		return sentence[j]
	}
	p2, p, w, q, q2 := at(i-2), at(i-1), at(i), at(i+1), at(i+2)
	f := emitter{out: out}

	f.one(0) // always present: the frequency of the label
	f.one(w.form)
	f.one(w.lower)
	f.one(w.shape)
	f.one(w.short)
	f.one(w.kind)
	for k := range affixes {
		f.one(w.prefix[k])
		f.one(w.suffix[k])
	}

	// Neighbouring words, alone and with this word.
	f.one(p2.lower)
	f.one(p.lower)
	f.one(q.lower)
	f.one(q2.lower)
	f.two(p.lower, w.lower)
	f.two(w.lower, q.lower)
	f.two(p2.lower, p.lower)
	f.two(q.lower, q2.lower)
	f.two(p.lower, q.lower)

	// Shapes of neighbours.
	f.one(p2.short)
	f.one(p.short)
	f.one(q.short)
	f.one(q2.short)
	f.two(p.short, w.short)
	f.two(w.short, q.short)
	f.three(p.short, w.short, q.short)
	f.three(p2.short, p.short, w.short)
	f.three(w.short, q.short, q2.short)

	// Affixes of neighbours: a title before, "Ltd" or "-ing" after.
	f.one(p.prefix[2])
	f.one(p.suffix[2])
	f.one(q.prefix[2])
	f.one(q.suffix[2])

	// A word beside a shape: "in Xx", "Xx said".
	f.two(p.lower, w.short)
	f.two(w.short, q.lower)
	f.two(p.short, w.lower)
	f.two(w.lower, q.short)
}

// nothing stands for the words before the first and after the last.
var nothing = describe(string(rune(0)))

// emitter writes features in turn. The position of a feature is part of its hash, so
// that the same word before and after gives two features.
type emitter struct {
	out *keys
	n   int
}

func (e *emitter) one(a uint64) {
	e.out[e.n] = mix(a+uint64(e.n)*0x9e3779b97f4a7c15) | 1
	e.n++
}

func (e *emitter) two(a, b uint64) { e.one(bits.RotateLeft64(a, 29) + b) }

func (e *emitter) three(a, b, c uint64) {
	e.one(bits.RotateLeft64(a, 29) + bits.RotateLeft64(b, 13) + c)
}
