package check

import (
	"fmt"
	"os"
	"testing"

	"nerbench/distill"
	"nerbench/internal/processor"
	"nerbench/internal/reference"
)

// BenchmarkCheck compares a student in a folder, and one in a file, with a set of the size
// of the paper's.
func BenchmarkCheck(b *testing.B) {
	set := invented()
	one := set.Train[0]
	for range 3 {
		one.Text += " " + one.Text
	}
	one.Questions = nil
	for i := range 10 {
		one.Questions = append(one.Questions, distill.Question{Type: fmt.Sprintf("type %d", i), Answers: []string{"Zoë Quill", "Port-Varna"}})
	}
	for i := range 45889 {
		one.ID = fmt.Sprint(i)
		set.Train = append(set.Train, one)
	}
	for _, name := range []string{"tiny-uniner-none", "tiny-uniner-none/model-f16.gguf"} {
		b.Run(name, func(b *testing.B) {
			path := reference.Path(b, "models", name)
			begin := processor.Time()
			for b.Loop() {
				s, err := Open(b.Context(), path, Where{Getenv: os.Getenv})
				if err != nil {
					b.Fatal(err)
				}
				r, err := Run(b.Context(), set, s)
				if err != nil || !r.OK {
					b.Fatalf("%+v, %v", r, err)
				}
				b.ReportMetric(float64(r.Prompts), "prompts")
				s.Close()
			}
			b.ReportMetric((processor.Time()-begin).Seconds()/float64(b.N), "cpu-s/op")
		})
	}
}
