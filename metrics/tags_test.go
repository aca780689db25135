package metrics_test

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"nerbench/metrics"
	"nerbench/ner"
)

// docs/spec/metrics.md §13, property 11: flat gold, encoded in each scheme and
// decoded in both modes, is unchanged.
func TestTagsRoundTrip(t *testing.T) {
	for _, scheme := range metrics.Schemes {
		for _, mode := range []metrics.Mode{metrics.Lenient, metrics.Strict} {
			t.Run(string(scheme)+" "+string(mode), func(t *testing.T) {
				for seed := range uint64(300) {
					length, gold := flatGold(rand.New(rand.NewPCG(seed, 6)))
					if scheme == metrics.IO {
						gold = separated(gold)
					}
					tags := encode(length, gold, scheme)
					got, err := metrics.DecodeTags(tags, scheme, mode)
					if err != nil {
						t.Fatal(err)
					}
					if !slices.Equal(got, gold) {
						t.Fatalf("seed %d: %v is decoded as %v, want %v", seed, tags, got, gold)
					}
				}
			})
		}
	}
}

// flatGold makes entities without overlap, many of them adjacent.
func flatGold(rng *rand.Rand) (length int, gold []metrics.Chunk) {
	types := []ner.EntityType{"person", "gene-or-protein", "日本"}
	for range rng.IntN(6) {
		length += rng.IntN(2)
		n := 1 + rng.IntN(3)
		gold = append(gold, metrics.Chunk{Start: length, End: length + n, Type: types[rng.IntN(len(types))]})
		length += n
	}
	return length + rng.IntN(2), gold
}

// separated leaves out entities that follow one of the same type directly: the scheme
// IO cannot express them.
func separated(gold []metrics.Chunk) []metrics.Chunk {
	var out []metrics.Chunk
	for _, c := range gold {
		if n := len(out); n > 0 && out[n-1].End == c.Start && out[n-1].Type == c.Type {
			continue
		}
		out = append(out, c)
	}
	return out
}

// encode writes entities as tags.
func encode(length int, gold []metrics.Chunk, scheme metrics.Scheme) []string {
	tags := slices.Repeat([]string{"O"}, length)
	for i, c := range gold {
		touchesBefore := i > 0 && gold[i-1].End == c.Start && gold[i-1].Type == c.Type
		touchesAfter := i+1 < len(gold) && gold[i+1].Start == c.End && gold[i+1].Type == c.Type
		for j := c.Start; j < c.End; j++ {
			first, last := j == c.Start, j == c.End-1
			prefix := "I"
			switch {
			case scheme == metrics.IOB2 && first, scheme == metrics.IOB1 && first && touchesBefore:
				prefix = "B"
			case scheme == metrics.IOE2 && last, scheme == metrics.IOE1 && last && touchesAfter:
				prefix = "E"
			case scheme == metrics.IOBES:
				prefix = choose(first, last, "S", "B", "E")
			case scheme == metrics.IO:
				tags[j] = string(c.Type)
				continue
			case scheme == metrics.BMES:
				prefix = choose(first, last, "S", "B", "E")
				if prefix == "I" {
					prefix = "M"
				}
			case scheme == metrics.BILOU:
				prefix = choose(first, last, "U", "B", "L")
			}
			tags[j] = prefix + "-" + string(c.Type)
		}
	}
	return tags
}

func choose(first, last bool, single, begin, end string) string {
	switch {
	case first && last:
		return single
	case first:
		return begin
	case last:
		return end
	}
	return "I"
}

func TestTagErrorsNameThePosition(t *testing.T) {
	for _, tc := range []struct {
		name       string
		gold, pred [][]string
		want       error
		place      string
	}{
		{"empty tag", [][]string{{"O"}, {"B-x", ""}}, [][]string{{"O"}, {"O", "O"}}, metrics.ErrTagEmpty, "sentence 1: gold: position 1: "},
		{"prefix", [][]string{{"O"}}, [][]string{{"Q-x"}}, metrics.ErrTagPrefix, `sentence 0: prediction: position 0: tag "Q-x": `},
		{"length", [][]string{{}, {"O"}}, [][]string{{}, {"O", "O"}}, metrics.ErrTagLength, "sentence 1: 1 tags of gold, 2 of prediction: "},
		{"sentences", [][]string{{}}, nil, metrics.ErrTagLength, "sentences: 1 of gold, 0 of prediction: "},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := metrics.ScoreTags(tc.gold, tc.pred, metrics.IOB2, metrics.Strict)
			if !errors.Is(err, tc.want) || !strings.HasPrefix(err.Error(), tc.place) {
				t.Errorf("error is %v, want %s%v", err, tc.place, tc.want)
			}
		})
	}
}

// FuzzDecodeTags checks that for any tags there is no panic, and that chunks are
// inside the sentence, sorted and distinct.
func FuzzDecodeTags(f *testing.F) {
	f.Add("B-A I-A O B-A")
	f.Add(". E . E-X S-X")
	f.Add("O-X I-_ 0 o B- B U-A L-A I-A")
	f.Add("\xff-\xfe E-日本 I-日本 B-日本")
	f.Fuzz(func(t *testing.T, line string) {
		tags := strings.Fields(line)
		for _, scheme := range metrics.Schemes {
			for _, mode := range []metrics.Mode{metrics.Lenient, metrics.Strict} {
				chunks, err := metrics.DecodeTags(tags, scheme, mode)
				legal := errors.Is(err, metrics.ErrTagBytes) || errors.Is(err, metrics.ErrTagPrefix) && mode == metrics.Strict
				if err != nil && !legal {
					t.Fatalf("%s %s: %v", scheme, mode, err)
				}
				end := 0
				for _, c := range chunks {
					if c.Start < 0 || c.Start >= c.End || c.End > len(tags) || c.End <= end || c.Type == "" {
						t.Fatalf("%s %s: %q is decoded as %v", scheme, mode, tags, chunks)
					}
					end = c.End
				}
			}
		}
	})
}
