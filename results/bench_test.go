package results

import (
	"context"
	"fmt"
	"path/filepath"
	"runtime"
	"testing"

	"nerbench/ner"
)

// The benchmarks have seven queries per passage, the average for CrossNER and MIT;
// "completions/s" counts answers.
var sevenTypes = []ner.EntityType{"a", "b", "c", "d", "e", "f", "g"}

func benchPassages(first, n int) []ner.Passage {
	passages := make([]ner.Passage, n)
	for i := range passages {
		passages[i] = testPassage("q", first+i, sevenTypes...)
	}
	return passages
}

func perSecond(b *testing.B, n int, unit string) {
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), unit)
}

// BenchmarkRecord commits passages in batches through a writer, like a fast run.
func BenchmarkRecord(b *testing.B) {
	const n = 8192
	passages := benchPassages(0, n)
	b.ResetTimer()
	for range b.N {
		b.StopTimer()
		s := begun(b, testRun("m"), n)
		w := s.Writer(b.Context(), testRun("m").ID())
		b.StartTimer()
		for i := range passages {
			must(b, w.Record(b.Context(), passages[i], true))
		}
		must(b, w.Close())
	}
	perSecond(b, b.N*n*len(sevenTypes), "completions/s")
}

// BenchmarkRecordOne commits every passage separately, like a slow run.
func BenchmarkRecordOne(b *testing.B) {
	s := begun(b, testRun("m"), max(b.N, 1))
	passages := benchPassages(0, b.N)
	b.ResetTimer()
	for i := range passages {
		must(b, s.Record(b.Context(), testRun("m").ID(), passages[i:i+1], nil))
	}
	perSecond(b, b.N*len(sevenTypes), "completions/s")
}

// finishedStore makes a store with a complete run of 200,000 queries.
func finishedStore(b *testing.B) (path string, passages int) {
	b.Helper()
	const n = 200_000 / 7
	path = filepath.Join(b.TempDir(), "results.db")
	s := openAt(b, path)
	must(b, s.Begin(b.Context(), testRun("m"), n))
	for first := 0; first < n; first += 1024 {
		must(b, s.Record(b.Context(), testRun("m").ID(), benchPassages(first, min(1024, n-first)), nil))
	}
	must(b, s.Close())
	return path, n
}

func BenchmarkFinishedRun(b *testing.B) {
	path, n := finishedStore(b)
	queries := n * len(sevenTypes)
	// Resume opens the store, begins the run, reads that all passages are complete,
	// and ends it.
	b.Run("Resume", func(b *testing.B) {
		for range b.N {
			s, err := Open(b.Context(), path, Create)
			must(b, err)
			must(b, s.Begin(b.Context(), testRun("m"), n))
			done, err := s.Done(b.Context(), testRun("m").ID())
			must(b, err)
			for i, d := range done {
				if !d {
					b.Fatalf("passage %d is not done", i)
				}
			}
			must(b, s.End(b.Context(), testRun("m").ID()))
			must(b, s.Close())
		}
	})
	b.Run("Passages", func(b *testing.B) {
		s := openAt(b, path)
		var most uint64
		for range b.N {
			got := 0
			for p, err := range s.Passages(b.Context(), testRun("m").ID()) {
				must(b, err)
				if got += len(p.Answers); p.Index%4096 == 0 {
					most = max(most, heapBytes())
				}
			}
			if got != queries {
				b.Fatalf("%d answers, want %d", got, queries)
			}
		}
		perSecond(b, b.N*queries, "completions/s")
		b.ReportMetric(float64(most)/(1<<20), "heap-MiB")
	})
	for _, known := range []bool{true, false} {
		b.Run(fmt.Sprintf("Known/%v", known), func(b *testing.B) {
			s := openAt(b, path)
			question, want := "q", len(sevenTypes)
			if !known {
				question, want = "other", 0
			}
			var keys [][]ner.AnswerKey
			for i := range 1000 {
				keys = append(keys, keysOfPassage(testPassage(question, i*n/1000, sevenTypes...)))
			}
			b.ResetTimer()
			for i := range b.N {
				got, err := s.Cached(context.Background(), keys[i%len(keys)])
				must(b, err)
				if len(got) != want {
					b.Fatalf("%d answers, want %d", len(got), want)
				}
			}
			perSecond(b, b.N*len(sevenTypes), "keys/s")
		})
	}
}

func heapBytes() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// BenchmarkScores reads the data for tables of 1,000 runs.
func BenchmarkScores(b *testing.B) {
	s := newStore(b)
	for i := range 1000 {
		run := testRun(fmt.Sprint(i))
		must(b, s.Begin(b.Context(), run, 1))
		must(b, s.SaveScores(b.Context(), run.ID(), someScores(1)))
	}
	b.ResetTimer()
	for range b.N {
		runs, err := s.Runs(b.Context(), nil)
		must(b, err)
		if len(runs) != 1000 {
			b.Fatal(len(runs))
		}
	}
	perSecond(b, b.N*1000, "runs/s")
}
