package main

import (
	"context"

	"nerbench/harness/texts"
	"nerbench/ner"
)

func (env *environment) listRuns(ctx context.Context, pairs []string) error {
	where, err := readWhere(pairs, ner.KeyNames())
	if err != nil {
		return err
	}
	lines, err := env.bench.ListRuns(ctx, where)
	if err != nil {
		return err
	}
	if env.json {
		return env.printJSON(lines)
	}
	return texts.WriteRuns(env.stdout, env.painter(env.stdout), lines)
}

func (env *environment) showRun(ctx context.Context, name string) error {
	shown, err := env.bench.ShowRun(ctx, name)
	if err != nil {
		return err
	}
	if env.json {
		return env.printJSON(shown)
	}
	return texts.WriteRun(env.stdout, env.painter(env.stdout), shown)
}
