package tagger

import "testing"

func TestDescribe(t *testing.T) {
	if a, b := describe("Kelm"), describe("Kelm"); a != b {
		t.Error("two descriptions of a word differ")
	}
	for _, tc := range []struct {
		name string
		a, b string
		same func(a, b word) bool
		want bool
	}{
		{"form depends on case", "Kelm", "kelm", func(a, b word) bool { return a.form == b.form }, false},
		{"lower does not", "ÖST", "öst", func(a, b word) bool { return a.lower == b.lower }, true},
		{"shape", "Ab-12", "Öz-90", func(a, b word) bool { return a.shape == b.shape }, true},
		{"shape depends on length", "Abc", "Ab", func(a, b word) bool { return a.shape == b.shape }, false},
		{"short does not", "Abc", "Ab", func(a, b word) bool { return a.short == b.short }, true},
		{"short depends on marks", "a.b", "a-b", func(a, b word) bool { return a.short == b.short }, false},
		{"kind", "iPhone", "tRNA", func(a, b word) bool { return a.kind == b.kind }, false},
		{"prefix", "Brandt", "brand", func(a, b word) bool { return a.prefix == b.prefix }, true},
		{"prefix of letters, not bytes", "éa", "èa", func(a, b word) bool { return a.prefix[0] == b.prefix[0] }, false},
		{"suffix", "Kelmvík", "Ulvík", func(a, b word) bool { return a.suffix[2] == b.suffix[2] && a.suffix[3] != b.suffix[3] }, true},
		{"short words have no long suffix", "vík", "Ulvík", func(a, b word) bool { return a.suffix[3] == b.suffix[3] }, false},
		{"short words have padded long prefixes", "vík", "öst", func(a, b word) bool { return a.prefix[4] == b.prefix[4] }, false},
		{"prefix and suffix differ", "a", "a", func(a, b word) bool { return a.prefix[0] == b.suffix[0] }, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := tc.same(describe(tc.a), describe(tc.b)); got != tc.want {
				t.Errorf("%q and %q: %v, want %v", tc.a, tc.b, got, tc.want)
			}
		})
	}
}

func TestFeaturesFillTheirKeys(t *testing.T) {
	var sentence []*word
	for _, s := range []string{"The", "MS", "Kelma", "sinks", "."} {
		w := describe(s)
		sentence = append(sentence, &w)
	}
	seen := map[uint64]bool{}
	for i := range sentence {
		var k keys
		features(sentence, i, &k)
		own := map[uint64]bool{}
		for j, key := range k {
			if key == 0 {
				t.Errorf("word %d: feature %d is missing", i, j)
			}
			own[key], seen[key] = true, true
		}
		if len(own) != perWord {
			t.Errorf("word %d: %d different features of %d", i, len(own), perWord)
		}
	}
	if len(seen) < 3*perWord {
		t.Errorf("%d different features of %d words", len(seen), len(sentence))
	}
}
