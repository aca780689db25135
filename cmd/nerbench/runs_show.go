package main

import (
	"context"

	"nerbench/harness"
	"nerbench/harness/texts"
	"nerbench/ner"
)

func (env *environment) listRuns(ctx context.Context, pairs []string) error {
	where, err := readWhere(pairs, ner.KeyNames())
	if err != nil {
		return err
	}
	store, err := env.bench.ReadStore(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	all, err := harness.SelectRuns(ctx, store, nil)
	if err != nil {
		return err
	}
	runs, err := harness.SelectRuns(ctx, store, where)
	if err != nil {
		return err
	}
	if len(runs) == 0 && len(all) > 0 {
		env.note("%s", harness.WhyNone(all, where))
	}
	lines, coverages := []harness.RunJSON{}, harness.Coverages(runs)
	for _, r := range runs {
		line, err := harness.NewRunJSON(r, coverages[r.ID])
		if err != nil {
			return err
		}
		lines = append(lines, line)
	}
	if env.json {
		return env.printJSON(lines)
	}
	return texts.WriteRuns(env.stdout, env.painter(env.stdout), lines)
}

func (env *environment) showRun(ctx context.Context, name string) error {
	store, err := env.bench.ReadStore(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	run, err := store.Find(ctx, name)
	if err != nil {
		return err
	}
	shown, err := harness.NewShownRun(run)
	if err != nil {
		return err
	}
	if shown.Cost, err = env.bench.RunCost(ctx, store, run); err != nil {
		return err
	}
	if env.json {
		return env.printJSON(shown)
	}
	return texts.WriteRun(env.stdout, env.painter(env.stdout), &shown)
}
