package site

import (
	"fmt"
	"reflect"
	"testing"

	"nerbench/ner"
)

func TestConfusionTable(t *testing.T) {
	cells := []ner.ConfusionCell{
		{Gold: "", Pred: "rare", N: 9}, {Gold: "city", Pred: "city", N: 3}, {Gold: "city", Pred: "rare", N: 1},
		{Gold: "person", Pred: "", N: 6}, {Gold: "person", Pred: "city", N: 14}, {Gold: "person", Pred: "person", N: 20},
	}
	got := newConfusionTable(cells)
	want := &confusionTable{Types: []ner.EntityType{"person", "city", "rare"}, Rows: []confusionRow{
		{"person", []confusionCell{{20, 5, true}, {14, 3, false}, {0, 0, false}, {6, 1, false}}, 40},
		{"city", []confusionCell{{0, 0, false}, {3, 7, true}, {1, 2, false}, {0, 0, false}}, 4},
		{"rare", []confusionCell{{0, 0, false}, {0, 0, false}, {0, 0, true}, {0, 0, false}}, 0},
		{"", []confusionCell{{0, 0, false}, {0, 0, false}, {9, 0, false}, {0, 0, false}}, 0},
	}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
	if newConfusionTable(nil) != nil {
		t.Error("a table without entities")
	}
}

// TestManyTypesAreListed checks that a table of many types becomes a list of the pairs
// that were confused most often.
func TestManyTypesAreListed(t *testing.T) {
	e := &ner.ErrorCounts{}
	for i := range mostConfused + 1 {
		a, b := ner.EntityType(fmt.Sprint("t", i)), ner.EntityType(fmt.Sprint("t", i+1))
		e.Confusion = append(e.Confusion, ner.ConfusionCell{Gold: a, Pred: a, N: 100}, ner.ConfusionCell{Gold: a, Pred: b, N: i}, ner.ConfusionCell{Gold: a, N: 200}, ner.ConfusionCell{Pred: a, N: 200})
	}
	got := newErrorTables(e)
	if got.Confusion != nil || len(got.Confused) != mostConfused {
		t.Fatalf("table %v, list of %d", got.Confusion, len(got.Confused))
	}
	if want := (ner.ConfusionCell{Gold: "t30", Pred: "t31", N: 30}); got.Confused[0] != want {
		t.Errorf("the first is %v, want %v", got.Confused[0], want)
	}
}

func TestClassRows(t *testing.T) {
	rows := classRows(map[string]int{"C": 999, "B": 1, "MIS": 3000, "SPU": 4, "SPU_overlapping": 1})
	for i, want := range []classRow{
		{"C", "", 999, false, "25.0", "99.5"}, {"T", "", 0, false, "0.0", "0.0"}, {"B", "", 1, false, "<0.1", "0.1"}, {"BT", "", 0, false, "0.0", "0.0"},
		{"MIS", "", 3000, false, "75.0", ""}, {"MIS_overlapped", "", 0, true, "0.0", ""}, {"SPU", "", 4, false, "", "0.4"}, {"SPU_overlapping", "", 1, true, "", "0.1"},
	} {
		got := rows[i]
		if got.Meaning == "" {
			t.Errorf("%s has no meaning", got.Class)
		}
		if got.Meaning = ""; got != want {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
}
