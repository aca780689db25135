package answers

import (
	"math/rand/v2"
	"testing"
	"unicode/utf8"
)

// TestNormaliseASCII holds the quick way of METRICS.md §3.3 against the one of
// any string, on every short string of what matters, and on random ones.
func TestNormaliseASCII(t *testing.T) {
	const alphabet = "aAnThe. \t\x1c\x01-_9["
	check := func(s string) {
		t.Helper()
		if got, want := Normalise(s), normaliseAny(s); got != want {
			t.Errorf("%q became %q, want %q", s, got, want)
		}
	}
	var all func(prefix string, n int)
	all = func(prefix string, n int) {
		check(prefix)
		if n == 0 {
			return
		}
		for i := range len(alphabet) {
			all(prefix+alphabet[i:i+1], n-1)
		}
	}
	all("", 4)
	rng := rand.New(rand.NewPCG(1, 9))
	for range 20_000 {
		b := make([]byte, rng.IntN(30))
		for i := range b {
			if b[i] = alphabet[rng.IntN(len(alphabet))]; rng.IntN(4) == 0 {
				b[i] = byte(rng.IntN(utf8.RuneSelf))
			}
		}
		check(string(b))
	}
}
