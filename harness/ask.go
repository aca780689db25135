package harness

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"nerbench/datasets"
	"nerbench/harness/loop"
	"nerbench/ner"
	"nerbench/prompts"
	"nerbench/results"
	"nerbench/runners/open"
)

// ask sends the queries of a run that have no answer yet.
func (b *Bench) ask(ctx context.Context, store *results.Store, run ner.Run, m *open.Model, renderer *prompts.Renderer, dataset *datasets.Dataset, found survey, r Request) (asked loop.Asked, err error) {
	done, err := store.Done(ctx, run.ID())
	if err != nil {
		return asked, err
	}
	info, err := store.Find(ctx, run.ID())
	if err != nil {
		return asked, err
	}
	defer func() { asked.Cached += info.Queries }() // of the passages that were complete before
	already, wanted := countPart(done, r.Part)
	of := ""
	if !r.Part.Whole() {
		of = " of part " + r.Part.String()
	}
	if already == wanted {
		b.note("%s: %s: all %d passages%s are complete (run %s)", dataset.ID, m.Identity.Model, already, of, run.ID())
		return asked, store.End(ctx, run.ID())
	}
	if already > 0 {
		b.note("%s: %s: resuming run %s: %d of %d passages%s are complete", dataset.ID, m.Identity.Model, run.ID(), already, wanted, of)
	}
	docs, err := b.asked(ctx, dataset, found.part)
	if err != nil {
		return asked, err
	}
	progress, err := b.newProgress(dataset, run.Keys, info.Facts, wanted, already, m.AtOnce, r.Scored)
	if err != nil {
		return asked, err
	}
	writer := store.Writer(ctx, run.ID())
	defer func() { // answers are stored in any case
		for _, fault := range []error{writer.Close(), store.End(context.WithoutCancel(ctx), run.ID())} {
			full := errors.Is(err, results.ErrFull) && errors.Is(fault, results.ErrFull)
			if fault != nil && !full && !errors.Is(err, fault) { // a full disk fails them all
				err = errors.Join(err, fault)
			}
		}
	}()
	defer progress.end()
	var refusals atomic.Int64
	identity, decoding := results.Address(m.Identity, m.Decoding, m.AnswerBy)
	return loop.Ask(ctx, loop.Plan{
		Documents: docs, Done: func(i int) bool { return i < len(done) && (done[i] || !r.Part.Has(i)) }, Queries: renderer.Queries,
		Identity: identity, Decoding: decoding,
		Runner: m.Runner, Slots: m.Slots, Recorder: writer,
		Observe: func(f loop.Finished) {
			if f.Refused != "" {
				b.noteRefusal(dataset, f, refusals.Add(1))
			}
			progress.finished(f)
		},
	})
}

// refusalsNoted is the number of refused passages of a run that are named.
const refusalsNoted = 10

// noteRefusal names a passage that the server refused. n counts from 1.
func (b *Bench) noteRefusal(dataset *datasets.Dataset, f loop.Finished, n int64) {
	more := ""
	switch {
	case n > refusalsNoted:
		return
	case n == refusalsNoted:
		more = " (further ones are counted, but not named)"
	}
	b.notify(Event{Dataset: dataset.ID, Note: fmt.Sprintf("document %s: the server refused it: %s%s", f.Document.ID, f.Refused, more)})
}
