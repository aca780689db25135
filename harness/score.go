package harness

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"nerbench/answers"
	"nerbench/datasets"
	"nerbench/harness/loop"
	"nerbench/internal/fault"
	"nerbench/metrics"
	"nerbench/ner"
	"nerbench/prompts"
	"nerbench/results"
)

// Score parses the stored answers of runs again, and stores the counts. It sends no
// queries. Runs are named by the beginning of their ids; no name: all runs of the
// store. No metric ids: [loop.DefaultMetrics]. If a run cannot be scored, the others
// still are.
func (b *Bench) Score(ctx context.Context, runs, metricIDs []string) (Rescored, error) {
	var out Rescored
	for _, id := range metricIDs {
		if _, _, err := metrics.ParseID(id); err != nil {
			return out, fault.Usagef("score: %v", err)
		}
	}
	store, err := b.OpenStore(ctx)
	if err != nil {
		return out, err
	}
	defer store.Close()
	found, err := findRuns(ctx, store, runs)
	if err != nil {
		return out, err
	}
	out.Runs = []RescoredRun{}
	var faults []error
	partial := 0
	for _, before := range found {
		if len(runs) == 0 && IsConstructing(before.Keys["dataset"]) {
			continue
		}
		r, err := b.scoreAgain(ctx, store, before, metricIDs)
		switch {
		case err == nil:
			out.Runs = append(out.Runs, r)
			partial += r.Passages - r.Complete
		case len(runs) == 0 && errors.Is(err, results.ErrNoRun): // another process has removed it meanwhile
		case ctx.Err() != nil || StoreAdvice(err) != "" || len(found) == 1:
			return out, fmt.Errorf("run %s: %w", before.ID, err)
		default:
			b.note("run %s: not scored: %v", before.ID, err)
			faults = append(faults, err)
		}
	}
	if out.Averages, err = b.averages(ctx, out.Runs); err != nil {
		return out, err
	}
	switch {
	case len(faults) > 0:
		return out, sameKind(faults, fmt.Errorf("%d of %d runs were not scored", len(faults), len(found)))
	case partial > 0:
		return out, &PartialError{Err: fmt.Errorf("%s %s incomplete and not scored", ner.Count(partial, "passage"), ner.Are(partial))}
	}
	return out, nil
}

// findRuns finds runs by the beginning of their ids; no name: all of them.
func findRuns(ctx context.Context, store *results.Store, names []string) ([]results.RunInfo, error) {
	if len(names) == 0 {
		return store.Runs(ctx, nil)
	}
	var runs []results.RunInfo
	for _, name := range names {
		r, err := store.Find(ctx, name)
		if err != nil {
			return nil, err
		}
		runs = append(runs, r)
	}
	return runs, nil
}

// scoreRun scores a run by the named metrics, the default ones, and those of its
// stored scores. It stores the counts, and returns the full ids of the named metrics.
// Unless always is set, it skips a run whose stored scores are up to date.
func (b *Bench) scoreRun(ctx context.Context, store *results.Store, run string, named []string, always bool) ([]string, error) {
	info, err := store.Find(ctx, run)
	if err != nil {
		return nil, err
	}
	asked, err := MetricIDs(named, info.Keys)
	if err != nil {
		return nil, fault.Usagef("%v", err)
	}
	wanted := slices.Concat(loop.DefaultMetrics, asked)
	for _, id := range slices.Sorted(maps.Keys(info.Scores.Metrics)) {
		if _, _, err := metrics.ParseID(id); err == nil { // skip metrics of other versions of nerbench
			wanted = append(wanted, id)
		}
	}
	if wanted, err = MetricIDs(wanted, info.Keys); err != nil {
		return nil, err
	}
	if !always && current(info, wanted) {
		return asked, nil
	}
	plan, err := b.ScorePlan(ctx, store, run)
	if err != nil {
		return nil, err
	}
	plan.Metrics = wanted
	scored, err := loop.Score(ctx, plan)
	if err != nil {
		return nil, err
	}
	kept := results.Scores{
		Passages: scored.Passages, Outcomes: scored.Outcomes, Counters: scored.Counters,
		Metrics: map[string]results.MetricScore{},
	}
	for id, m := range scored.Metrics {
		kept.Metrics[id] = results.MetricScore{Total: m.Total, ByType: m.ByType, Passages: m.Passages, Reader: m.Reader, Version: m.Version}
	}
	if same, err := sameScores(ctx, store, info, kept); same || err != nil {
		return asked, err
	}
	return asked, store.SaveScores(ctx, run, kept)
}

// sameScores reports whether the store has exactly these scores. The store is then
// not written.
func sameScores(ctx context.Context, store *results.Store, info results.RunInfo, now results.Scores) (bool, error) {
	before := info.Scores
	if before.Passages != now.Passages || len(before.Metrics) != len(now.Metrics) ||
		!maps.Equal(before.Outcomes, now.Outcomes) || !maps.Equal(before.Counters, now.Counters) {
		return false, nil
	}
	for id, m := range now.Metrics {
		b, there := before.Metrics[id]
		if !there || b.Total != m.Total || b.Reader != m.Reader || b.Version != m.Version || !maps.Equal(b.ByType, m.ByType) {
			return false, nil
		}
		counts, err := store.Counts(ctx, info.ID, id)
		if err != nil || !slices.Equal(counts, m.Passages) {
			return false, err
		}
	}
	return true, nil
}

// current reports whether the stored scores of a run are of all its answers and by
// the current versions of parsers and metrics.
func current(info results.RunInfo, ids []string) bool {
	if info.Scores.Passages != info.Complete || info.Complete == 0 {
		return false
	}
	for _, id := range ids {
		m, there := info.Scores.Metrics[id]
		if !there || m.Reader != answers.Version || m.Version != metrics.Version {
			return false
		}
	}
	return true
}

// ScorePlan returns the plan to score a run: its answers and its documents.
func (b *Bench) ScorePlan(ctx context.Context, store *results.Store, id string) (loop.ScorePlan, error) {
	run, err := store.Find(ctx, id)
	if err != nil {
		return loop.ScorePlan{}, err
	}
	if IsConstructing(run.Keys["dataset"]) {
		return loop.ScorePlan{}, fault.Usagef("its answers are those of a teacher (distill construct), which have no gold: nerbench distill stats counts them")
	}
	dataset, err := b.FindDataset(run.Keys["dataset"])
	if err != nil {
		return loop.ScorePlan{}, err
	}
	plan, _, _, err := b.PlanOfRun(ctx, dataset, run)
	plan.Passages = store.Passages(ctx, run.ID)
	return plan, err
}

// PlanOfRun returns the plan to score a run on a dataset without its answers, and the
// numbers of its passages and of those of the whole split. It needs the keys and facts of
// the run. Missing data, and data that differs from that of the run, are a [DataError].
func (b *Bench) PlanOfRun(ctx context.Context, dataset *datasets.Dataset, run results.RunInfo) (plan loop.ScorePlan, passages, split int, err error) {
	asked, err := ner.PlanOf(run.Keys)
	if err != nil {
		return plan, 0, 0, fmt.Errorf("run %s: %w", run.ID, err)
	}
	found, err := b.survey(ctx, dataset, selectionOf(asked))
	if err != nil {
		return plan, 0, 0, err
	}
	if found.data != run.Keys["data"] {
		return plan, 0, 0, &fault.DataError{Err: fmt.Errorf("dataset %s: %s: the data differs from the data of the run (fingerprint %s, the run has %s)",
			dataset.ID, asked.Split, found.data, run.Keys["data"])}
	}
	options, err := parseOptions(dataset, run.Keys, run.Facts)
	if err != nil {
		return plan, 0, 0, err
	}
	docs, err := b.asked(ctx, dataset, found.part)
	if err != nil {
		return plan, 0, 0, err
	}
	return loop.ScorePlan{Documents: docs, Parsing: options, Queries: run.Keys["queries"], TrainedTokens: trainedTokens(run.Keys)}, found.passages, found.split, nil
}

// MetricIDs returns the full ids of metrics for a run with these keys, as
// [loop.MetricIDs] does.
func MetricIDs(ids []string, keys map[string]string) ([]string, error) {
	return loop.MetricIDs(ids, keys["queries"], answerForm(keys))
}

// answerForm returns the form of the answers of a run, and the presets that can parse
// them. Both are empty if the family of the run is unknown.
func answerForm(keys map[string]string) loop.ParseOptions {
	a, _ := answersOf(keys) // an unknown family has no form
	return loop.ParseOptions{Form: a.Form, Presets: a.Presets}
}

// parseOptions returns the options to parse the answers of a run. They include the
// words for the types in its prompts, and the marks of thinking of its model card.
func parseOptions(dataset *datasets.Dataset, keys, facts map[string]string) (loop.ParseOptions, error) {
	options := answerForm(keys)
	plan, err := ner.PlanOf(keys)
	if err != nil {
		return options, err
	}
	words, err := prompts.Words(PromptDataset(dataset), PromptSettings(plan, dataset))
	if err != nil {
		return options, err
	}
	options.Types = typeNames(dataset, words)
	if options.Thinking, err = thinkingMarks(facts); err != nil {
		return options, err
	}
	_, err = answersOf(keys)
	return options, err
}
