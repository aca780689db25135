package results

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"testing"

	"nerbench/internal/processor"
	"nerbench/ner"
)

// partsOf makes n stores with the parts of one run, with seven answers a passage.
func partsOf(b *testing.B, n, passages int) (paths []string) {
	b.Helper()
	for part := range n {
		path := filepath.Join(b.TempDir(), "part.db")
		s := openAt(b, path)
		must(b, s.Begin(b.Context(), testRun("m"), passages))
		var some []ner.Passage
		for i := part; i < passages; i += n {
			some = append(some, testPassage("q", i, sevenTypes...))
			if len(some) == 1024 || i+n >= passages {
				must(b, s.Record(b.Context(), testRun("m").ID(), some, nil))
				some = some[:0]
			}
		}
		must(b, s.End(b.Context(), testRun("m").ID()))
		must(b, s.Close())
		paths = append(paths, path)
	}
	return paths
}

// BenchmarkMerge merges 8 and 64 parts. "answers/cpu-s" is the rate by processor time, and
// "peak-MiB" the largest memory of the process during the merge, on Linux.
func BenchmarkMerge(b *testing.B) {
	for _, c := range []struct{ parts, answers int }{{8, 250_000}, {8, 1_000_000}, {64, 1_000_000}} {
		b.Run(fmt.Sprintf("%dof%d", c.parts, c.answers), func(b *testing.B) {
			paths := partsOf(b, c.parts, c.answers/len(sevenTypes))
			var spent, peak float64
			b.ResetTimer()
			for range b.N {
				b.StopTimer()
				into := filepath.Join(b.TempDir(), "merged.db")
				debug.FreeOSMemory()
				_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) // other systems have no peak
				before := processor.Time()
				b.StartTimer()
				m, err := Merge(b.Context(), paths, into)
				must(b, err)
				spent += (processor.Time() - before).Seconds()
				peak = max(peak, float64(processor.PeakMemory())/(1<<20))
				if m.Answers != c.answers/7*7 || m.Runs[0].Complete != c.answers/7 {
					b.Fatalf("merged %+v", m)
				}
			}
			perSecond(b, b.N*c.answers, "answers/s")
			b.ReportMetric(float64(b.N*c.answers)/spent, "answers/cpu-s")
			b.ReportMetric(peak, "peak-MiB")
		})
	}
}
