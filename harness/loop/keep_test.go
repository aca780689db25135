package loop_test

import (
	"context"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"nerbench/harness/loop"
	"nerbench/ner"
	"nerbench/results"
	"nerbench/runners"
)

// nearlyDone answers all queries of a passage but the last, for which it waits until the
// context ends.
type nearlyDone struct{ waiting *atomic.Int64 }

func (r nearlyDone) Complete(ctx context.Context, queries []ner.Query) ([]ner.Completion, error) {
	var done []ner.Completion
	for i := range queries[:len(queries)-1] {
		done = append(done, ner.Completion{Text: "[]", Finish: ner.FinishStop})
		runners.Answered(ctx, queries[i:i+1], done[i:])
	}
	r.waiting.Add(1)
	<-ctx.Done()
	return done, ctx.Err()
}

// TestAnswersAreKeptBeforeTheirPassageEnds checks that a process that is killed while no
// passage is complete loses only the queries in flight, one for each connection.
func TestAnswersAreKeptBeforeTheirPassageEnds(t *testing.T) {
	const connections = 64
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	path := filepath.Join(t.TempDir(), "results.db")
	store, err := results.Open(ctx, path, results.Create)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	run := ner.Run{Keys: map[string]string{"model": "x", "dataset": "bench"}}
	if err := store.Begin(ctx, run, connections); err != nil {
		t.Fatal(err)
	}
	writer := store.Writer(ctx, run.ID())
	runner := nearlyDone{&atomic.Int64{}}
	ended := make(chan error)
	go func() {
		_, err := loop.Ask(ctx, loop.Plan{
			Documents: benchDocuments(connections), Queries: benchRenderer(t).Queries, Identity: "x", Decoding: "y",
			Runner: runner, Slots: runners.NewFixed(connections), Recorder: writer,
		})
		ended <- err
	}()
	want := connections * (len(benchTypes) - 1)
	var keys []ner.AnswerKey
	for d := range benchDocuments(connections) {
		queries, err := benchRenderer(t).Queries(d)
		if err != nil {
			t.Fatal(err)
		}
		for i := range queries {
			keys = append(keys, ner.NewAnswerKey("x", "y", &queries[i].Prompt))
		}
	}
	for runner.waiting.Load() < connections {
		time.Sleep(time.Millisecond)
	}
	other, err := results.OpenReadOnly(t.Context(), path) // as after a kill
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	for { // the test ends by its time-out if the answers never come
		found, err := other.Cached(t.Context(), keys)
		if err != nil {
			t.Fatal(err)
		}
		if len(found) == want {
			break
		}
		time.Sleep(time.Millisecond)
	}
	info, err := other.Find(t.Context(), run.ID())
	if err != nil || info.Complete != 0 || info.State != results.Asking {
		t.Errorf("run %+v, %v, want no complete passage", info, err)
	}
	stop()
	if err := <-ended; err == nil {
		t.Error("the run was not interrupted")
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
}
