package loop_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"net/http"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"nerbench/answers"
	"nerbench/harness/loop"
	"nerbench/internal/processor"
	"nerbench/ner"
	"nerbench/prompts"
	"nerbench/results"
	"nerbench/runners"
	"nerbench/runners/ollama"
)

var benchTypes = []string{"person", "organization", "location", "event", "product", "law", "date", "work of art"}

// benchDocuments are invented passages of about 600 bytes.
func benchDocuments(n int) iter.Seq2[*ner.Document, error] {
	return func(yield func(*ner.Document, error) bool) {
		body := strings.Repeat(" joined Tessel Labs in Port Varna , and moved on .", 10)
		for i := range n {
			text := fmt.Sprintf("Mira%d%s", i, body)
			d := &ner.Document{ID: fmt.Sprintf("bench/test/%d", i), Text: text, Spans: []ner.Span{{Start: 0, End: strings.IndexByte(text, ' '), Type: "person"}}}
			if !yield(d, nil) {
				return
			}
		}
	}
}

func benchRenderer(b testing.TB) *prompts.Renderer {
	dataset := prompts.Dataset{ID: "bench"}
	for _, t := range benchTypes {
		dataset.Types = append(dataset.Types, prompts.TypeInfo{Name: ner.EntityType(t), Native: t})
	}
	r, err := prompts.New(dataset, prompts.Settings{})
	if err != nil {
		b.Fatal(err)
	}
	return r
}

func benchHow() loop.ParseOptions {
	how := loop.ParseOptions{Form: "uniner_list"}
	for _, t := range benchTypes {
		how.Types = append(how.Types, answers.TypeName{Natural: ner.EntityType(t)})
	}
	return how
}

// bare is a load generator: it sends the same bodies over as many connections
// and reads the answers, nothing else.
func bare(b testing.TB, url string, queries, connections int) spent {
	r := benchRenderer(b)
	bodies := make(chan []byte, 1024)
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: connections, DisableCompression: true}}
	defer client.CloseIdleConnections()
	var workers sync.WaitGroup
	start := now()
	for range connections {
		workers.Go(func() {
			for body := range bodies {
				resp, err := client.Post(url+"/api/generate", "application/json", bytes.NewReader(body))
				if err != nil {
					b.Error(err)
					return
				}
				var answer struct {
					Response string `json:"response"`
				}
				if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
					b.Error(err)
				}
				_, _ = io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
			}
		})
	}
	sent := 0
	for d := range benchDocuments(queries / len(benchTypes)) {
		qs, err := r.Queries(d)
		if err != nil {
			b.Fatal(err)
		}
		for i := range qs {
			body, _ := json.Marshal(map[string]any{
				"model": "tiny", "prompt": qs[i].Prompt.Text, "raw": true, "stream": false, "truncate": false, "shift": false, "think": false,
				"options": map[string]any{
					"temperature": 0, "top_p": 1, "top_k": 0, "min_p": 0, "repeat_penalty": 1, "presence_penalty": 0,
					"frequency_penalty": 0, "seed": 1, "num_predict": 256, "num_ctx": 2048, "stop": []string{"</s>"},
				},
			})
			bodies <- body
			sent++
		}
	}
	close(bodies)
	workers.Wait()
	return since(start)
}

// spent is the time of a piece of work, and its processor time.
type spent struct{ time, processor time.Duration }

func now() spent { return spent{time.Duration(time.Now().UnixNano()), processor.Time()} }

func since(start spent) spent {
	end := now()
	return spent{end.time - start.time, end.processor - start.processor}
}

func (s *spent) add(o spent) { s.time, s.processor = s.time+o.time, s.processor+o.processor }

// whole is the whole job: render, ask, store in SQLite, read back, score.
func whole(b testing.TB, url string, queries, connections int) (ask, score spent) {
	ctx := context.Background()
	store, err := results.Open(ctx, filepath.Join(b.TempDir(), "results.db"), results.Create)
	if err != nil {
		b.Fatal(err)
	}
	defer store.Close()
	passages := queries / len(benchTypes)
	run := ner.Run{Keys: map[string]string{"model": "ollama/tiny", "dataset": "bench"}}
	if err := store.Begin(ctx, run, passages); err != nil {
		b.Fatal(err)
	}
	runner, err := ollama.New(ollama.Config{Host: url, Model: "tiny", Decoding: runners.Decoding{Seed: 1, Context: 2048}, Connections: connections})
	if err != nil {
		b.Fatal(err)
	}
	defer runner.Close()
	writer := store.Writer(ctx, run.ID())
	start := now()
	asked, err := loop.Ask(ctx, loop.Plan{
		Documents: benchDocuments(passages), Queries: benchRenderer(b).Queries, Identity: "x", Decoding: "y",
		Runner: runner, Slots: runners.NewFixed(connections), Recorder: writer,
	})
	if err != nil || asked.Complete != passages {
		b.Fatalf("asked %+v: %v", asked, err)
	}
	if err := writer.Close(); err != nil {
		b.Fatal(err)
	}
	ask = since(start)
	start = now()
	scored, err := loop.Score(ctx, loop.ScorePlan{Documents: benchDocuments(passages), Passages: store.Passages(ctx, run.ID()), Parsing: benchHow()})
	if err != nil || scored.Passages != passages {
		b.Fatalf("scored %d: %v", scored.Passages, err)
	}
	return ask, since(start)
}

// BenchmarkInstant compares the whole job with a bare load generator against a
// server that answers at once: budget ratio 0.5, 10,000 queries a second. The
// two take turns; the ratio is that of the sums. On a busy machine, the ratio of the
// processor times is more exact.
func BenchmarkInstant(b *testing.B) {
	const queries, connections = 40_000, 64
	url := newBenchServer(b, 0)
	var load, ask, score, all spent
	for b.Loop() {
		load.add(bare(b, url, queries, connections))
		a, s := whole(b, url, queries, connections)
		ask.add(a)
		score.add(s)
		all.add(a)
		all.add(s)
	}
	perSecond := func(d time.Duration) float64 { return float64(queries*b.N) / d.Seconds() }
	b.ReportMetric(perSecond(load.time), "bare_queries/s")
	b.ReportMetric(perSecond(all.time), "queries/s")
	b.ReportMetric(load.time.Seconds()/all.time.Seconds(), "ratio")
	b.ReportMetric(perSecond(score.time), "scored/s")
	b.ReportMetric(load.processor.Seconds()/all.processor.Seconds(), "processor-ratio")
	b.ReportMetric(1e6*score.processor.Seconds()/float64(queries*b.N), "scored-µs/query")
}

// BenchmarkTwentyMilliseconds is the same where an answer takes 20 ms: budget 99 % of
// what is possible with 64 connections. At the end some slots have nothing to ask any
// more while others finish their passage, hence the many queries.
func BenchmarkTwentyMilliseconds(b *testing.B) {
	const queries, connections = 64_000, 64
	url := newBenchServer(b, 20*time.Millisecond)
	var load, ask spent
	for b.Loop() {
		load.add(bare(b, url, queries, connections))
		a, _ := whole(b, url, queries, connections)
		ask.add(a)
	}
	b.ReportMetric(float64(queries*b.N)/ask.time.Seconds(), "queries/s")
	b.ReportMetric(load.time.Seconds()/ask.time.Seconds(), "ratio")
}

// BenchmarkMemory asks ever more queries; memory must stay flat (< 300 MB).
func BenchmarkMemory(b *testing.B) {
	for _, queries := range []int{10_000, 100_000, 1_000_000} {
		b.Run(fmt.Sprint(queries), func(b *testing.B) {
			url := newBenchServer(b, 0)
			for b.Loop() {
				stop, peak := make(chan struct{}), make(chan uint64)
				go watch(stop, peak)
				whole(b, url, queries, 64)
				close(stop)
				b.ReportMetric(float64(<-peak)/(1<<20), "peak_MiB")
			}
		})
	}
}

// watch reports the largest amount of memory that was taken from the system and
// not given back.
func watch(stop <-chan struct{}, peak chan<- uint64) {
	var most uint64
	for {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		most = max(most, m.Sys-m.HeapReleased)
		select {
		case <-stop:
			peak <- most
			return
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// BenchmarkResume continues a finished run of 200,000 queries: budget 2 s.
func BenchmarkResume(b *testing.B) {
	const passages = 25_000
	ctx := context.Background()
	store, err := results.Open(ctx, filepath.Join(b.TempDir(), "results.db"), results.Create)
	if err != nil {
		b.Fatal(err)
	}
	defer store.Close()
	run := ner.Run{Keys: map[string]string{"model": "x", "dataset": "bench"}}
	if err := store.Begin(ctx, run, passages); err != nil {
		b.Fatal(err)
	}
	writer := store.Writer(ctx, run.ID())
	plan := loop.Plan{
		Documents: benchDocuments(passages), Queries: benchRenderer(b).Queries, Identity: "x", Decoding: "y",
		Runner: instant{}, Slots: runners.NewFixed(4), Recorder: writer,
	}
	if _, err := loop.Ask(ctx, plan); err != nil {
		b.Fatal(err)
	}
	if err := writer.Close(); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		done, err := store.Done(ctx, run.ID())
		if err != nil {
			b.Fatal(err)
		}
		plan.Done = func(i int) bool { return done[i] }
		if asked, err := loop.Ask(ctx, plan); err != nil || asked.Skipped != passages {
			b.Fatalf("asked %+v: %v", asked, err)
		}
	}
}

// instant answers in the process.
type instant struct{}

func (instant) Complete(_ context.Context, queries []ner.Query) ([]ner.Completion, error) {
	out := make([]ner.Completion, len(queries))
	for i := range out {
		out[i] = ner.Completion{Text: "[]", Finish: ner.FinishStop}
	}
	return out, nil
}
