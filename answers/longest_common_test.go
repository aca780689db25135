package answers

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// patience is the definition of longestCommon, pair by pair.
func patience(passage, answer []string) []int {
	matched := slices.Repeat([]int{-1}, len(passage))
	type pair struct {
		i, j   int
		before *pair
	}
	var piles []*pair
	for i, w := range passage {
		for j := len(answer) - 1; j >= 0; j-- {
			if answer[j] != w {
				continue
			}
			at, _ := slices.BinarySearchFunc(piles, j, func(p *pair, j int) int { return p.j - j })
			p := &pair{i: i, j: j}
			if at > 0 {
				p.before = piles[at-1]
			}
			if at == len(piles) {
				piles = append(piles, nil)
			}
			piles[at] = p
		}
	}
	if len(piles) == 0 {
		return matched
	}
	for p := piles[len(piles)-1]; p != nil; p = p.before {
		matched[p.i] = p.j
	}
	return matched
}

// TestLongestCommon compares longestCommon with its definition, for lists around the
// sizes of words of bits and of blocks.
func TestLongestCommon(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	words := func(n, kinds int) []string {
		out := make([]string, n)
		for i := range out {
			out[i] = string(rune('a' + rng.IntN(kinds)))
		}
		return out
	}
	for round := range 2000 {
		passage, answer := words(rng.IntN(12), 1+rng.IntN(5)), words(rng.IntN(12), 1+rng.IntN(5))
		if round%50 == 0 {
			passage, answer = words(rng.IntN(300), 1+rng.IntN(20)), words(rng.IntN(300), 1+rng.IntN(20))
		}
		got := make([]int, len(passage))
		longestCommon(passage, answer, got)
		if want := patience(passage, answer); !slices.Equal(got, want) {
			t.Fatalf("%q and %q: got %v, want %v", passage, answer, got, want)
		}
	}
	for _, n := range []int{63, 64, 65, 127, 128, 129, 256} {
		passage := strings.Fields(strings.Repeat("a b ", n/2+1))[:n]
		answer := strings.Fields(strings.Repeat("b a c ", n/3+1))[:n]
		got := make([]int, n)
		longestCommon(passage, answer, got)
		if want := patience(passage, answer); !slices.Equal(got, want) {
			t.Errorf("%d words: got %v, want %v", n, got, want)
		}
	}
}
