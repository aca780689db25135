package harness

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync/atomic"

	"nerbench/datasets"
	"nerbench/harness/loop"
	"nerbench/ner"
	"nerbench/prompts"
	"nerbench/results"
	"nerbench/runners/open"
)

// questions are what the model of a run is asked.
type questions struct {
	name      string // of the dataset, for notes and progress
	documents func(context.Context) (iter.Seq2[*ner.Document, error], error)
	queries   func(*ner.Document) ([]ner.Query, error)
	has       func(index int) bool // whether a passage is asked for
	of        string               // behind the number of passages: " of part 3/8"; empty: all are asked for
	judge     func(results.RunInfo) (judge, error)
}

// questionsAbout are the questions of a request about a dataset.
func (b *Bench) questionsAbout(dataset *datasets.Dataset, found survey, renderer *prompts.Renderer, r Request) questions {
	q := questions{name: dataset.ID, queries: renderer.Queries, has: r.Part.Has}
	q.documents = func(ctx context.Context) (iter.Seq2[*ner.Document, error], error) {
		return b.asked(ctx, dataset, found.part)
	}
	if !r.Part.Whole() {
		q.of = " of part " + r.Part.String()
	}
	q.judge = func(info results.RunInfo) (judge, error) { return newScoring(dataset, info, r.Scored) }
	return q
}

// ask sends the queries of a run that have no answer yet. The caller ends the progress,
// which is nil if nothing was left to ask.
func (b *Bench) ask(ctx context.Context, store *results.Store, run ner.Run, m *open.Model, q questions) (asked loop.Asked, progress *progress, err error) {
	done, err := store.Done(ctx, run.ID())
	if err != nil {
		return asked, nil, err
	}
	info, err := store.Find(ctx, run.ID())
	if err != nil {
		return asked, nil, err
	}
	defer func() { asked.Cached += info.Queries }() // of the passages that were complete before
	already, wanted := countPart(done, q.has)
	if already == wanted {
		b.note("%s: %s: all %d passages%s are complete (run %s)", q.name, m.Identity.Model, already, q.of, run.ID())
		return asked, nil, store.End(ctx, run.ID())
	}
	if already > 0 {
		b.note("%s: %s: resuming run %s: %d of %d passages%s are complete", q.name, m.Identity.Model, run.ID(), already, wanted, q.of)
	}
	docs, err := q.documents(ctx)
	if err != nil {
		return asked, nil, err
	}
	judge, err := q.judge(info) // a missing parser is an error now, not after hours of inference
	if err != nil {
		return asked, nil, err
	}
	progress = b.newProgress(q.name, wanted, already, m.AtOnce, judge)
	writer := store.Writer(ctx, run.ID())
	defer func() { // answers are stored in any case
		for _, fault := range []error{writer.Close(), store.End(context.WithoutCancel(ctx), run.ID())} {
			full := errors.Is(err, results.ErrFull) && errors.Is(fault, results.ErrFull)
			if fault != nil && !full && !errors.Is(err, fault) { // a full disk fails them all
				err = errors.Join(err, fault)
			}
		}
	}()
	var refusals atomic.Int64
	identity, decoding := results.Address(m.Identity, m.Decoding, m.AnswerBy)
	asked, err = loop.Ask(ctx, loop.Plan{
		Documents: docs, Done: func(i int) bool { return i < len(done) && (done[i] || !q.has(i)) }, Queries: q.queries,
		Identity: identity, Decoding: decoding, Answerer: m.Identity.Answerer(),
		Runner: m.Runner, Slots: m.Slots, Recorder: writer,
		Observe: func(f loop.Finished) {
			if f.Refused != "" {
				b.noteRefusal(q.name, m.Identity.Answerer(), f, refusals.Add(1))
			}
			progress.finished(f)
		},
	})
	return asked, progress, err
}

// refusalsNoted is the number of refused passages of a run that are named.
const refusalsNoted = 10

// noteRefusal names a passage that was refused. n counts from 1.
func (b *Bench) noteRefusal(dataset, answerer string, f loop.Finished, n int64) {
	more := ""
	switch {
	case n > refusalsNoted:
		return
	case n == refusalsNoted:
		more = " (further ones are counted, but not named)"
	}
	b.notify(Event{Dataset: dataset, Note: fmt.Sprintf("document %s: %s refused it: %s%s", f.Document.ID, answerer, f.Refused, more)})
}
