package ngrams

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"nerbench/internal/processor"
)

// sentenceOf returns a sentence of n words that are all different, from a seed.
func sentenceOf(random *rand.Rand, n int) string {
	words := make([]string, n)
	for i := range words {
		words[i] = fmt.Sprintf("w%dé%d", i, random.IntN(1_000_000))
	}
	return strings.Join(words, " ")
}

// TestPlantedSentences: every test sentence of 6 words or more is found in a longer text,
// with other punctuation and case; none is found in a text without them.
func TestPlantedSentences(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	set := New()
	var planted []string
	for n := 1; n <= 40; n++ {
		s := sentenceOf(random, n)
		planted = append(planted, s)
		set.Add(s + " .")
	}
	for _, s := range planted {
		n := len(strings.Fields(s))
		text := sentenceOf(random, 30) + ". " + strings.ToUpper(strings.ReplaceAll(s, " ", ", ")) + "! " + sentenceOf(random, 30)
		place, found := set.Find(text)
		if found != (n >= Short) {
			t.Errorf("a sentence of %d words: found is %v", n, found)
		}
		if words := len(strings.Fields(text[place.Start:place.End])); found && words != min(n, Long) {
			t.Errorf("a sentence of %d words: the place has %d words", n, words)
		}
	}
	for range 1000 {
		if place, found := set.Find(sentenceOf(random, 256)); found {
			t.Errorf("found %v in a clean text", place)
		}
	}
}

func TestPartsOfSentences(t *testing.T) {
	set := New()
	set.Add("Ada and Bo ran home at noon. It was hot.")           // 7 words and 3: 10 in all
	set.Add(strings.Repeat("one two three four five six ", 3))    // 18 words
	set.Add("Mira swims . Where do all of the fishes swim now ?") // a short one, and one of 8
	set.Add("Bo sat. Cy and Di sat too.")                         // 2 words and 5: 7 in all
	set.Add("Prices rose by 3.5 points this year. And prices fell by 2 points in the last one, they say.")
	for text, want := range map[string]bool{
		"then ada and bo ran home at noon, and":                    true,  // a sentence
		"then ada and bo ran home at":                              false, // six words of seven
		"It was hot. Ada":                                          false, // a sentence that is too short
		strings.Repeat("one two three four five six ", 2):          false, // twelve words
		"six " + strings.Repeat("one two three four five six ", 2): true,
		"where do all of the fishes swim now":                      true,
		"Mira swims. Where do all of the fishes swim":              false,
		"bo sat, cy and di sat too":                                true, // a text of short sentences
		"this is what cy and di sat too":                           false,
		"last year prices rose by 3.5 points this year too":        true, // 3.5 ends no sentence
		"rose by 3.5 points this year":                             false,
		"":                                                         false,
	} {
		if _, got := set.Find(text); got != want {
			t.Errorf("%q: found is %v", text, got)
		}
	}
}

func BenchmarkFind(b *testing.B) {
	random := rand.New(rand.NewPCG(3, 4))
	set := New()
	for range 100_000 {
		set.Add(sentenceOf(random, 24))
	}
	for name, chunk := range map[string]string{
		"ascii": strings.Repeat("The harbour of Varna lies at the Black Sea, and 3 ships (from Odesa) call there. ", 14),
		"other": sentenceOf(random, 256),
	} {
		b.Run(name, func(b *testing.B) {
			began := processor.Time()
			for b.Loop() {
				if _, found := set.Find(chunk); found {
					b.Fatal("found")
				}
			}
			b.ReportMetric(float64(b.N)/(processor.Time()-began).Seconds(), "chunks/processor-s")
		})
	}
}
