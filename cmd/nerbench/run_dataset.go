package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"nerbench/datasets"
	"nerbench/harness/loop"
	"nerbench/internal/fault"
	"nerbench/metrics"
	"nerbench/ner"
	"nerbench/prompts"
	"nerbench/results"
)

// runRow asks what has no answer yet about one dataset, and scores it.
func (env *environment) runDataset(ctx context.Context, store *results.Store, plan runPlan, dataset *datasets.Dataset) (report runReport, err error) {
	found, err := env.surveyDataset(ctx, dataset, plan.selection)
	if err != nil {
		return report, err
	}
	env.noteLock(dataset, found)
	renderer, err := env.renderer(ctx, plan.keys, dataset)
	if err != nil {
		return report, err
	}
	notes := &datasetNotes{env: env, dataset: dataset.ID}
	m, err := env.openModel(ctx, plan, dataset, found, renderer, notes.tell)
	if err != nil {
		return report, err
	}
	defer m.close()
	run := ner.Run{Keys: mergeKeys(m.runKeys(), found.part.keys(dataset), renderer.Keys(), map[string]string{
		"dataset": dataset.ID, "data": found.data, "labels": dataset.LabelsHash(),
	})}
	if err := store.Begin(ctx, run, found.passages); err != nil {
		return report, err
	}
	report = runReport{
		Run: run.ID(), Dataset: dataset.ID, Model: m.identity.Model, Passages: found.passages,
		Outcomes: map[ner.Outcome]int{}, Scores: map[string]countsJSON{},
	}
	if err := store.AddFacts(ctx, run.ID(), mergeKeys(m.texts(), plan.cardFacts(dataset.ID)), nil); err != nil {
		return report, err
	}
	asked, err := env.ask(ctx, store, run, m, renderer, dataset, found, notes)
	if asked.Queries > 0 {
		twice, fault := env.probeQueries(ctx, dataset, found, renderer, plan.probe)
		if err != nil { // what was counted is kept, but nothing more is asked
			twice = nil
		}
		if fault = errors.Join(fault, env.keepCounts(ctx, store, run.ID(), m, twice)); err == nil {
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
	if plan.askOnly {
		return report, report.fill(ctx, store, nil)
	}
	ids, err := env.scoreRun(ctx, store, run.ID(), plan.metrics, false)
	if err != nil {
		return report, err
	}
	return report, report.fill(ctx, store, ids)
}

// renderer prepares the prompts of a dataset, with what they need of its train split.
func (env *environment) renderer(ctx context.Context, keys map[string]string, dataset *datasets.Dataset) (*prompts.Renderer, error) {
	settings, err := promptSettings(keys, dataset)
	if err != nil {
		return nil, err
	}
	pr := promptDataset(dataset)
	if settings.Own, err = env.ownFamilies(); err != nil {
		return nil, err
	}
	if err := env.describe(&pr); err != nil {
		return nil, err
	}
	shots := settings.Shots != "" && settings.Shots != "0"
	if byFrequency := strings.HasSuffix(settings.Queries, ":frequency"); shots || byFrequency {
		selected, err := selectionOf(keys)
		if err != nil {
			return nil, fault.Usagef("%v", err)
		}
		docs, err := env.documents(ctx, dataset, selected.train(datasets.NativeGold))
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

// openModel opens the model that a plan names, with a context that the longest
// prompt of the dataset fits into.
func (env *environment) openModel(ctx context.Context, plan runPlan, dataset *datasets.Dataset, found survey, renderer *prompts.Renderer, observe func(string)) (*model, error) {
	kind, name, err := modelKind(plan.model)
	if err != nil {
		return nil, err
	}
	longest, answer, example, err := longestPrompt(renderer, found.longest)
	if err != nil {
		return nil, err
	}
	spec := modelSpec{
		name: name, dataset: dataset, train: plan.selection.train(plan.selection.gold), decoding: plan.decoding, servers: plan.servers, keyFile: plan.keyFile, example: example,
		timeout: plan.timeout, connections: plan.connections, longest: longest, longestAnswer: answer,
		local: plan.local, observe: observe, pull: plan.pull, keepAlive: plan.keepAlive,
	}
	if plan.card != nil {
		spec.madeFor, spec.special = plan.card.Context, plan.card.Special
	}
	return modelKinds[kind].open(ctx, env, spec)
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
func (env *environment) ask(ctx context.Context, store *results.Store, run ner.Run, m *model, renderer *prompts.Renderer, dataset *datasets.Dataset, found survey, notes *datasetNotes) (asked loop.Asked, err error) {
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
		env.note("%s: %s: all %d passages have their answers already (run %s)", dataset.ID, m.identity.Model, already, run.ID())
		return asked, store.End(ctx, run.ID())
	}
	if already > 0 {
		env.note("%s: %s: continues run %s: %d of %d passages are done", dataset.ID, m.identity.Model, run.ID(), already, found.passages)
	}
	docs, err := env.asked(ctx, dataset, found.part)
	if err != nil {
		return asked, err
	}
	how, err := how(dataset, run.Keys)
	if err != nil {
		return asked, err
	}
	reading, err := loop.NewPassageParser(how)
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
	bar := env.newProgress(dataset.ID, found.passages, already, reading, m.atOnce, notes)
	defer bar.close()
	return loop.Ask(ctx, loop.Plan{
		Documents: docs, Done: func(i int) bool { return i < len(done) && done[i] }, Queries: renderer.Queries,
		Identity: m.identityKey(), Decoding: m.decodingKey(),
		Runner: m.runner, Slots: m.slots, Recorder: writer, Observe: bar.finished,
	})
}

// spanCounts are the counts of strict span F1 of one passage.
func spanCounts(u *loop.ParsedPassage) ner.Score {
	return metrics.Count(metrics.SpanF1, &u.Passage).ByType.Total()
}
