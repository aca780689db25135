package tagger

import (
	"math"
	"slices"

	"nerbench/ner"
)

// decoder finds the best path of labels through a sentence (Viterbi, 1967). It reuses
// its memory, so only one goroutine may use it at a time.
type decoder struct {
	words    []word
	sentence []*word
	keys     []keys

	scores     []int32 // scores of one word: labels, then whole types
	prev, next []int32 // score of the best path to each label
	back       []int32 // the preceding label, for each word and label
	candidates []int32
	best       []int32
}

// never is the score of an impossible path. Weights are bounded (see [largest]), so no
// possible path has such a score, and no sum overflows.
const never = math.MinInt32 / 2

// read computes the features of the words of a text.
func (d *decoder) read(text string, words []ner.Range) []keys {
	d.words, d.sentence = resize(d.words, len(words)), resize(d.sentence, len(words))
	for i, r := range words {
		d.words[i] = describe(text[r.Start:r.End])
		d.sentence[i] = &d.words[i]
	}
	return d.features(d.sentence)
}

func (d *decoder) features(sentence []*word) []keys {
	d.keys = resize(d.keys, len(sentence))
	for i := range sentence {
		features(sentence, i, &d.keys[i])
	}
	return d.keys
}

// path returns the best labels of a sentence with at least one word. They are valid
// until the next call. All entities on the path are complete.
func (d *decoder) path(m *model, sentence []keys) []int32 {
	n := m.labels.count
	d.scores = resize(d.scores, n+len(m.labels.types))
	d.prev, d.next = resize(d.prev, n), resize(d.next, n)
	d.back = resize(d.back, n*len(sentence))
	for i := range sentence {
		d.score(m, &sentence[i])
		if i == 0 {
			d.start(m)
		} else {
			d.step(m, d.back[i*n:(i+1)*n])
		}
		d.normalise()
	}

	label, most := int32(outside), int32(math.MinInt32)
	for _, l := range m.labels.closed {
		if s := d.prev[l] + m.transitions.last[l]; s > most {
			label, most = l, s
		}
	}
	d.best = resize(d.best, len(sentence))
	for i := len(sentence) - 1; i > 0; i-- {
		d.best[i] = label
		label = d.back[i*n+int(label)]
	}
	d.best[0] = label
	return d.best
}

// score adds up the weights of a word's features for each label.
func (d *decoder) score(m *model, word *keys) {
	clear(d.scores)
	for _, key := range word {
		for _, c := range m.table.of(m.table.find(key)) {
			d.scores[c.label] += c.weight
		}
	}
	for t, whole := range d.scores[m.labels.count:] {
		parts := d.scores[label(t, begin) : label(t, single)+1]
		for i := range parts {
			parts[i] += whole
		}
	}
}

func (d *decoder) start(m *model) {
	for l := range d.prev {
		d.prev[l] = never
	}
	for _, l := range m.labels.opens {
		d.prev[l] = d.scores[l] + m.transitions.first[l]
	}
}

// step advances by one word.
func (d *decoder) step(m *model, back []int32) {
	d.choose(m)
	for _, to := range m.labels.opens {
		d.reach(m, to, d.candidates, back)
	}
	for t := range m.labels.types {
		open := [...]int32{label(t, begin), label(t, inside)}
		d.reach(m, label(t, inside), open[:], back)
		d.reach(m, label(t, end), open[:], back)
	}
	d.prev, d.next = d.next, d.prev
}

// reach finds the best path to a label.
func (d *decoder) reach(m *model, to int32, from []int32, back []int32) {
	weights := m.transitions.into(to)
	best, most := from[0], int32(math.MinInt32)
	for _, f := range from {
		if s := d.prev[f] + weights[f]; s > most {
			best, most = f, s
		}
	}
	d.next[to] = max(most+d.scores[to], never)
	back[to] = best
}

// choose collects the closed labels that can be the best predecessor of some label. It
// skips a label if its score is so far below the best score that no weight of a
// transition can make up for the difference. The path is the same as with all labels
// (Esposito and Radicioni, 2009, "CarpeDiem", use a similar bound). With 66 types,
// training takes a quarter of the time (BenchmarkTrain).
func (d *decoder) choose(m *model) {
	best := int32(outside)
	for _, f := range m.labels.closed {
		if d.prev[f] > d.prev[best] {
			best = f
		}
	}
	gain := int32(0)
	for _, to := range m.labels.opens {
		gain = max(gain, m.transitions.most[to]-m.transitions.into(to)[best])
	}
	d.candidates = d.candidates[:0]
	for _, f := range m.labels.closed {
		if d.prev[f] >= d.prev[best]-gain {
			d.candidates = append(d.candidates, f)
		}
	}
}

// normalise shifts all scores so that the best one is 0, so that no text is too long.
func (d *decoder) normalise() {
	most := slices.Max(d.prev)
	for l := range d.prev {
		d.prev[l] = max(d.prev[l]-most, never)
	}
}

// resize returns a slice of n elements. It reuses the memory of s if possible.
func resize[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n, n+n/2)
	}
	return s[:n]
}
