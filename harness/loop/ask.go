// Package loop sends queries and scores answers. [Ask] sends the queries that have no
// answer yet, and stores the answers. [Score] parses stored answers and counts. These
// are separate steps: after a parser fix, stored answers can be scored again.
package loop

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"sync/atomic"
	"time"

	"nerbench/internal/parallel"
	"nerbench/ner"
	"nerbench/runners"
)

// Recorder stores answers.
type Recorder interface {
	// Cached returns the completions that are stored, by key.
	Cached(ctx context.Context, keys []ner.AnswerKey) (map[ner.AnswerKey]ner.Completion, error)
	// Record stores a passage. The answers of an incomplete passage are also stored;
	// a later run sends its other queries. Record blocks while too many passages wait
	// to be committed.
	Record(ctx context.Context, passage ner.Passage, complete bool) error
}

// Keeper is a [Recorder] that also stores answers before their passage ends.
type Keeper interface {
	// Keep stores answers of one passage soon, all of them at once, so that what is asked
	// again after a kill is what was. It does not block. Record of their passage, complete
	// or not, follows.
	Keep(answers ...ner.Answer)
}

// Committer is a [Recorder] that tells when answers are stored.
type Committer interface {
	// Committed calls f, which does not block, when all that was recorded before is
	// stored; never if that fails.
	Committed(f func())
}

// Slots limits the number of passages in work at once.
type Slots interface {
	// Acquire waits for a free slot.
	Acquire(ctx context.Context) error
	// Release frees the slot. It takes the number of its queries, their time, and
	// the error if they failed.
	Release(queries int, took time.Duration, err error)
	// Most returns the largest possible number of slots.
	Most() int
}

// Plan describes the queries and their model.
type Plan struct {
	// Documents are the passages of the run, in order of their index.
	Documents iter.Seq2[*ner.Document, error]
	// Done reports whether the store has all answers of a passage. May be nil.
	Done func(index int) bool
	// Queries renders all queries of one passage.
	Queries func(*ner.Document) ([]ner.Query, error)
	// Identity and Decoding are the parts of an answer's key that do not depend
	// on the prompt.
	Identity, Decoding string
	// Answerer names what answers, for errors ([ner.Identity.Answerer]); empty: the server.
	Answerer string

	Runner   runners.Runner
	Slots    Slots
	Recorder Recorder
	// Observe is called with every finished passage, from several goroutines at
	// once. May be nil.
	Observe func(Finished)
}

// Finished describes a passage whose queries were sent.
type Finished struct {
	Document *ner.Document
	Passage  ner.Passage
	Queries  int    // number of its queries
	Asked    int    // number of queries sent to the runner; the others were cached
	Refused  string // the reason if the server refused one of its queries; else empty
	Err      error  // the reason if the passage is incomplete; else nil
}

// Asked counts what [Ask] did.
type Asked struct {
	Passages   int // passages of the plan that were reached
	Skipped    int // passages that were complete before
	Complete   int // passages that were completed now
	Incomplete int // passages with a query that failed after all retries
	Queries    int // queries sent to the runner
	Cached     int // queries answered by the store
	TooLong    int // queries longer than the context
	Refused    int // queries that the server refused, and no other
	// Failure is the reason of the first incomplete passage; nil without one, or if
	// the context ended.
	Failure error
}

// Ask sends the queries of a plan that have no answer yet. It returns when all
// passages were tried, when the context ends, or when the server fails for several
// passages in a row. All answers until then are recorded. Incomplete passages are
// counted in Asked, and are no error. A passage that the server refuses is complete, if
// the server answers others.
func Ask(ctx context.Context, plan Plan) (Asked, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	a := asker{plan: plan, cancel: cancel, jobs: make(chan job)}
	var workers parallel.Group
	for range plan.Slots.Most() + ahead(plan.Slots.Most()) {
		workers.Go(func() { a.work(ctx) })
	}
	err := a.produce(ctx)
	close(a.jobs)
	workers.Wait()
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	if err == nil {
		err = a.settle()
	}
	return a.count(), err
}

// ahead returns the number of workers beyond the slots. They wait for a slot, or record
// answers, while all slots are in use.
func ahead(slots int) int { return 1 + slots/8 }

// job is one passage with its queries.
type job struct {
	doc     *ner.Document
	queries []ner.Query
	passage ner.Passage // with the answers that the store has
	open    []int       // indexes of the queries without an answer
	stored  func()      // tells the runner that it need not keep its answers
}

type asker struct {
	plan   Plan
	cancel context.CancelCauseFunc
	jobs   chan job

	passages, skipped atomic.Int64
	complete          atomic.Int64
	incomplete        atomic.Int64
	queries, cached   atomic.Int64
	tooLong, refused  atomic.Int64
	outage            outage
}

func (a *asker) count() Asked {
	return Asked{
		Passages: int(a.passages.Load()), Skipped: int(a.skipped.Load()),
		Complete: int(a.complete.Load()), Incomplete: int(a.incomplete.Load()),
		Queries: int(a.queries.Load()), Cached: int(a.cached.Load()), TooLong: int(a.tooLong.Load()), Refused: int(a.refused.Load()),
		Failure: a.outage.firstFailure(),
	}
}

// lookedUp is the number of passages whose answers are looked up at once. More would save
// little, and the answers of passages just before them would not be found.
const lookedUp = 16

// produce sends the passages that are not done to the workers, with the answers that the
// store has. An error ends the run.
func (a *asker) produce(ctx context.Context) error {
	index := 0
	block := make([]job, 0, lookedUp)
	for doc, err := range a.plan.Documents {
		if err != nil {
			a.cancel(err)
			return err
		}
		a.passages.Add(1)
		if a.plan.Done != nil && a.plan.Done(index) {
			a.skipped.Add(1)
			a.outage.prove()
		} else {
			block = append(block, job{doc: doc, passage: ner.Passage{Index: index, Document: doc.ID}})
		}
		index++
		if len(block) == lookedUp {
			if err := a.send(ctx, block); err != nil {
				return err
			}
			block = block[:0]
		}
	}
	return a.send(ctx, block)
}

// send prepares passages and sends them to the workers.
func (a *asker) send(ctx context.Context, block []job) error {
	if err := parallel.Guard(func() error { return a.prepare(ctx, block) }); err != nil {
		a.cancel(err)
		return err
	}
	for _, j := range block {
		select {
		case a.jobs <- j:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// prepare renders the queries of passages, and looks up their answers.
func (a *asker) prepare(ctx context.Context, block []job) error {
	var keys []ner.AnswerKey
	for i := range block {
		j := &block[i]
		var err error
		if j.queries, err = a.plan.Queries(j.doc); err != nil {
			return fmt.Errorf("document %s: %w", j.doc.ID, err)
		}
		j.passage.Answers = make([]ner.Answer, len(j.queries))
		for k := range j.queries {
			q := &j.queries[k]
			key := ner.NewAnswerKey(a.plan.Identity, a.plan.Decoding, &q.Prompt)
			j.passage.Answers[k] = ner.Answer{Types: q.Types, Key: key}
			keys = append(keys, key)
		}
	}
	known, err := a.plan.Recorder.Cached(ctx, keys)
	if err != nil {
		return err
	}
	for i := range block {
		j := &block[i]
		for k := range j.passage.Answers {
			answer := &j.passage.Answers[k]
			if c, ok := known[answer.Key]; ok {
				answer.Completion = c
			} else {
				j.open = append(j.open, k)
			}
		}
	}
	return nil
}

func (a *asker) work(ctx context.Context) {
	for j := range a.jobs {
		if ctx.Err() != nil {
			continue // drain, so that produce does not block
		}
		if err := parallel.Guard(func() error { return a.passage(ctx, j) }); err != nil {
			a.cancel(err)
		}
	}
}

// passage sends the open queries of one passage and records the answers. An error ends
// the run.
func (a *asker) passage(ctx context.Context, j job) error {
	var asked []ner.Completion
	var failure error
	if len(j.open) > 0 {
		if a.plan.Slots.Acquire(ctx) != nil {
			return nil // the context ended
		}
		queries := j.openQueries()
		var asking context.Context
		asking, j.stored = runners.WithStored(a.keeping(ctx, &j, queries))
		asked, failure = a.ask(asking, j.doc, queries)
	}
	if refused, all := errors.AsType[*refusedError](failure); all {
		j.stored() // a refusal is not worth keeping: another run asks anew
		a.outage.hold(func() error {
			if !a.outage.proven() { // nothing was answered: the refusal may concern every passage
				a.outage.blame(refused)
				return a.finish(ctx, j, nil, refused)
			}
			return a.finish(ctx, j, asked, nil)
		})
		return nil
	}
	if err := a.finish(ctx, j, asked, failure); err != nil {
		return err
	}
	if answersIn(asked) > 0 {
		return a.outage.release()
	}
	return nil
}

// openQueries are the queries without an answer.
func (j *job) openQueries() []ner.Query {
	if len(j.open) == len(j.queries) {
		return j.queries
	}
	queries := make([]ner.Query, len(j.open))
	for i, k := range j.open {
		queries[i] = j.queries[k]
	}
	return queries
}

// keeping returns a context in which the answers of a passage are stored as they arrive.
// Refusals are not: whether they are answers is known later.
func (a *asker) keeping(ctx context.Context, j *job, queries []ner.Query) context.Context {
	keeper, ok := a.plan.Recorder.(Keeper)
	if !ok || len(queries) == 1 {
		return ctx
	}
	return runners.WithAnswered(ctx, func(some []ner.Query, completions []ner.Completion) {
		var answers []ner.Answer
		for i := range queries {
			if &queries[i] != &some[0] {
				continue
			}
			for k := range completions {
				if !refusedBy(&completions[k]) {
					answer := j.passage.Answers[j.open[i+k]]
					answer.Completion = completions[k]
					answers = append(answers, answer)
				}
			}
		}
		keeper.Keep(answers...)
	})
}

// tell tells the runner when what was recorded of a passage is stored.
func (a *asker) tell(j job) {
	if j.stored == nil {
		return // nothing was asked
	}
	if c, ok := a.plan.Recorder.(Committer); ok {
		c.Committed(j.stored)
		return
	}
	j.stored()
}

// settle records the passages at the end of the run that were refused. If nothing was
// answered in this call, earlier answers show that the server can answer.
func (a *asker) settle() error {
	if a.complete.Load() > 0 {
		a.outage.prove()
	}
	a.outage.settle()
	return a.outage.release()
}

// finish counts and records the completions of a passage: those of the first open
// queries.
func (a *asker) finish(ctx context.Context, j job, asked []ner.Completion, failure error) error {
	for i, c := range asked {
		j.passage.Answers[j.open[i]].Completion = c
		switch c.Finish {
		case ner.FinishTooLong:
			a.tooLong.Add(1)
		case ner.FinishRefused:
			a.refused.Add(1)
		}
	}
	a.cached.Add(int64(len(j.queries) - len(j.open)))
	a.queries.Add(int64(len(asked)))
	return a.record(ctx, j, j.open[len(asked):], failure, len(asked))
}

// ask sends queries of one passage to the runner, and releases its slot. A failure
// that ends the run does so before the slot is released. If all queries are refused, the
// error is a [refusedError].
func (a *asker) ask(ctx context.Context, d *ner.Document, queries []ner.Query) ([]ner.Completion, error) {
	began := time.Now()
	completions, err := a.plan.Runner.Complete(ctx, queries)
	if err == nil && len(completions) != len(queries) {
		err = fmt.Errorf("runner: %d completions for %d queries", len(completions), len(queries))
	}
	released := err
	if why := refusal(completions); err == nil && why != "" && answersIn(completions) == 0 {
		err = &refusedError{d.ID, cmp.Or(a.plan.Answerer, "the server"), why}
	}
	if ctx.Err() == nil { // an interrupt is no failure of the server
		if over := a.outage.judge(began, answersIn(completions), err); over != nil {
			a.cancel(over)
		}
	}
	a.plan.Slots.Release(len(completions), time.Since(began), released)
	return completions, err
}

// answersIn is the number of completions that the server did not refuse.
func answersIn(completions []ner.Completion) int {
	n := 0
	for i := range completions {
		if !refusedBy(&completions[i]) {
			n++
		}
	}
	return n
}

// refusedBy reports whether the server refused the query. A refusal that the model wrote
// has tokens: the server answers.
func refusedBy(c *ner.Completion) bool {
	return c.Finish == ner.FinishRefused && c.AnswerTokens == 0
}

// refusal is the reason of the first refusal; empty if there is none.
func refusal(completions []ner.Completion) string {
	for i := range completions {
		if c := &completions[i]; c.Finish == ner.FinishRefused {
			return cmp.Or(c.Text, "no reason")
		}
	}
	return ""
}

// refusalIn is the reason of the first refusal of a passage; empty if there is none.
func refusalIn(p ner.Passage) string {
	completions := make([]ner.Completion, len(p.Answers))
	for i := range p.Answers {
		completions[i] = p.Answers[i].Completion
	}
	return refusal(completions)
}

// record records the answers of a passage, even if the context has ended. missing
// are the indexes of the unanswered queries.
func (a *asker) record(ctx context.Context, j job, missing []int, failure error, asked int) error {
	p, total := j.passage, len(j.queries)
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
	a.tell(j)
	if len(missing) == 0 {
		a.complete.Add(1)
	} else {
		a.incomplete.Add(1)
	}
	if a.plan.Observe != nil {
		a.plan.Observe(Finished{Document: j.doc, Passage: p, Queries: total, Asked: asked, Refused: refusalIn(p), Err: failure})
	}
	return nil
}
