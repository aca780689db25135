package tagger

// table is a sparse hash table of weights: for each feature, the few labels with a
// weight. Most features of a text are never part of an error, so they have no weight
// and no row. So the table stays small for any number of features and labels, and it
// needs no dictionary of features.
type table struct {
	rows  []row // the length is a power of two; at most half of them are used
	used  int
	cells []cell
}

// row refers to the cells of a feature.
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

// newTable returns a table for n features.
func newTable(n int) table {
	size := 1024
	for size < 2*n {
		size *= 2
	}
	return table{rows: make([]row, size)}
}

// find returns the row of a feature, or the empty row for it. Keys are hashes, so their
// upper bits give the position.
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

// insert returns the row of a feature, and creates it if necessary.
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
