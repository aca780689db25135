package harness

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"

	"nerbench/datasets"
	"nerbench/harness/loop"
	"nerbench/internal/fault"
	"nerbench/loaders"
	"nerbench/metrics"
	"nerbench/ner"
	"nerbench/prompts"
	"nerbench/results"
	"nerbench/runners/cards"
	"nerbench/runners/open"
)

// runDataset asks what has no answer yet about one dataset, and scores it.
func (b *Bench) runDataset(ctx context.Context, late *lateStore, r Request, card *cards.Card, dataset *datasets.Dataset) (report Result, err error) {
	p, err := (&Preparer{Bench: b}).prepare(ctx, r, card, dataset)
	if err != nil {
		return report, err
	}
	found, renderer := p.found, p.Renderer
	b.noteLock(dataset, found)
	m, err := p.Open(ctx)
	if err != nil {
		return report, err
	}
	defer m.Close()
	run := ner.Run{Keys: mergeKeys(m.RunKeys(), p.Keys())}
	if err := run.Check(); err != nil {
		return report, err
	}
	store, err := late.open(ctx)
	if err != nil {
		return report, err
	}
	if err := store.Begin(ctx, run, found.passages); err != nil {
		return report, err
	}
	report = Result{
		Run: run.ID(), Dataset: dataset.ID, Model: m.Identity.Model, Passages: found.passages,
		Outcomes: map[ner.Outcome]int{}, Scores: map[string]metrics.Figures{},
	}
	if err := store.AddFacts(ctx, run.ID(), mergeKeys(modelFacts(m), cardFacts(card, dataset.ID)), nil); err != nil {
		return report, err
	}
	asked, err := b.ask(ctx, store, run, m, renderer, dataset, found, r.Scored)
	if asked.Queries > 0 {
		twice, fault := b.probeQueries(ctx, dataset, found, renderer, r.Probe)
		if err != nil { // what was counted is kept, but nothing more is asked
			twice = nil
		}
		if fault = errors.Join(fault, b.keepCounts(ctx, store, run.ID(), m, twice)); err == nil {
			err = fault
		}
	}
	report.Asked, report.Cached, report.TooLong = asked.Queries, asked.Cached, asked.TooLong
	if err != nil {
		return report, err
	}
	if asked.Incomplete > 0 { // its score would be one of some passages: on demand only (docs/spec/metrics.md §1.4)
		report.Failure = asked.Failure.Error()
		return report, report.fill(ctx, store, nil)
	}
	if r.AskOnly {
		return report, report.fill(ctx, store, nil)
	}
	ids, err := b.scoreRun(ctx, store, run.ID(), r.Metrics, false)
	if err != nil {
		return report, err
	}
	return report, report.fill(ctx, store, ids)
}

// Renderer prepares the prompts of a dataset, with what they need of its train split.
func (b *Bench) Renderer(ctx context.Context, p ner.Plan, dataset *datasets.Dataset) (*prompts.Renderer, error) {
	settings := PromptSettings(p, dataset)
	var err error
	pr := PromptDataset(dataset)
	if settings.Own, err = b.OwnFamilies(settings.Family); err != nil {
		return nil, err
	}
	if err := b.Describe(&pr); err != nil {
		return nil, err
	}
	shots := settings.Shots != "" && settings.Shots != "0"
	if byFrequency := strings.HasSuffix(settings.Queries, ":frequency"); shots || byFrequency {
		docs, err := b.Documents(ctx, dataset, selectionOf(p).train(datasets.NativeGold))
		if err != nil {
			return nil, fmt.Errorf("demonstrations and frequencies come from the train split: %w", err)
		}
		pr.Frequency = map[ner.EntityType]int{}
		for d, err := range docs {
			if err != nil {
				return nil, err
			}
			for _, s := range d.Spans {
				pr.Frequency[s.Type]++
			}
			if shots {
				pr.Train = append(pr.Train, d)
			}
		}
	}
	r, err := prompts.New(pr, settings)
	if err != nil {
		return nil, fault.Usagef("%v", err)
	}
	return r, nil
}

// training opens documents to train on; data is their fingerprint once all of
// them were read.
func (b *Bench) training(ctx context.Context, dataset *datasets.Dataset, o loaders.Options) (docs iter.Seq2[*ner.Document, error], data func() string, err error) {
	all, err := b.Documents(ctx, dataset, o)
	if err != nil {
		return nil, nil, err
	}
	fingerprint := loaders.NewFingerprint()
	return func(yield func(*ner.Document, error) bool) {
		for d, err := range all {
			if err == nil {
				fingerprint.Add(d)
			}
			if !yield(d, err) {
				return
			}
		}
	}, fingerprint.DataKey, nil
}

// nativeTypes are the types of a dataset by native label.
func nativeTypes(dataset *datasets.Dataset) map[string]ner.EntityType {
	types := map[string]ner.EntityType{}
	for _, l := range dataset.Labels {
		if !l.Drop {
			types[l.Native] = l.Type
		}
	}
	return types
}

// longestPrompt renders the prompts of a text of that many bytes, and returns
// the size of the longest and of its answer, and one of the prompts.
func longestPrompt(r *prompts.Renderer, bytes int) (size, answer int, example ner.Prompt, err error) {
	text := strings.Repeat("x", bytes)
	d := &ner.Document{Text: text}
	queries, err := r.AllQueries(d)
	if err != nil {
		return 0, 0, example, err
	}
	for i := range queries {
		size = max(size, queries[i].Prompt.Size())
		answer = max(answer, queries[i].Prompt.MaxTokens)
		example = queries[i].Prompt
	}
	return size, answer, example, nil
}

// ask puts the questions of a run that have no answer yet.
func (b *Bench) ask(ctx context.Context, store *results.Store, run ner.Run, m *open.Model, renderer *prompts.Renderer, dataset *datasets.Dataset, found survey, scored bool) (asked loop.Asked, err error) {
	done, err := store.Done(ctx, run.ID())
	if err != nil {
		return asked, err
	}
	already := 0
	for _, d := range done {
		if d {
			already++
		}
	}
	if already == found.passages {
		b.note("%s: %s: all %d passages have their answers already (run %s)", dataset.ID, m.Identity.Model, already, run.ID())
		return asked, store.End(ctx, run.ID())
	}
	if already > 0 {
		b.note("%s: %s: continues run %s: %d of %d passages are done", dataset.ID, m.Identity.Model, run.ID(), already, found.passages)
	}
	docs, err := b.asked(ctx, dataset, found.part)
	if err != nil {
		return asked, err
	}
	progress, err := b.newProgress(dataset, run.Keys, found.passages, already, m.AtOnce, scored)
	if err != nil {
		return asked, err
	}
	writer := store.Writer(ctx, run.ID())
	defer func() { // whatever happens, what was answered is kept
		for _, fault := range []error{writer.Close(), store.End(context.WithoutCancel(ctx), run.ID())} {
			if fault != nil && !errors.Is(err, fault) { // a full disk shows in both
				err = errors.Join(err, fault)
			}
		}
	}()
	defer progress.end()
	identity, decoding := results.Address(m.Identity, m.Decoding, m.AnswerBy)
	return loop.Ask(ctx, loop.Plan{
		Documents: docs, Done: func(i int) bool { return i < len(done) && done[i] }, Queries: renderer.Queries,
		Identity: identity, Decoding: decoding,
		Runner: m.Runner, Slots: m.Slots, Recorder: writer, Observe: progress.finished,
	})
}
