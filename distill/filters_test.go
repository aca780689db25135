package distill

import (
	"fmt"
	"strings"
	"testing"

	"nerbench/ner"
)

// BenchmarkFilters filters 50,000 answers, and counts the types that are left.
func BenchmarkFilters(b *testing.B) {
	const n = 50_000
	passages, answers := make([]Passage, n), make([]ner.Completion, n)
	for i := range passages {
		var text, list strings.Builder
		for k := range 12 {
			fmt.Fprintf(&text, "word and word again, then some words with Name%d in them, and so on. ", i+k)
			fmt.Fprintf(&list, `("Name%d", "type %d"), `, i+k, (i*7+k*k)%13_020)
		}
		passages[i] = Passage{ID: fmt.Sprint(i), Text: text.String()}
		answers[i] = ner.Completion{Text: "Here they are: [" + list.String() + `("Nobody", "person")]`, Finish: ner.FinishStop}
	}
	for b.Loop() {
		var kept []*Kept
		for i := range passages {
			if k, _ := (Filters{}).Apply(passages[i], answers[i]); k != nil {
				kept = append(kept, k)
			}
		}
		if t := Statistics(Frequency(kept), len(kept)); t.Entities != 12*n {
			b.Fatalf("%+v", t)
		}
	}
}
