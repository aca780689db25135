package export

import (
	"fmt"
	"testing"

	"nerbench/distill"
	"nerbench/internal/processor"
)

// BenchmarkExport writes a set of the size of the paper's for each target.
func BenchmarkExport(b *testing.B) {
	const passages = 45889
	one := inventedSet().Train[0]
	for range 3 { // about 220 words and ten questions
		one.Text += " " + one.Text
	}
	one.Questions = nil
	for i := range 10 {
		q := distill.Question{Type: fmt.Sprintf("type %d", i), Answers: []string{}, Negative: true}
		if i%2 == 0 {
			q = distill.Question{Type: q.Type, Answers: []string{"Zoë Quill", "Port-Varna"}}
		}
		one.Questions = append(one.Questions, q)
	}
	set := inventedSet()
	set.Train = make([]distill.Conversation, passages)
	for i := range set.Train {
		set.Train[i] = one
		set.Train[i].ID = fmt.Sprint(i)
	}
	for _, target := range Targets {
		b.Run(target.Name, func(b *testing.B) {
			begin := processor.Time()
			for b.Loop() {
				if _, err := Write(set, target.Name, b.TempDir(), Options{}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric((processor.Time()-begin).Seconds()/float64(b.N), "cpu-s/op")
		})
	}
}
