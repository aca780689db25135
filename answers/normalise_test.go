package answers

import (
	"math/rand/v2"
	"testing"
	"unicode/utf8"
)

// TestNormaliseASCII holds the quick way of docs/spec/metrics.md §3.3 against the one of
// any string.
func TestNormaliseASCII(t *testing.T) {
	eachASCII("aAnThe. \t\x1c\x01-_9[", func(s string) {
		if got, want := Normalise(s), normaliseAny(s); got != want {
			t.Errorf("%q became %q, want %q", s, got, want)
		}
	})
}

// TestFormatASCII does so for the format of docs/spec/metrics.md §9.2.
func TestFormatASCII(t *testing.T) {
	eachASCII("aB {},,..;;:\t\x1c\x01-_'(", func(s string) {
		if got, want := formatCommon(s), formatAny(s); got != want {
			t.Errorf("%q became %q, want %q", s, got, want)
		}
	})
}

// eachASCII calls check with every short string of an alphabet, and with random
// ones that hold other characters, too.
func eachASCII(alphabet string, check func(string)) {
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
