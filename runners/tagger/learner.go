package tagger

// learner is a model during training. If the best path of a sentence is not the gold
// one, the weights of the gold path grow by 1 and those of the best path shrink by 1
// (Collins, 2002, figure 2).
//
// The result is the average of the weights over time, with one unit of time per
// sentence. It is computed without a sum over all weights in every step: w - s/T, where
// s is the sum of each change times its time (Daumé, 2006, "Practical Structured
// Learning Techniques", figure 2.3).
type learner struct {
	model
	time  int64
	sums  []int64          // of table.cells
	free  map[uint16][]int // room -> starts of free cells
	when  transitionSums
	dec   decoder
	line  []*word
	steps []cell
}

// transitionSums are the sums of model.transitions.
type transitionSums struct{ after, first, last []int64 }

func newLearner(l *labels) *learner {
	n := l.count
	return &learner{
		model: model{labels: l, table: newTable(0), transitions: newTransitions(n)},
		free:  map[uint16][]int{},
		when:  transitionSums{make([]int64, n*n), make([]int64, n), make([]int64, n)},
	}
}

// learn learns from one sentence. It reports whether the best path was right already.
func (l *learner) learn(c *corpus, i int) bool {
	from, to := c.starts[i], c.starts[i+1]
	l.line = l.line[:0]
	for _, id := range c.ids[from:to] {
		l.line = append(l.line, &c.words[id])
	}
	gold := c.gold[from:to]
	keys := l.dec.features(l.line)
	path := l.dec.path(&l.model, keys)

	right := true
	for i := range gold {
		if gold[i] != path[i] {
			right = false
			l.learnWord(&keys[i], gold[i], path[i])
		}
	}
	if !right {
		l.learnTransitions(gold, +1)
		l.learnTransitions(path, -1)
	}
	l.time++
	return right
}

// learnWord moves weight of a word's features from the found label to the gold one.
func (l *learner) learnWord(word *keys, gold, found int32) {
	l.steps = append(l.steps[:0], cell{gold, +1}, cell{found, -1})
	if gold == outside || found == outside || typeOf(gold) != typeOf(found) {
		if gold != outside {
			l.steps = append(l.steps, cell{l.labels.whole(typeOf(gold)), +1})
		}
		if found != outside {
			l.steps = append(l.steps, cell{l.labels.whole(typeOf(found)), -1})
		}
	}
	for _, key := range word {
		r := l.table.insert(key)
		for _, step := range l.steps {
			l.change(r, step)
		}
	}
}

func (l *learner) learnTransitions(path []int32, by int32) {
	t, n := &l.transitions, len(path)
	change := func(w *int32, s *int64) {
		*w += by
		*s += l.time * int64(by)
	}
	change(&t.first[path[0]], &l.when.first[path[0]])
	for i := 1; i < n; i++ {
		at := int(path[i])*t.n + int(path[i-1])
		change(&t.after[at], &l.when.after[at])
		t.bound(path[i])
	}
	change(&t.last[path[n-1]], &l.when.last[path[n-1]])
}

// change adds to the weight of a cell.
func (l *learner) change(r *row, by cell) {
	s := l.time * int64(by.weight)
	cells := l.table.of(r)
	for i := range cells {
		if cells[i].label == by.label {
			cells[i].weight += by.weight
			l.sums[int(r.start)+i] += s
			return
		}
	}
	if r.n == r.room {
		l.widen(r)
	}
	at := int(r.start) + int(r.n)
	l.table.cells[at], l.sums[at] = by, s
	r.n++
}

// widen moves the cells of a row to a place with twice the room.
func (l *learner) widen(r *row) {
	room := max(2, 2*r.room)
	start := len(l.table.cells)
	if free := l.free[room]; len(free) > 0 {
		start = free[len(free)-1]
		l.free[room] = free[:len(free)-1]
	} else {
		l.table.cells = append(l.table.cells, make([]cell, room)...)
		l.sums = append(l.sums, make([]int64, room)...)
	}
	copy(l.table.cells[start:], l.table.of(r))
	copy(l.sums[start:], l.sums[r.start:int(r.start)+int(r.n)])
	if r.room > 0 {
		l.free[r.room] = append(l.free[r.room], int(r.start))
	}
	r.start, r.room = uint32(start), room
}

// Averages are stored as integers, in units of 1/1024. Their bound is such that the sum
// over all features, for a label and its type, fits into 30 bits.
const (
	scale   = 1024
	largest = 1 << 22
)

// average returns the model with averaged weights. Weights of 0 are omitted.
func (l *learner) average() *model {
	m := &model{labels: l.labels, table: newTable(l.table.used), transitions: newTransitions(l.labels.count)}
	for i := range m.transitions.after {
		m.transitions.after[i] = l.mean(l.transitions.after[i], l.when.after[i])
	}
	for i := range m.transitions.first {
		m.transitions.first[i] = l.mean(l.transitions.first[i], l.when.first[i])
		m.transitions.last[i] = l.mean(l.transitions.last[i], l.when.last[i])
		m.transitions.bound(int32(i))
	}
	for _, r := range l.table.sorted() {
		start := len(m.table.cells)
		for i, c := range l.table.of(&r) {
			if w := l.mean(c.weight, l.sums[int(r.start)+i]); w != 0 {
				m.table.cells = append(m.table.cells, cell{c.label, w})
			}
		}
		if n := uint16(len(m.table.cells) - start); n > 0 {
			*m.table.insert(r.key) = row{r.key, uint32(start), n, n}
		}
	}
	return m
}

// mean is the average of a weight, rounded to the nearest integer.
func (l *learner) mean(weight int32, sum int64) int32 {
	if l.time == 0 {
		return 0
	}
	x := (int64(weight)*l.time - sum) * scale
	half := l.time / 2
	if x < 0 {
		half = -half
	}
	return int32(min(max((x+half)/l.time, -largest), largest))
}
