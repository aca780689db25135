// Package loop asks models and scores their answers: [Ask] puts the questions that have no answer yet
// and keeps what comes back; [Score] parses the answers and counts. The two are separate steps: asking twice costs nothing, and a parser
// that was fixed parses every old answer again.
package loop

import (
	"context"
	"fmt"
	"iter"
	"sync"
	"sync/atomic"
	"time"

	"nerbench/ner"
	"nerbench/runners"
)

// Recorder is what the loop needs of a store.
type Recorder interface {
	// Known returns those completions that the store has, by key.
	Cached(ctx context.Context, keys []ner.AnswerKey) (map[ner.AnswerKey]ner.Completion, error)
	// Record hands a passage over to be committed. The answers of an incomplete
	// passage are kept, the passage will be asked for the rest again. It blocks
	// while too much waits to be committed.
	Record(ctx context.Context, passage ner.Passage, complete bool) error
}

// Slots bounds how many passages are asked at once.
type Slots interface {
	// Acquire waits for a free slot.
	Acquire(ctx context.Context) error
	// Release gives it back and tells how long its queries took, how many they
	// were, and whether asking failed.
	Release(queries int, took time.Duration, err error)
	// Most is the largest number of slots there can be.
	Most() int
}

// Plan says what to ask and of whom.
type Plan struct {
	// Documents are the passages of the run, in order; their place is the index
	// of the passage.
	Documents iter.Seq2[*ner.Document, error]
	// Done reports whether the store holds a passage already. May be nil.
	Done func(index int) bool
	// Queries renders all queries of one passage.
	Queries func(*ner.Document) ([]ner.Query, error)
	// Identity and Decoding are the parts of an answer's key that do not depend
	// on the prompt.
	Identity, Decoding string

	Runner   runners.Runner
	Slots    Slots
	Recorder Recorder
	// Observe is told of every passage that is finished; it is called from
	// several goroutines at once. May be nil.
	Observe func(Finished)
}

// Finished describes a passage that was just asked.
type Finished struct {
	Document *ner.Document
	Passage  ner.Passage
	Queries  int   // all queries of the passage
	Asked    int   // those that went to the runner; the others were known
	Err      error // why the passage is incomplete; nil if it is complete
}

// Asked counts what [Ask] did.
type Asked struct {
	Passages   int // all passages of the plan that were reached
	Skipped    int // done before
	Complete   int // completed now
	Incomplete int // not completed: a query failed after all retries
	Queries    int // queries put to the runner
	Cached     int // queries whose answer the store had
	TooLong    int // queries that the context was too small for
	// Failure is why the first incomplete passage is incomplete; nil if none is,
	// or if they are because the context ended.
	Failure error
}

// Ask puts the questions of a plan that have no answer yet. It returns when all
// passages were tried, when the context ends, or when the server fails for one
// passage after another; what was answered by then is recorded. The error is
// nil also if some passages are incomplete: Asked counts them.
func Ask(ctx context.Context, plan Plan) (Asked, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	a := asker{plan: plan, cancel: cancel, jobs: make(chan job, plan.Slots.Most())}
	var workers sync.WaitGroup
	for range plan.Slots.Most() + ahead(plan.Slots.Most()) {
		workers.Go(func() { a.work(ctx) })
	}
	err := a.produce(ctx)
	close(a.jobs)
	workers.Wait()
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	return a.count(), err
}

// ahead is how many workers there are beyond the slots, so that a passage is ready
// with its prompts when a slot becomes free, while others are being recorded.
func ahead(slots int) int { return 1 + slots/8 }

// job is one passage with its place.
type job struct {
	index int
	doc   *ner.Document
}

type asker struct {
	plan   Plan
	cancel context.CancelCauseFunc
	jobs   chan job

	passages, skipped atomic.Int64
	complete          atomic.Int64
	incomplete        atomic.Int64
	queries, cached   atomic.Int64
	tooLong           atomic.Int64
	outage            outage
}

func (a *asker) count() Asked {
	return Asked{
		Passages: int(a.passages.Load()), Skipped: int(a.skipped.Load()),
		Complete: int(a.complete.Load()), Incomplete: int(a.incomplete.Load()),
		Queries: int(a.queries.Load()), Cached: int(a.cached.Load()), TooLong: int(a.tooLong.Load()),
		Failure: a.outage.firstFailure(),
	}
}

// produce hands the passages that are not done to the workers.
func (a *asker) produce(ctx context.Context) error {
	index := 0
	for doc, err := range a.plan.Documents {
		if err != nil {
			a.cancel(err)
			return err
		}
		a.passages.Add(1)
		if a.plan.Done != nil && a.plan.Done(index) {
			a.skipped.Add(1)
			index++
			continue
		}
		select {
		case a.jobs <- job{index, doc}:
		case <-ctx.Done():
			return ctx.Err()
		}
		index++
	}
	return nil
}

func (a *asker) work(ctx context.Context) {
	for j := range a.jobs {
		if ctx.Err() != nil {
			continue // drain, so that produce is never stuck
		}
		if err := a.passage(ctx, j); err != nil {
			a.cancel(err)
		}
	}
}

// passage asks one passage and records it. An error is one that ends the run.
func (a *asker) passage(ctx context.Context, j job) error {
	queries, err := a.plan.Queries(j.doc)
	if err != nil {
		return fmt.Errorf("document %s: %w", j.doc.ID, err)
	}
	p := ner.Passage{Index: j.index, Document: j.doc.ID, Answers: make([]ner.Answer, len(queries))}
	keys := make([]ner.AnswerKey, len(queries))
	for i := range queries {
		keys[i] = ner.NewAnswerKey(a.plan.Identity, a.plan.Decoding, &queries[i].Prompt)
		p.Answers[i] = ner.Answer{Types: queries[i].Types, Key: keys[i]}
	}
	known, err := a.plan.Recorder.Cached(ctx, keys)
	if err != nil {
		return err
	}
	var open []int
	var rest []ner.Query
	for i, key := range keys {
		if c, ok := known[key]; ok {
			p.Answers[i].Completion = c
			continue
		}
		open, rest = append(open, i), append(rest, queries[i])
	}
	var asked []ner.Completion
	var failure error
	if len(rest) > 0 {
		if a.plan.Slots.Acquire(ctx) != nil {
			return nil // the run was stopped before this passage was asked
		}
		asked, failure = a.ask(ctx, rest)
	}
	for i, c := range asked {
		p.Answers[open[i]].Completion = c
		if c.Finish == ner.FinishTooLong {
			a.tooLong.Add(1)
		}
	}
	a.cached.Add(int64(len(known)))
	a.queries.Add(int64(len(asked)))
	return a.record(ctx, j, p, open[len(asked):], failure, len(asked))
}

// ask puts the queries of one passage to the runner, and gives its slot back. A failure
// that ends the run does so before another passage gets the slot.
func (a *asker) ask(ctx context.Context, queries []ner.Query) ([]ner.Completion, error) {
	began := time.Now()
	completions, err := a.plan.Runner.Complete(ctx, queries)
	if err == nil && len(completions) != len(queries) {
		err = fmt.Errorf("runner: %d completions for %d queries", len(completions), len(queries))
	}
	if ctx.Err() == nil { // else it was stopped: no fault of the server's
		if over := a.outage.judge(began, len(completions), err); over != nil {
			a.cancel(over)
		}
	}
	a.plan.Slots.Release(len(completions), time.Since(began), err)
	return completions, err
}

// record commits what was answered, also when the run is being stopped: nothing
// that the model has said is thrown away. missing are the unanswered queries.
func (a *asker) record(ctx context.Context, j job, p ner.Passage, missing []int, failure error, asked int) error {
	total := len(p.Answers)
	if len(missing) > 0 {
		kept := make([]ner.Answer, 0, total)
		next := 0
		for i, answer := range p.Answers {
			if next < len(missing) && missing[next] == i {
				next++
				continue
			}
			kept = append(kept, answer)
		}
		p.Answers = kept
	}
	if asked > 0 || len(missing) == 0 {
		if err := a.plan.Recorder.Record(context.WithoutCancel(ctx), p, len(missing) == 0); err != nil {
			return err
		}
	}
	if len(missing) == 0 {
		a.complete.Add(1)
	} else {
		a.incomplete.Add(1)
	}
	if a.plan.Observe != nil {
		a.plan.Observe(Finished{j.doc, p, total, asked, failure})
	}
	return nil
}
