package distill

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"nerbench/internal/processor"
	"nerbench/ner"
)

// threes counts three bytes as a token, so that words have several.
func threes(text string) (int, error) { return (len(text) + 2) / 3, nil }

func TestCut(t *testing.T) {
	for name, tc := range map[string]struct {
		text   string
		cutter Cutter
		want   []string
	}{
		"short":                              {"Ada ran .", Cutter{Most: 4}, []string{"Ada ran ."}},
		"empty":                              {"", Cutter{Most: 4}, nil},
		"white space":                        {" \n", Cutter{Most: 4}, []string{" \n"}},
		"a sentence ends in the second half": {"Ada ran. Bo sat by the sea.", Cutter{Most: 5}, []string{"Ada ran. ", "Bo sat by the sea", "."}},
		"one ends in the first half":         {"Hm. Ada and Bo sat by the sea", Cutter{Most: 6}, []string{"Hm. Ada and Bo sat ", "by the sea"}},
		"a blank line":                       {"one two three\n\nfour five six", Cutter{Most: 4}, []string{"one two three\n\n", "four five six"}},
		"without blanks between sentences":   {"水。火。木。金。", Cutter{Most: 5}, []string{"水。火。", "木。金。"}},
		"a number is no end":                 {"It is 3.5 m or 4.5 m long", Cutter{Most: 6}, []string{"It is 3.5 m ", "or 4.5 m long"}},
		"tokens of another kind":             {"abc defghi jkl", Cutter{Most: 4, Count: threes}, []string{"abc defghi ", "jkl"}},
		"a word that does not fit":           {"x ääääääää y", Cutter{Most: 2, Count: threes}, []string{"x ", "äää", "äää", "ää y"}},
		"a character that does not fit":      {"ä\U0001F6A2", Cutter{Most: 1, Count: threes}, []string{"ä", "\U0001F6A2"}},
		"one before a blank":                 {"\U0001F6A2 ä", Cutter{Most: 1, Count: threes}, []string{"\U0001F6A2 ", "ä"}},
	} {
		t.Run(name, func(t *testing.T) {
			parts, err := tc.cutter.Cut(tc.text)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, r := range parts {
				got = append(got, tc.text[r.Start:r.End])
			}
			if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", tc.want) {
				t.Errorf("parts are %q, want %q", got, tc.want)
			}
		})
	}
}

func TestCutErrors(t *testing.T) {
	if _, err := (Cutter{}).Cut("x"); err == nil {
		t.Error("parts of 0 tokens are accepted")
	}
	broken := errors.New("the server is gone")
	for _, text := range []string{"a", "a b c"} {
		if _, err := (Cutter{Most: 1, Count: func(string) (int, error) { return 0, broken }}).Cut(text); !errors.Is(err, broken) {
			t.Errorf("%s: error is %v", text, err)
		}
	}
}

func FuzzCut(f *testing.F) {
	for _, text := range []string{"Ada ran. Bo sat.", "水。火。", "a\n\nb\xffc", strings.Repeat("x", 50), "ä\U0001F6A2"} {
		f.Add(text, 3, true)
		f.Add(text, 1, false)
	}
	f.Fuzz(func(t *testing.T, text string, size int, words bool) {
		text = strings.ToValidUTF8(text, "\uFFFD") // as readers of a corpus do
		c := Cutter{Most: 1 + max(size, -size)%300, Count: threes}
		if size < -1<<40 || c.Most < 1 {
			return
		}
		count := threes
		if words {
			c.Count, count = nil, func(text string) (int, error) { return len(ner.Words(text)), nil }
		}
		parts, err := c.Cut(text)
		if err != nil {
			t.Fatal(err)
		}
		at := 0
		for _, r := range parts {
			if r.Start != at || r.End <= r.Start || !ner.Boundary(text, r.End) {
				t.Fatalf("%q: part %+v begins at %d", text, r, at)
			}
			at = r.End
			part := strings.TrimFunc(text[r.Start:r.End], ner.IsSpace)
			if n, _ := count(part); n > c.Most && len([]rune(part)) > 1 {
				t.Errorf("%q: part %q has %d tokens, more than %d", text, part, n, c.Most)
			}
		}
		if at != len(text) {
			t.Errorf("%q: the parts end at %d", text, at)
		}
	})
}

func BenchmarkCut(b *testing.B) {
	text := strings.Repeat("The harbour of Varna lies at the Black Sea, and ships from 3 ports (Odesa, Batumi, Poti) call there. ", 10_000)
	b.SetBytes(int64(len(text)))
	began := processor.Time()
	for b.Loop() {
		if _, err := (Cutter{Most: 256}).Cut(text); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N*len(text))/1e6/(processor.Time()-began).Seconds(), "MB/processor-s")
}
