package ner

import (
	"slices"
	"testing"
)

func TestSplitPairs(t *testing.T) {
	for _, tc := range []struct {
		name        string
		lists, want []string
	}{
		{"nothing", nil, nil},
		{"repeated lists", []string{"split=dev,limit=3", "seed=1"}, []string{"split=dev", "limit=3", "seed=1"}},
		{"a comma in a value", []string{"model=a,b,split=dev"}, []string{"model=a,b", "split=dev"}},
		{"commas and a key in brackets", []string{`stop=["a","b",c=],seed=1`}, []string{`stop=["a","b",c=]`, "seed=1"}},
		{"a bracket in a string", []string{`stop=["["],seed=1`}, []string{`stop=["["]`, "seed=1"}},
		{"no pair", []string{"dev"}, []string{"dev"}},
	} {
		if got := SplitPairs(tc.lists); !slices.Equal(got, tc.want) {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
}
