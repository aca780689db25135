package answers

import (
	"math/rand/v2"
	"testing"
)

// TestAlignForms compares the forms of mentions with those of texts, which have offsets.
func TestAlignForms(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	alphabet := []rune("aB  \t\n éß.\u00a0Ǆ\u0301!\x00\u3000")
	for range 20_000 {
		var runes []rune
		for range rng.IntN(8) {
			runes = append(runes, alphabet[rng.IntN(len(alphabet))])
		}
		text := string(runes)
		if got, want := blanksForm(text), mapBlanks(text).text; got != want {
			t.Fatalf("%q: blanks are %q, want %q", text, got, want)
		}
		if got, want := caselessForm(text), mapCaseless(text).text; got != want {
			t.Fatalf("%q: without case %q, want %q", text, got, want)
		}
	}
}
