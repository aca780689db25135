package metrics_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"nerbench/internal/reference"
	"nerbench/metrics"
)

// tagCase is a case of tags_*.json, or of kind tags or columns in handmade.json.
type tagCase struct {
	Kind     string          `json:"kind"`
	Name     string          `json:"name"`
	Scheme   string          `json:"scheme"`
	Gold     json.RawMessage `json:"gold"` // the structure depends on the kind
	Pred     json.RawMessage `json:"pred"`
	Data     string          `json:"data"`
	Expected json.RawMessage `json:"expected"`
}

type expectedTags struct {
	Lenient, Strict expectedDecoding
	Error           string
	Line            int
	Sentences       int
	Tokens          int
}

type expectedDecoding struct {
	Error      string
	Gold, Pred [][]chunk
	expectedTally
}

// chunk is written [type, start, end] in the vectors.
type chunk metrics.Chunk

func (c *chunk) UnmarshalJSON(data []byte) error {
	return json.Unmarshal(data, &[3]any{&c.Type, &c.Start, &c.End})
}

// TestTagVectors compares the parsing of tags (docs/spec/metrics.md §4.1), and
// lenient and strict decoding (§4.2, §4.3) of all schemes, well formed and not,
// with the vectors.
func TestTagVectors(t *testing.T) { reference.EachSet(t, tagVectors) }

func tagVectors(t *testing.T, set reference.Set) {
	for _, scheme := range metrics.Schemes {
		if scheme == metrics.BMES || scheme == metrics.IO {
			continue // the reference has no vectors: TestTagsRoundTrip, TestColumnForms
		}
		for _, form := range []string{"wellformed", "malformed"} {
			name := "tags_" + string(scheme) + "_" + form + ".json"
			t.Run(name, func(t *testing.T) {
				f := readVectors[tagCase](t, set, name)
				corpus := map[metrics.Mode]metrics.Tally{metrics.Lenient: {}, metrics.Strict: {}}
				for _, c := range f.Cases {
					t.Run(c.Name, func(t *testing.T) { checkTags(t, c, corpus) })
				}
				if !set.Whole {
					return
				}
				var want expectedTags
				decodeVector(t, f.Corpus.Expected, &want)
				want.Lenient.check(t, corpus[metrics.Lenient])
				want.Strict.check(t, corpus[metrics.Strict])
			})
		}
	}
}

// TestHandmadeTags tests the cases in which evaluators differ (docs/spec/metrics.md
// §4.4).
func TestHandmadeTags(t *testing.T) { reference.EachSet(t, handmadeTags) }

func handmadeTags(t *testing.T, set reference.Set) {
	n := 0
	for _, c := range readVectors[tagCase](t, set, "handmade.json").Cases {
		if c.Kind == "tags" {
			n++
			t.Run(c.Name, func(t *testing.T) { checkTags(t, c, nil) })
		}
	}
	if n == 0 {
		t.Fatal("no cases of kind tags")
	}
}

// checkTags decodes and scores one case in both modes and adds its counts to those
// of the corpus.
func checkTags(t *testing.T, c tagCase, corpus map[metrics.Mode]metrics.Tally) {
	scheme, err := metrics.ParseScheme(c.Scheme)
	if err != nil {
		t.Fatal(err)
	}
	var gold, pred [][]string
	decodeVector(t, c.Gold, &gold)
	decodeVector(t, c.Pred, &pred)
	var want expectedTags
	decodeVector(t, c.Expected, &want)
	for mode, want := range map[metrics.Mode]expectedDecoding{metrics.Lenient: want.Lenient, metrics.Strict: want.Strict} {
		got, err := metrics.ScoreTags(gold, pred, scheme, mode)
		if !errors.Is(err, wantedError(t, want.Error)) {
			t.Fatalf("%s: error is %v, want %q", mode, err, want.Error)
		}
		if err != nil {
			continue
		}
		want.check(t, got)
		checkChunks(t, gold, want.Gold, scheme, mode)
		checkChunks(t, pred, want.Pred, scheme, mode)
		if corpus != nil {
			corpus[mode].Merge(got)
		}
	}
}

func wantedError(t *testing.T, name string) error {
	switch name {
	case "":
		return nil
	case "length":
		return metrics.ErrTagLength
	case "prefix":
		return metrics.ErrTagPrefix
	}
	t.Fatalf("unknown error %q in the vectors", name)
	return nil
}

func checkChunks(t *testing.T, sentences [][]string, want [][]chunk, scheme metrics.Scheme, mode metrics.Mode) {
	t.Helper()
	for i, tags := range sentences {
		got, err := metrics.DecodeTags(tags, scheme, mode)
		if err != nil {
			t.Fatal(err)
		}
		var wanted []metrics.Chunk
		for _, c := range want[i] {
			wanted = append(wanted, metrics.Chunk(c))
		}
		if !slices.Equal(got, wanted) {
			t.Errorf("%s: sentence %d %q: chunks are %v, want %v", mode, i, tags, got, wanted)
		}
	}
}

// TestHandmadeColumns tests special cases of column files (docs/spec/metrics.md
// §4.5).
func TestHandmadeColumns(t *testing.T) { reference.EachSet(t, handmadeColumns) }

func handmadeColumns(t *testing.T, set reference.Set) {
	n := 0
	for _, c := range readVectors[tagCase](t, set, "handmade.json").Cases {
		if c.Kind != "columns" {
			continue
		}
		n++
		t.Run(c.Name, func(t *testing.T) {
			var want expectedTags
			decodeVector(t, c.Expected, &want)
			got, err := metrics.Columns(context.Background(), strings.NewReader(c.Data), metrics.IOB2, metrics.Lenient)
			if want.Error != "" {
				var fault *metrics.LineError
				if !errors.As(err, &fault) || fault.Line != want.Line {
					t.Errorf("error is %v, want one of line %d", err, want.Line)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			want.Lenient.check(t, got.ByType)
			if got.Sentences != want.Sentences || got.Tokens != want.Tokens {
				t.Errorf("%d sentences, %d tokens, want %d and %d", got.Sentences, got.Tokens, want.Sentences, want.Tokens)
			}
		})
	}
	if n == 0 {
		t.Fatal("no cases of kind columns")
	}
}
