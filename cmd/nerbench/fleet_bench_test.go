//go:build unix

package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"nerbench/harness"
	"nerbench/internal/processor"
	"nerbench/ner"
	"nerbench/runners/fleet"
	"nerbench/runners/ollama/ollamatest"
	"nerbench/runners/open"
	"nerbench/runners/vllm/vllmtest"
)

// fleetWorkers is the number of workers of the benchmarks.
const fleetWorkers = 4

// BenchmarkFleetInstant keeps the answers of four workers on loopback, whose server answers
// lists of prompts at once and is in this process. Budget: 10,000 answers a second, which is
// 200 µs of processor time an answer on two processors. The time is that from the first
// answer to the end of the coordinator; the processor time is that of all processes.
func BenchmarkFleetInstant(b *testing.B) {
	const passages = 2_000
	w := newWorkplace(b, passages, 0)
	w.wide()
	server := vllmtest.NewInstant(b, 0)
	var took, coordinator, workers, own time.Duration
	n := 0
	for b.Loop() {
		n++
		before, began := server.Asked(), processor.Time()
		f := w.measured(fmt.Sprintf("%d.db", n), "wide", server.URL, 16)
		for server.Asked() == before && !f.coordinator.over() {
			time.Sleep(time.Millisecond)
		}
		start := time.Now()
		if code := f.coordinator.wait(); code != exitOK {
			b.Fatalf("exit code %d\n%s%s", code, f.coordinator.output, f.workers[0].output)
		}
		took += time.Since(start)
		own += processor.Time() - began
		f.end()
		coordinator += f.coordinator.spent()
		for _, m := range f.workers {
			workers += m.spent()
		}
	}
	answers := float64(server.Asked())
	if want := float64(n * passages * wideTypes); answers < want {
		b.Fatalf("%g answers, want %g", answers, want)
	}
	each := func(d time.Duration) float64 { return float64(d.Microseconds()) / answers }
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(answers/took.Seconds(), "answers/s")
	b.ReportMetric(each(coordinator), "coordinator-µs/answer")
	b.ReportMetric(each(workers), "workers-µs/answer")
	b.ReportMetric(each(own), "server-µs/answer")
	b.ReportMetric(2e6/each(coordinator+workers+own), "answers/s-of-two-processors")
}

// spent is the processor time of a process that has ended.
func (m *member) spent() time.Duration {
	return m.ProcessState.UserTime() + m.ProcessState.SystemTime()
}

// measured starts a coordinator and four workers on a server.
func (w *workplace) measured(store, dataset, url string, slots int) *machines {
	f := &machines{workplace: w, store: store, join: store + ".fleet"}
	f.coordinator = w.start("run", "-m", "vllm/tiny", "--weights", "sha256:"+strings.Repeat("ab", 32), "-d", dataset, "-q", "--probe", "0", "--ask-only",
		"--store", store, "--listen", "127.0.0.1:0")
	for range fleetWorkers {
		f.workers = append(f.workers, w.start("worker", "-m", "vllm/tiny", "--join", f.join, "--base-url", url, "--max-connections", fmt.Sprint(slots)))
	}
	return f
}

// BenchmarkFleetTwenty compares four workers, each with four passages at once, with one
// process that asks the same server directly, with 16 at once. A request of a list of
// prompts takes 20 ms. Budget: 0.97 of the rate.
func BenchmarkFleetTwenty(b *testing.B) {
	const passages, slots = 8_000, 4
	w := newWorkplace(b, passages, 0)
	server := vllmtest.NewInstant(b, 20*time.Millisecond)
	var direct, through time.Duration
	asked := func(m *member) time.Duration {
		before := server.Asked()
		for server.Asked() == before && !m.over() {
			time.Sleep(time.Millisecond)
		}
		start := time.Now()
		if code := m.wait(); code != exitOK {
			b.Fatalf("exit code %d\n%s", code, m.output)
		}
		return time.Since(start)
	}
	n := 0
	for b.Loop() {
		n++
		direct += asked(w.start("run", "-m", "vllm/tiny", "-d", "mini", "-q", "--probe", "0", "--ask-only", "--store", fmt.Sprintf("direct%d.db", n),
			"--base-url", server.URL, "--max-connections", fmt.Sprint(fleetWorkers*slots)))
		f := w.measured(fmt.Sprintf("%d.db", n), "mini", server.URL, slots)
		through += asked(f.coordinator)
		f.end()
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(n*passages)/direct.Seconds(), "direct-passages/s")
	b.ReportMetric(float64(n*passages)/through.Seconds(), "passages/s")
	b.ReportMetric(direct.Seconds()/through.Seconds(), "ratio")
}

// BenchmarkFleetTakeover kills a worker whose server does not answer, and measures the time
// until another one has done its passages. Budget: the lease and 2 s.
func BenchmarkFleetTakeover(b *testing.B) {
	const lease = 2 * time.Second
	var took time.Duration
	n := 0
	for b.Loop() {
		n++
		w := newWorkplace(b, 40, time.Millisecond)
		held := make(chan struct{})
		var holds atomic.Int64
		silent := ollamatest.New(b, func(s *ollamatest.Fake) {
			s.Answer = func(prompt string) string {
				if strings.Contains(prompt, "Text: ") {
					holds.Add(1)
					<-held
				}
				return "[]"
			}
		})
		w.lease = lease
		f := &machines{workplace: w, store: "results.db", join: "results.db.fleet"}
		f.coordinate()
		victim := w.program("worker", "--join", f.join, "-m", "ollama/tiny", "--max-connections", "2")
		victim.Env = append(victim.Env, "OLLAMA_HOST="+silent.URL)
		f.workers = append(f.workers, w.launch(victim))
		for holds.Load() < fleetSlots && !f.coordinator.over() {
			time.Sleep(time.Millisecond)
		}
		f.work(1)
		f.answered(38 * fleetQueries)
		start := time.Now()
		f.workers[0].kill()
		if code := f.coordinator.wait(); code != exitOK {
			b.Fatalf("exit code %d\n%s", code, f.coordinator.output)
		}
		took += time.Since(start)
		close(held)
		f.end()
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(took.Seconds()/float64(n), "takeover-s")
	b.ReportMetric(lease.Seconds(), "lease-s")
}

// BenchmarkFleetRestart kills the coordinator and starts another one. It measures the time
// from the start to the first passage that is kept. Budget: 3 s and the time of loading, also
// if a worker was killed with the coordinator, which the new one awaits.
func BenchmarkFleetRestart(b *testing.B) {
	b.Run("with all workers", func(b *testing.B) { restart(b, false) })
	b.Run("without one of them", func(b *testing.B) { restart(b, true) })
}

func restart(b *testing.B, lost bool) {
	var took time.Duration
	n := 0
	for b.Loop() {
		n++
		w := newWorkplace(b, 4_000, 20*time.Millisecond)
		f := &machines{workplace: w, store: "results.db", join: "results.db.fleet"}
		f.coordinate()
		f.work(fleetWorkers)
		f.answered(200)
		f.coordinator.kill()
		if lost {
			f.workers[0].kill()
		}
		before := len(w.completed(f.store))
		start := time.Now()
		f.coordinate()
		w.awaitMore(f.store, before, f.coordinator.ended)
		if f.coordinator.over() {
			b.Fatalf("the coordinator has ended\n%s", f.coordinator.output)
		}
		took += time.Since(start)
		f.end()
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(took.Seconds()/float64(n), "restart-s")
}

// BenchmarkFleetIdle connects 500 workers, of which all wait for a server that does not
// answer, with 4,096 passages in flight. It measures the memory of the coordinator. Budget:
// 400 MB.
func BenchmarkFleetIdle(b *testing.B) {
	const workers, slots, inFlight = 500, 9, 4096
	peakMiB := 0
	for b.Loop() {
		w := newWorkplace(b, 6_000, 0)
		held := make(chan struct{})
		answer := w.fake.Answer
		var asked atomic.Int64
		w.fake.Change(func(prompt string) string {
			asked.Add(1)
			<-held
			return answer(prompt)
		})
		f := &machines{workplace: w, store: "results.db", join: "results.db.fleet"}
		f.coordinate()
		memory := peak(f.coordinator.Process.Pid)
		f.joined()
		ctx, cancel := context.WithCancel(b.Context())
		var all sync.WaitGroup
		for range workers {
			all.Go(func() {
				spec, err := w.onMachine(slots)
				if err != nil {
					b.Error(err)
					return
				}
				worker := fleet.Worker{Join: filepath.Join(w.dir, f.join), Spec: spec}
				if err := worker.Run(ctx); err != nil && ctx.Err() == nil {
					b.Error(err)
				}
			})
		}
		for asked.Load() < inFlight && !b.Failed() && !f.coordinator.over() {
			time.Sleep(10 * time.Millisecond)
		}
		time.Sleep(5 * time.Second) // beats of all
		f.coordinator.kill()
		close(held)
		cancel()
		all.Wait()
		peakMiB = max(peakMiB, <-memory>>10)
		f.end()
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(peakMiB), "peak-MiB")
}

// onMachine is the model of the workplace for a worker in this process.
func (w *workplace) onMachine(slots int) (open.Spec, error) {
	bench := &harness.Bench{Getenv: func(name string) string {
		if name == "OLLAMA_HOST" {
			return w.fake.URL
		}
		return ""
	}}
	return bench.OnMachine(harness.Request{Plan: ner.Plan{Model: "ollama/tiny"}, Connections: slots})
}
