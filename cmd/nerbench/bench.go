package main

import (
	"context"
	"io/fs"
	"iter"
	"maps"
	"os"

	"nerbench/datasets"
	"nerbench/harness"
	"nerbench/harness/loop"
	"nerbench/internal/fault"
	"nerbench/loaders"
	"nerbench/ner"
	"nerbench/prompts"
	"nerbench/results"
)

// newBench is the bench that the global flags describe.
func (env *environment) newBench() *harness.Bench {
	return &harness.Bench{
		Data: env.data, Datasets: env.datasets, Store: env.store, Families: env.prompts, Cards: env.models,
		Getenv: env.variable, HowToGet: env.howToGet, Notify: env.event,
	}
}

func (env *environment) openStoreReadOnly(ctx context.Context) (*results.Store, error) {
	return env.bench.ReadStore(ctx)
}

func (env *environment) allDatasets() ([]*datasets.Dataset, error) { return env.bench.AllDatasets() }

func (env *environment) findDataset(id string) (*datasets.Dataset, error) {
	return env.bench.FindDataset(id)
}

func (env *environment) documents(ctx context.Context, d *datasets.Dataset, o loaders.Options) (iter.Seq2[*ner.Document, error], error) {
	return env.bench.Documents(ctx, d, o)
}

func (env *environment) selectDatasets(ids []string, suite, domain string) ([]*datasets.Dataset, error) {
	return env.bench.SelectDatasets(ids, suite, domain)
}

func (env *environment) dataFS() fs.FS { return os.DirFS(env.data) }

func (env *environment) ownFamilies() ([]prompts.Family, error) { return env.bench.OwnFamilies() }

// readResamples checks the number of resamples of an interval.
func readResamples(n int) (int, error) {
	if n != 0 && n < 1000 {
		return 0, fault.Usagef("--ci %d: want 0, or at least 1000 resamples", n)
	}
	return n, nil
}

func mergeKeys(parts ...map[string]string) map[string]string {
	keys := map[string]string{}
	for _, p := range parts {
		maps.Copy(keys, p)
	}
	return keys
}

type placedSpan struct {
	Start int            `json:"start"`
	End   int            `json:"end"`
	Type  ner.EntityType `json:"type"`
}

var (
	selectRuns = harness.SelectRuns
	asks       = harness.AnswerForm
)

func (env *environment) scorePlan(ctx context.Context, store *results.Store, id string) (loop.ScorePlan, error) {
	return env.bench.ScorePlan(ctx, store, id)
}
