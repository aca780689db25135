package tagger

// table holds the weights of features for labels, sparsely: a hash table of
// features, each with the few labels that it has a weight for. Most features of
// a text never take part in a mistake, so they have no weight and no row: the
// table stays small whatever the number of features and labels, and needs no
// dictionary of features.
type table struct {
	rows  []row // a power of two, at most half of them used
	used  int
	cells []cell
}

// row is where the cells of a feature stand.
type row struct {
	key   uint64 // the feature, 0 if the row is empty
	start uint32
	n     uint16
	room  uint16 // n <= room
}

// cell is the weight for one label, or for a whole type (see [labels]).
type cell struct {
	label  int32
	weight int32
}

// newTable returns a table with room for n features.
func newTable(n int) table {
	size := 1024
	for size < 2*n {
		size *= 2
	}
	return table{rows: make([]row, size)}
}

// find returns the row of a feature, or the empty row where it would be. Keys
// are hashes already, so their upper bits are the place.
func (t *table) find(key uint64) *row {
	mask := uint64(len(t.rows) - 1)
	for i := key >> 20; ; i++ {
		r := &t.rows[i&mask]
		if r.key == key || r.key == 0 {
			return r
		}
	}
}

// of returns the cells of a row.
func (t *table) of(r *row) []cell { return t.cells[r.start : r.start+uint32(r.n)] }

// insert returns the row of a feature, which is made if there is none.
func (t *table) insert(key uint64) *row {
	r := t.find(key)
	if r.key != 0 {
		return r
	}
	if t.used++; 2*t.used > len(t.rows) {
		old := t.rows
		t.rows = make([]row, 2*len(old))
		for _, o := range old {
			if o.key != 0 {
				*t.find(o.key) = o
			}
		}
		r = t.find(key)
	}
	r.key = key
	return r
}
