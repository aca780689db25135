package reference

import (
	"embed"
	"encoding/json"
	"os"
	"testing"
)

// slice holds a part of the vectors, so that tests use them in a clone without the
// reference. `go test ./internal/reference -update` writes it.
//
//go:embed testdata
var slice embed.FS

// A Set is one copy of the vectors, which are inputs with expected outcomes: either
// the slice in the repository or all vectors of the reference.
type Set struct {
	Whole bool
}

// EachSet runs a test on the slice and, where NERBENCH_REFERENCE is set, on all
// vectors, as the subtests "slice" and "whole".
func EachSet(t *testing.T, test func(*testing.T, Set)) {
	t.Run("slice", func(t *testing.T) { test(t, Set{}) })
	if Root() != "" {
		t.Run("whole", func(t *testing.T) { test(t, Set{Whole: true}) })
	}
}

// Read decodes a file of the set, such as "handmade.json" of the folder "vectors".
// It ignores members that into lacks.
func (s Set) Read(t testing.TB, into any, folder, name string) {
	t.Helper()
	var data []byte
	var err error
	if s.Whole {
		data, err = os.ReadFile(Path(t, folder, name))
	} else {
		data, err = slice.ReadFile("testdata/" + folder + "/" + name)
	}
	if err == nil {
		err = json.Unmarshal(data, into)
	}
	if err != nil {
		t.Fatalf("%s/%s: %v", folder, name, err)
	}
}
