package ner_test

import (
	"testing"

	"nerbench/ner"
)

func TestCount(t *testing.T) {
	for _, c := range []struct {
		n          int
		noun, want string
	}{
		{0, "run", "0 runs"}, {1, "run", "1 run"}, {2, "run", "2 runs"}, {1, "query", "1 query"}, {3, "query", "3 queries"}, {2, "key", "2 keys"},
		{1, "sample passage", "1 sample passage"}, {-1, "swap", "-1 swaps"},
	} {
		if got := ner.Count(c.n, c.noun); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
	if ner.Are(1) != "is" || ner.Are(0) != "are" || ner.Are(2) != "are" {
		t.Error("the verbs are wrong")
	}
}
