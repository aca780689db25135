package submissions

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"nerbench/internal/processor"
	"nerbench/ner"
)

// BenchmarkVerify verifies bundles of 10,000 and 100,000 answers of a server: budget
// 50,000 answers a second on two idle processors, and memory that does not grow with the
// answers. answers/cpu-s is a second of processor time, whatever else the machine does;
// peak_MiB is beyond the heap before.
func BenchmarkVerify(b *testing.B) {
	for _, passages := range []int{5_000, 50_000} {
		b.Run(fmt.Sprint(2*passages), func(b *testing.B) {
			w := newWorkplace(b)
			var text strings.Builder
			for i := range passages {
				fmt.Fprintf(&text, "Mira%d B-PER\n", i)
				for range 8 {
					text.WriteString("joined O\nTessel B-PET\nLabs I-PET\n. O\n")
				}
				text.WriteString("\n")
			}
			w.write(b, "data/open/test.txt", text.String())
			w.server.Answer = func(string) string { return `["Tessel Labs"]` }
			path := w.bundle(b, "x.nbz", w.run(b, ner.Plan{Model: "vllm/tiny"}, "open")...)
			w.server.Forget() // its memory would be part of the heap
			for b.Loop() {
				runtime.GC()
				before := heap()
				used := processor.Time()
				stop, peak := make(chan struct{}), make(chan uint64)
				go watch(stop, peak)
				began := time.Now()
				if _, err := Verify(b.Context(), w.Bench, path); err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(2*passages)/time.Since(began).Seconds(), "answers/s")
				b.ReportMetric(float64(2*passages)/(processor.Time()-used).Seconds(), "answers/cpu-s")
				close(stop)
				most := <-peak
				b.ReportMetric(float64(most-min(before, most))/(1<<20), "peak_MiB")
			}
		})
	}
}

// watch reports the largest heap in use.
func watch(stop <-chan struct{}, peak chan<- uint64) {
	var most uint64
	for {
		most = max(most, heap())
		select {
		case <-stop:
			peak <- most
			return
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// heap is the heap in use, in bytes.
func heap() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse
}
