package main

import (
	"encoding/json"
	"reflect"

	"github.com/rogpeppe/go-internal/testscript"
)

// boardFile is the part of data/board.json that follows from the answers.
type boardFile struct {
	Suites []any
	Cells  struct {
		Run      []string
		Missing  map[string]string
		Scores   map[string]any
		Outcomes map[string]any
	}
}

// sameBoard demands that two boards have the same ranks, means, intervals, runs and
// counts: sameboard A B.
func sameBoard(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: sameboard A B")
	}
	var a, b boardFile
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &a))
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[1])), &b))
	if len(a.Cells.Run) == 0 || len(a.Suites) == 0 || !reflect.DeepEqual(a, b) {
		ts.Fatalf("%s and %s differ:\n%+v\n%+v", args[0], args[1], a, b)
	}
}
