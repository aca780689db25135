package page

import (
	"reflect"
	"testing"

	"nerbench/reports"
)

// TestErrorsAreSummed checks the sums and shares of a system whose runs are not all known,
// and that systems without known errors have no line.
func TestErrorsAreSummed(t *testing.T) {
	r := Report{Results: []reports.Result{result("m/a", "x", 1, 2, 3), result("m/a", "y", 1, 2, 3), result("m/a", "z", 1, 2, 3), result("m/b", "x", 1, 2, 3)}}
	for i := range r.Results {
		r.Results[i].ID = string(rune('a' + i))
	}
	d, err := newData(r)
	if err != nil {
		t.Fatal(err)
	}
	got := countErrors(d, map[string]map[string]int{"a": {"C": 4, "T": 1, "MIS": 3, "SPU": 2}, "b": {"C": 2, "B": 1, "BT": 1, "MIS_overlapped": 9}})
	if len(got.Lines) != 1 {
		t.Fatalf("%d lines", len(got.Lines))
	}
	line := got.Lines[0]
	if line.Runs != 2 || line.Of != 3 || !reflect.DeepEqual(line.Counts, []int{6, 1, 1, 1, 3, 2}) ||
		!reflect.DeepEqual(line.Shares, []string{"50.0", "8.3", "8.3", "8.3", "25.0", "18.2"}) {
		t.Errorf("%+v", line)
	}
}
