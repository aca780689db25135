package answers

import (
	"strings"
	"testing"
)

// TestEdgeTokens: the comparisons of edges hold for all tokens.
func TestEdgeTokens(t *testing.T) {
	never := func(string) bool { return false }
	for _, token := range edgeTokens {
		if len(token) < 2 {
			t.Errorf("token %q has less than two bytes", token)
		}
		for _, s := range []string{token, token[:len(token)-1], token[1:], token + "x", "x" + token} {
			if begins(s, token) != strings.HasPrefix(s, token) || ends(s, token) != strings.HasSuffix(s, token) {
				t.Errorf("token %q at an edge of %q", token, s)
			}
		}
		if got := withoutTokens(token+` ["x"] `+token, never); got != `["x"]` {
			t.Errorf("token %q: got %q", token, got)
		}
	}
	for _, token := range turnEnds {
		if got := firstTurn(`["x"]`+token+"more", never); got != `["x"]` {
			t.Errorf("the end %q: got %q", token, got)
		}
	}
}
