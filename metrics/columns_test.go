package metrics_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"nerbench/metrics"
	"nerbench/ner"
)

// A file of many blocks has the same counts as its sentences one by one, for every
// division into blocks.
func TestColumnsOfManyBlocks(t *testing.T) {
	data := columnFile(8_000, 20)
	want := scoreSentences(t, data)
	for name, r := range map[string]io.Reader{
		"whole":       bytes.NewReader(data),
		"halves":      iotest.HalfReader(bytes.NewReader(data)),
		"late EOF":    iotest.DataErrReader(bytes.NewReader(data)),
		"no line end": bytes.NewReader(bytes.TrimRight(data, "\n")),
		"CRLF":        bytes.NewReader(bytes.ReplaceAll(data, []byte("\n"), []byte("\r\n"))),
		"blanks":      bytes.NewReader(bytes.ReplaceAll(data, []byte("\n\n"), []byte("\n \t \n\n"))),
	} {
		t.Run(name, func(t *testing.T) {
			got, err := metrics.Columns(context.Background(), r, metrics.IOB2, metrics.Strict)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("counts are %+v, want %+v", got, want)
			}
		})
	}
}

// scoreSentences scores a column file with simple code.
func scoreSentences(t testing.TB, data []byte) metrics.ColumnCounts {
	t.Helper()
	var gold, pred [][]string
	tokens := 0
	for sentence := range strings.SplitSeq(strings.TrimSpace(string(data)), "\n\n") {
		var g, p []string
		for line := range strings.Lines(sentence) {
			fields := strings.Fields(line)
			g, p = append(g, fields[len(fields)-2]), append(p, fields[len(fields)-1])
		}
		gold, pred = append(gold, g), append(pred, p)
		tokens += len(g)
	}
	tally, err := metrics.ScoreTags(gold, pred, metrics.IOB2, metrics.Strict)
	if err != nil {
		t.Fatal(err)
	}
	return metrics.ColumnCounts{ByType: tally, Sentences: len(gold), Tokens: tokens}
}

// A sentence longer than a block is one sentence.
func TestColumnsOfOneLongSentence(t *testing.T) {
	const tokens = 100_000
	data := "a B-x B-x\n" + strings.Repeat("a I-x I-x\n", tokens-1)
	got, err := metrics.Columns(context.Background(), strings.NewReader(data), metrics.IOB2, metrics.Strict)
	if err != nil {
		t.Fatal(err)
	}
	want := metrics.ColumnCounts{ByType: metrics.Tally{"x": ner.Score{TP: 1, NPred: 1, NGold: 1}}, Sentences: 1, Tokens: tokens}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("counts are %+v, want %+v", got, want)
	}
}

// TestColumnErrors checks that the error for a malformed column file has its line
// (docs/spec/metrics.md §4.5).
func TestColumnErrors(t *testing.T) {
	many := strings.Repeat("a O O\n\n", 100_000) // several blocks
	for _, tc := range []struct {
		name, data string
		mode       metrics.Mode
		line       int
		want       string
	}{
		{"one column", "\n\nB-A\n", metrics.Lenient, 3, "1 column, want at least 2"},
		{"more columns", "a O O\nb c O O\n", metrics.Lenient, 2, "4 columns, want 3"},
		{"fewer columns", "a O O\n\n\nO O\n", metrics.Lenient, 4, "2 columns, want 3"},
		{"token and tag", "B-x B-x\n\nMira B-person\n", metrics.Lenient, 3, `2 columns, "Mira" and "B-person": column 1 is not a tag`},
		{"token and tag, strict", "Mira B-person\n", metrics.Strict, 1, `column 1 is not a tag`},
		{"characters and tags", "我 O\n", metrics.Lenient, 1, `"我" and "O": column 1 is not a tag`},
		{"tag and token", "O ,\n", metrics.Lenient, 1, `column 2 is not a tag`},
		{"prefix of gold", "a O O\nb Q-x O", metrics.Strict, 2, `gold: tag "Q-x"`},
		{"prefix of prediction", "a O o\n", metrics.Strict, 1, `prediction: tag "o"`},
		{"lower case, the letter in the type", "a O i-GIN\n", metrics.Strict, 1, `prediction: tag "i-GIN": prefix outside the scheme IOB2`},
		{"lower case", "a O b-PER\n", metrics.Strict, 1, `prediction: tag "b-PER": prefix outside the scheme IOB2`},
		{"types without a prefix", "a O O\nb ORG PER\n", metrics.Lenient, 2, `gold: tag "ORG": prefix outside the scheme IOB2: it has no prefix such as B-; tags that are types have the scheme io`},
		{"the same, strict", "a O O\nb ORG PER\n", metrics.Strict, 2, `gold: tag "ORG": prefix outside the scheme IOB2: it has no prefix`},
		{"a prefix without a hyphen", "a O BPER\n", metrics.Lenient, 1, `prediction: tag "BPER": prefix outside the scheme IOB2: it has no prefix`},
		{"BILOU", "a B-PER U-PER\n", metrics.Lenient, 1, `prediction: tag "U-PER": prefix outside the scheme IOB2: U is a prefix of the scheme bilou`},
		{"BMES", "a M-PER O\n", metrics.Lenient, 1, `gold: tag "M-PER": prefix outside the scheme IOB2: M is a prefix of the scheme bmes`},
		{"invalid UTF-8 in a word", "a O O\nb\xff O O\n", metrics.Lenient, 2, `not valid UTF-8`},
		{"invalid UTF-8", "a O O\nb B-\xff O\n", metrics.Lenient, 2, `gold: tag "B-\xff": not valid UTF-8`},
		{"the first of two errors", many + "a b O O\n\n" + many + "O\n", metrics.Lenient, 200_001, "4 columns, want 3"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := metrics.Columns(context.Background(), strings.NewReader(tc.data), metrics.IOB2, tc.mode)
			var fault *metrics.LineError
			if !errors.As(err, &fault) || fault.Line != tc.line || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error is %v, want line %d: %s", err, tc.line, tc.want)
			}
		})
	}
}

// TestColumnForms checks the forms of tags in column files (docs/spec/metrics.md §4.5).
func TestColumnForms(t *testing.T) {
	for _, tc := range []struct {
		name   string
		scheme metrics.Scheme
		mode   metrics.Mode
		data   string
		want   metrics.Tally
	}{
		{"underscore", metrics.IOB2, metrics.Lenient, "B_PER B_PER\nI_PER I_PER\nO O\n", metrics.Tally{"PER": {TP: 1, NPred: 1, NGold: 1}}},
		{"letter at the end", metrics.IOB2, metrics.Lenient, "PER-B PER_B\nPER-I O\n", metrics.Tally{"PER": {TP: 0, NPred: 1, NGold: 1}}},
		{"lower case", metrics.IOB2, metrics.Lenient, "b-PER B-PER\ni-PER I-PER\no O\n", metrics.Tally{"PER": {TP: 1, NPred: 1, NGold: 1}}},
		{"underscore for outside", metrics.IOB2, metrics.Strict, "B-PER B-PER\n_ O\n", metrics.Tally{"PER": {TP: 1, NPred: 1, NGold: 1}}},
		{"hyphens in a type", metrics.IOB2, metrics.Lenient, "B-a-b B-a-b\nB_a-b O\n", metrics.Tally{"a-b": {TP: 1, NPred: 1, NGold: 2}}},
		{"io", metrics.IO, metrics.Strict, "ORG PER\nORG ORG\nPER PER\nO O\nI-ORG ORG\n", metrics.Tally{"ORG": {TP: 1, NPred: 2, NGold: 2}, "PER": {TP: 1, NPred: 2, NGold: 1}}},
		{"bmes", metrics.BMES, metrics.Strict, "B-PER B-PER\nM-PER M-PER\nE-PER E-PER\nS-ORG S-ORG\n", metrics.Tally{"PER": {TP: 1, NPred: 1, NGold: 1}, "ORG": {TP: 1, NPred: 1, NGold: 1}}},
		{"bilou", metrics.BILOU, metrics.Strict, "B-PER B-PER\nL-PER L-PER\nU-ORG U-ORG\n", metrics.Tally{"PER": {TP: 1, NPred: 1, NGold: 1}, "ORG": {TP: 1, NPred: 1, NGold: 1}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := metrics.Columns(context.Background(), strings.NewReader(tc.data), tc.scheme, tc.mode)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got.ByType, tc.want) {
				t.Errorf("counts are %v, want %v", got.ByType, tc.want)
			}
			var byType []metrics.Chunk
			for s, err := range metrics.Sentences(strings.NewReader(tc.data), tc.scheme, tc.mode) {
				if err != nil {
					t.Fatal(err)
				}
				byType = append(byType, s.Gold...)
			}
			if len(byType) != tc.want.Total().NGold {
				t.Errorf("entities are %v, want %d", byType, tc.want.Total().NGold)
			}
		})
	}
	_, err := metrics.Columns(context.Background(), strings.NewReader("ORG ORG\nB-ORG ORG\n"), metrics.IO, metrics.Strict)
	if want := `line 2: gold: tag "B-ORG": prefix outside the scheme IO: B is a prefix of another scheme (IOB2)`; err == nil || err.Error() != want {
		t.Errorf("error is %v, want %s", err, want)
	}
}

// TestTwoColumnsOfTags checks that tags of every scheme, also without a type, are read
// from two columns.
func TestTwoColumnsOfTags(t *testing.T) {
	for _, data := range []string{"O O\n", "B-x I-x\n", "B_x x-I\n", "B I\n", "B- I-x\n", "b-x O\n"} {
		if _, err := metrics.Columns(context.Background(), strings.NewReader(data), metrics.IOB2, metrics.Lenient); err != nil {
			t.Errorf("%q: %v", data, err)
		}
		for _, err := range metrics.Sentences(strings.NewReader(data), metrics.IOB2, metrics.Lenient) {
			if err != nil {
				t.Errorf("%q as sentences: %v", data, err)
			}
		}
	}
}

func TestColumnsOfEmptyFile(t *testing.T) {
	for _, data := range []string{"", "\n", " \t\r\n\r\n"} {
		got, err := metrics.Columns(context.Background(), strings.NewReader(data), metrics.IOB2, metrics.Strict)
		if err != nil || got.Sentences != 0 || got.Tokens != 0 || len(got.ByType) != 0 {
			t.Errorf("%q: counts are %+v, error %v", data, got, err)
		}
	}
}

func TestColumnsReadError(t *testing.T) {
	broken := errors.New("broken")
	r := io.MultiReader(strings.NewReader("a O O\n"), iotest.ErrReader(broken))
	if _, err := metrics.Columns(context.Background(), r, metrics.IOB2, metrics.Strict); !errors.Is(err, broken) {
		t.Errorf("error is %v, want %v", err, broken)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := metrics.Columns(ctx, strings.NewReader("a O O\n"), metrics.IOB2, metrics.Strict); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v, want %v", err, context.Canceled)
	}
}

// FuzzColumns checks that there is no panic, that errors name a line of the file,
// and that counts are consistent.
func FuzzColumns(f *testing.F) {
	f.Add([]byte("a B-A B-A\r\nb I-A I-A\r\n\r\nc O B-A\r\n"))
	f.Add([]byte("\u00a0 B-A B-A\n \t\nb O\n"))
	f.Add([]byte("O O O O\n\r\n\r\r\n"))
	f.Add([]byte("PER-B ORG\nU_a _\nM-x M\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		for i, mode := range slices.Repeat([]metrics.Mode{metrics.Lenient, metrics.Strict}, len(metrics.Schemes)) {
			got, err := metrics.Columns(context.Background(), bytes.NewReader(data), metrics.Schemes[i/2], mode)
			var fault *metrics.LineError
			if errors.As(err, &fault) {
				if lines := bytes.Count(data, []byte("\n")) + 1; fault.Line < 1 || fault.Line > lines {
					t.Fatalf("%v, of %d lines", err, lines)
				}
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			total := got.ByType.Total()
			if total.TP > min(total.NPred, total.NGold) || got.Sentences > got.Tokens || max(total.NPred, total.NGold) > got.Tokens {
				t.Fatalf("counts are %+v", got)
			}
		}
	})
}

func ExampleColumns() {
	file := "Mira B-person B-person\nOkafor I-person O\n\nVarna B-place B-place\n"
	counts, err := metrics.Columns(context.Background(), strings.NewReader(file), metrics.IOB2, metrics.Strict)
	if err != nil {
		fmt.Println(err)
		return
	}
	f1, _ := counts.ByType.Total().F1()
	fmt.Println(counts.Sentences, counts.Tokens, counts.ByType.Total(), f1)
	// Output: 2 3 {1 2 2} 0.5
}
