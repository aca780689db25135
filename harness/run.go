package harness

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"strings"

	"nerbench/datasets"
	"nerbench/internal/fault"
	"nerbench/loaders"
	"nerbench/metrics"
	"nerbench/ner"
	"nerbench/results"
	"nerbench/runners"
	"nerbench/runners/cards"
	"nerbench/runners/open"
)

// Run sends the queries without an answer for each dataset, then scores the answers.
// If a dataset cannot be run, the others still are, and the summary lists it. The
// summary is also valid if an error is returned. The store is created when the first
// run begins.
func (b *Bench) Run(ctx context.Context, r Request) (Summary, error) {
	summary := Summary{Runs: []Result{}, NotRun: []NotRun{}}
	for _, id := range r.Metrics { // before hours of inference
		if _, _, err := metrics.ParseID(id); err != nil {
			return summary, fault.Usagef("run: %v", err)
		}
	}
	if _, err := ner.PlanOf(r.Plan.Keys()); err != nil {
		return summary, fault.Usagef("run: %v", err)
	}
	if _, err := ner.ParseShard(r.Part.String()); err != nil && r.Part != (ner.Shard{}) {
		return summary, fault.Usagef("run: part %s: %v", r.Part, err)
	}
	if r.Plan.Shard != (ner.Shard{}) {
		return summary, fault.Usagef("run: shard=%s is a key of runs of older versions: want a part of a run (--shard)", r.Plan.Shard)
	}
	card, err := b.complete(&r)
	if err != nil {
		return summary, err
	}
	if len(r.ignored) > 0 {
		b.note("%s: no effect on this model, not part of its runs: %s", r.Plan.Model, strings.Join(r.ignored, ", "))
	}
	store, err := b.openLateStore(ctx)
	if err != nil {
		return summary, err
	}
	if r.Kept == nil {
		r.Kept = &open.Kept{}
		defer r.Kept.Close()
	}
	var faults []error
	for _, dataset := range r.Datasets {
		result, err := b.runDataset(ctx, store, r, card, dataset)
		if err == nil {
			summary.add(result)
			b.notify(Event{Dataset: dataset.ID, Result: &result})
			continue
		}
		if ctx.Err() != nil || errors.Is(err, runners.ErrFatal) || errors.Is(err, runners.ErrTemporary) || errors.As(err, new(*UsageError)) || unwritable(err) || len(r.Datasets) == 1 {
			faults = []error{err}
			break
		}
		b.note("%s: not run: %v", dataset.ID, err)
		faults = append(faults, err)
		summary.NotRun = append(summary.NotRun, NotRun{dataset.ID, err.Error()})
	}
	if err := store.close(); err != nil {
		return summary, err
	}
	switch {
	case len(faults) == 1:
		return summary, faults[0]
	case len(faults) > 1:
		return summary, sameKind(faults, fmt.Errorf("%d of %d datasets were not run", len(faults), len(r.Datasets)))
	case summary.Incomplete > 0:
		return summary, &PartialError{Err: fmt.Errorf("%s %s incomplete: run the same command again to retry", ner.Count(summary.Incomplete, "passage"), ner.Are(summary.Incomplete))}
	}
	return summary, nil
}

// runDataset sends the queries without an answer for one dataset, and scores it.
func (b *Bench) runDataset(ctx context.Context, late *lateStore, r Request, card *cards.Card, dataset *datasets.Dataset) (report Result, err error) {
	p, err := (&Preparer{Bench: b}).prepare(ctx, r, card, dataset)
	if err != nil {
		return report, err
	}
	found, renderer := p.found, p.Renderer
	b.noteLock(dataset, found)
	if seed := r.Plan.Seed; seed != 0 && renderer.Keys()["seed"] == "" {
		b.note("%s: seed=%d: no effect on these prompts, not part of the run", dataset.ID, seed)
	}
	m, err := p.Open(ctx)
	if err != nil {
		return report, err
	}
	defer m.Close()
	if err := b.nameModel(ctx, late.store, m, p.Request.Plan.Model); err != nil {
		return report, err
	}
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
	if err := store.AddFacts(ctx, run.ID(), mergeKeys(modelFacts(m), cardFacts(card, dataset.ID), map[string]string{splitPassages: strconv.Itoa(found.split)}), nil); err != nil {
		return report, err
	}
	b.noteApart(dataset, r.Part, m)
	asked, progress, err := b.ask(ctx, store, run, m, b.questionsAbout(dataset, found, renderer, r))
	defer progress.end()
	if asked.Queries > 0 {
		twice, fault := b.probeQueries(ctx, dataset, found, renderer, r.Probe)
		if err != nil { // store the counts, but send no more queries
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
	whole, err := report.takePart(ctx, store, r.Part)
	if err != nil {
		return report, err
	}
	if asked.Incomplete > 0 { // scored on demand only (docs/spec/metrics.md §1.4)
		report.Failure = asked.Failure.Error()
		return report, report.fill(ctx, store, nil)
	}
	if r.AskOnly || !whole {
		return report, report.fill(ctx, store, nil)
	}
	ids, err := b.scoreRun(ctx, store, run.ID(), r.Metrics, false)
	if err != nil {
		return report, err
	}
	if err := progress.scored(ctx, store, run.ID()); err != nil {
		return report, err
	}
	return report, report.fill(ctx, store, ids)
}

// unwritable reports that the store cannot take answers: more queries would be lost.
func unwritable(err error) bool {
	return errors.Is(err, results.ErrFull) || errors.Is(err, results.ErrReadOnly)
}

// sameKind makes an error a [DataError] if all of several others are.
func sameKind(faults []error, err error) error {
	for _, f := range faults {
		if !errors.As(f, new(*DataError)) {
			return err
		}
	}
	return &DataError{Err: err}
}

// noteLock notes data that differs from the recorded checksums. Its run has another
// fingerprint, and cannot be compared with runs on the recorded data.
func (b *Bench) noteLock(dataset *datasets.Dataset, s survey) {
	recorded := recordedLock(dataset, s.part.selection)
	if recorded == nil {
		return
	}
	if s.lock.TextsSHA256 != recorded.TextsSHA256 || s.lock.SpansSHA256 != recorded.SpansSHA256 {
		b.note("%s: %s: the data does not match the recorded checksums: %s with %s, recorded %d with %d (nerbench datasets verify %s lists the differences); the run is marked by the fingerprint of its data",
			dataset.ID, s.part.split, ner.Count(s.lock.Documents, "document"), ner.Count(s.lock.Spans, "span"), recorded.Documents, recorded.Spans, dataset.ID)
	}
}

// recordedLock returns the recorded counts and checksums of a selection's split; nil if
// none are recorded, as for the sample, or if the selection changes texts or gold.
func recordedLock(dataset *datasets.Dataset, s selection) *datasets.Lock {
	if s.gold != "" && s.gold != datasets.NativeGold || s.view == loaders.Table6View {
		return nil
	}
	set, err := dataset.Set("")
	if err != nil {
		return nil // the sample has no recorded checksums
	}
	p, err := set.Part(s.split)
	if err != nil {
		return nil
	}
	return p.Lock
}

// RecordedData returns the key "data" of the recorded release of a dataset, for a plan;
// empty if there is none to compare with.
func RecordedData(dataset *datasets.Dataset, p ner.Plan) string {
	lock := recordedLock(dataset, selectionOf(p))
	if lock == nil {
		return ""
	}
	return loaders.DataKey(*lock)
}

// mergeKeys merges maps of keys. Later values replace earlier ones.
func mergeKeys(parts ...map[string]string) map[string]string {
	keys := map[string]string{}
	for _, p := range parts {
		maps.Copy(keys, p)
	}
	return keys
}
