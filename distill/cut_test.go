package distill

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
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
		"a wide word":                        {"ab " + strings.Repeat("é", 20) + " cd ef", Cutter{Most: 2}, []string{"ab ", strings.Repeat("é", 16), strings.Repeat("é", 4) + " cd ", "ef"}},
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

// plainCut is the rule of [Cutter.Cut], with a count of each number of words.
func plainCut(t *testing.T, text string, most int, count Counter) []string {
	t.Helper()
	words := ner.Words(text)
	var parts []string
	for start := 0; len(words) > 0; {
		n := 0
		for n < min(most, len(words)) {
			if got, err := count(text[words[0].Start:words[n].End]); err != nil || got > most {
				break
			}
			n++
		}
		if n == 0 {
			t.Fatalf("%q: its first word does not fit", text[start:])
		}
		if n < len(words) {
			n = lastSentence(text, words[:n+1])
		}
		words = words[n:]
		end := len(text)
		if len(words) > 0 {
			end = words[0].Start
		}
		parts = append(parts, text[start:end])
		start = end
	}
	return parts
}

// prose is a text with sentences of different lengths, and words of different lengths.
func prose(sentences int) string {
	random := rand.New(rand.NewPCG(1, 2))
	var b strings.Builder
	for range sentences {
		for range 3 + random.IntN(40) {
			b.WriteString(strings.Repeat("e", 1+random.IntN(12)))
			b.WriteString([]string{" ", " ", " ", " ", ", ", " 7 ", "\n"}[random.IntN(7)])
		}
		b.WriteString([]string{". ", ". ", "! ", ".\n\n", " "}[random.IntN(5)])
	}
	return b.String()
}

// TestCutCounts: a server is asked few times for a part, and the parts are those of the rule.
func TestCutCounts(t *testing.T) {
	for name, tc := range map[string]struct {
		text  string
		count Counter
		most  float64 // counts for a part
	}{
		"prose":            {prose(2000), threes, 3.2},
		"a token a byte":   {prose(500), func(text string) (int, error) { return len(text), nil }, 3.2},
		"words":            {prose(300), func(text string) (int, error) { return len(ner.Words(text)), nil }, 3.2},
		"a short text":     {"Ada sat by the sea. Bo ran off to the harbour, and nobody has seen him there again. " + strings.Repeat("There he was. ", 40), threes, 1},
		"no sentences":     {strings.ReplaceAll(prose(500), ".", ","), threes, 5},
		"the rate changes": {prose(200) + strings.Repeat("a b c d e f g. ", 3000) + prose(200), threes, 3.2},
	} {
		t.Run(name, func(t *testing.T) {
			asked := 0
			parts, err := Cutter{Most: 256, Count: func(text string) (int, error) { asked++; return tc.count(text) }}.Cut(tc.text)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, r := range parts {
				got = append(got, tc.text[r.Start:r.End])
			}
			if want := plainCut(t, tc.text, 256, tc.count); !slices.Equal(got, want) {
				t.Errorf("%d parts, want %d", len(got), len(want))
			}
			t.Logf("%d counts for %d parts", asked, len(parts))
			if float64(asked) > tc.most*float64(len(parts)) {
				t.Errorf("%d counts for %d parts, more than %g for each", asked, len(parts), tc.most)
			}
		})
	}
}

// TestCutWideWord: of a word of a megabyte, only what may fit is counted.
func TestCutWideWord(t *testing.T) {
	sent := 0
	text := "before " + strings.Repeat("x", 1<<20) + " after"
	parts, err := Cutter{Most: 256, Count: func(text string) (int, error) { sent += len(text); return threes(text) }}.Cut(text)
	if err != nil {
		t.Fatal(err)
	}
	if want := 1 + (1<<20)/(3*256) + 1; len(parts) != want {
		t.Errorf("%d parts, want %d", len(parts), want)
	}
	if sent > 20*len(text) {
		t.Errorf("%d bytes were counted, of a text of %d", sent, len(text))
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
