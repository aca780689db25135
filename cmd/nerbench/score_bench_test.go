package main

import (
	"testing"
	"time"
)

// BenchmarkScoreAll scores 200,000 kept answers again: the whole process, and
// nothing changes.
func BenchmarkScoreAll(b *testing.B) {
	w := newWorkplace(b, 100_000, 0)
	if code, out := w.run("run", "-q", "-m", "ollama/tiny", "-d", "mini", "--max-connections", "64", "--probe", "0"); code != exitOK {
		b.Fatalf("exit code %d: %s", code, out)
	}
	b.ResetTimer()
	for b.Loop() {
		start := time.Now()
		if code, out := w.run("score", "--all", "--json"); code != exitOK {
			b.Fatalf("exit code %d: %s", code, out)
		}
		b.ReportMetric(time.Since(start).Seconds(), "s/200k-answers")
	}
}
