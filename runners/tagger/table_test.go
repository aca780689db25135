package tagger

import "testing"

func TestTableGrows(t *testing.T) {
	table := newTable(0)
	const n = 20_000
	key := func(i int) uint64 { return mix(uint64(i)) | 1 }
	for i := range n {
		table.insert(key(i)).start = uint32(i)
		if 2*table.used > len(table.rows) {
			t.Fatalf("%d features in %d rows: more than half", table.used, len(table.rows))
		}
	}
	if table.used != n {
		t.Errorf("%d features, want %d", table.used, n)
	}
	for i := range n {
		if r := table.insert(key(i)); r.key != key(i) || r.start != uint32(i) {
			t.Fatalf("feature %d is %+v", i, *r)
		}
	}
	if table.used != n {
		t.Errorf("%d features after lookups, want %d", table.used, n)
	}
	if r := table.find(key(n)); r.key != 0 {
		t.Errorf("found %+v, which was not inserted", *r)
	}
}
