package harness

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"nerbench/harness/compare"
	"nerbench/harness/loop"
	"nerbench/internal/fault"
	"nerbench/metrics"
	"nerbench/metrics/stats"
	"nerbench/ner"
	"nerbench/results"
)

// CompareRequest names the runs to compare. A and B are each a run (the beginning
// of its id), a model, or conditions key=value, separated by commas.
type CompareRequest struct {
	A, B   string
	Metric string // id
	By     metrics.By
	// Seed returns the seed of the random stream of a dataset; nil: that of
	// docs/spec/metrics.md §12.2 with seed 0.
	Seed func(dataset string) uint64
}

// Compare pairs the stored runs of two systems, dataset by dataset, on the passages
// that both have completed. A note states what only one of them has: datasets, or
// passages. failed is the number of incomplete passages of runs that have ended: their
// queries failed.
func (b *Bench) Compare(ctx context.Context, r CompareRequest) (ds []*compare.Dataset, failed int, err error) {
	store, err := b.ReadStore(ctx)
	if err != nil {
		return nil, 0, err
	}
	defer store.Close()
	sides, err := bothSides(ctx, store, r)
	if err != nil {
		return nil, 0, err
	}
	var refused []error
	for _, dataset := range slices.Sorted(maps.Keys(sides[0])) {
		runA := sides[0][dataset]
		runB, there := sides[1][dataset]
		if !there {
			b.note("dataset %s: only A was run", dataset)
			continue
		}
		compared, err := b.compareDataset(ctx, store, r, runA, runB)
		if err != nil {
			refused = append(refused, fmt.Errorf("dataset %s: %w", dataset, err))
			continue
		}
		ds = append(ds, compared)
		for side, run := range []results.RunInfo{runA, runB} {
			if Seen(run) {
				b.note("dataset %s: seen in training by %s", dataset, []string{"A", "B"}[side])
			}
			if run.State == results.Partial {
				failed += run.Passages - run.Complete
			}
		}
	}
	for _, dataset := range slices.Sorted(maps.Keys(sides[1])) {
		if _, there := sides[0][dataset]; !there {
			b.note("dataset %s: only B was run", dataset)
		}
	}
	if len(refused) > 0 {
		return nil, 0, errors.Join(refused...)
	}
	if len(ds) == 0 {
		return nil, 0, fmt.Errorf("the runs of A and of B have no dataset in common")
	}
	return ds, failed, nil
}

// compareDataset pairs two runs on the passages that both have completed.
func (b *Bench) compareDataset(ctx context.Context, store *results.Store, r CompareRequest, runA, runB results.RunInfo) (*compare.Dataset, error) {
	common, err := commonPassages(ctx, store, runA, runB)
	if err != nil {
		return nil, err
	}
	id, err := sameMetric(r.Metric, runA, runB)
	if err != nil {
		return nil, err
	}
	m, options, err := metrics.ParseID(id)
	if err != nil {
		return nil, err
	}
	dataset := &compare.Dataset{Name: runA.Keys["dataset"], Metric: m, Passages: max(runA.Passages, runB.Passages), WithoutTypes: !r.By.Types}
	if dataset.Seed = stats.DatasetSeed(0, dataset.Name); r.Seed != nil {
		dataset.Seed = r.Seed(dataset.Name)
	}
	if dataset.Tokens, err = tokensOf(ctx, store, runA, runB); err != nil {
		return nil, err
	}
	if len(r.By.Attributes) > 0 && m.ID != "span_f1" {
		return nil, fault.Usagef("--by bucket: only span_f1 has buckets")
	}
	var inA, inB []int
	for _, p := range common {
		inA, inB = append(inA, p.a), append(inB, p.b)
	}
	if len(common) < dataset.Passages {
		b.note("dataset %s: compared on the %d passages that both have completed (A has %d of %d, B %d of %d)",
			dataset.Name, len(common), runA.Complete, runA.Passages, runB.Complete, runB.Passages)
	}
	train, err := b.datasetTraining(ctx, r.By, runA)
	if err == nil {
		dataset.Buckets = compare.NewBuckets(r.By.Attributes, train)
	}
	var bucketsA, bucketsB []*metrics.Bucketing
	for _, p := range dataset.Buckets {
		bucketsA, bucketsB = append(bucketsA, p.A), append(bucketsB, p.B)
	}
	var sideA, sideB map[int]compare.Passage
	if err == nil {
		sideA, err = b.readSide(ctx, store, runA, sideReading{m, id, options, inA, bucketsA})
	}
	if errors.As(err, new(*fault.DataError)) || errors.As(err, new(*fault.UsageError)) { // no data: the stored counts are compared
		b.note("dataset %s: %v: the stored counts are compared, without types, buckets and flips", dataset.Name, err)
		dataset.CountsOnly, dataset.Buckets = true, nil
		dataset.A, dataset.B, err = storedCounts(ctx, store, id, runA, runB, inA, inB)
		return dataset, err
	}
	if err != nil {
		return nil, err
	}
	if sideB, err = b.readSide(ctx, store, runB, sideReading{m, id, options, inB, bucketsB}); err != nil {
		return nil, err
	}
	for _, p := range common {
		x, inA := sideA[p.a]
		y, inB := sideB[p.b]
		if inA && inB {
			dataset.Add(x, y)
		}
	}
	return dataset, nil
}

// sameMetric returns the full id of a metric. It must be the same for both runs.
func sameMetric(id string, a, b results.RunInfo) (string, error) {
	var full [2]string
	for i, r := range []results.RunInfo{a, b} {
		ids, err := MetricIDs([]string{id}, r.Keys)
		if err != nil {
			return "", fmt.Errorf("run %s: %w", r.ID, err)
		}
		full[i] = ids[0]
	}
	if full[0] != full[1] {
		return "", fmt.Errorf("run %s is scored by %s, run %s by %s: different metrics cannot be compared", a.ID, full[0], b.ID, full[1])
	}
	return full[0], nil
}

// sideReading selects the counts of one side.
type sideReading struct {
	metric  metrics.Metric
	id      string
	options map[string]string
	indexes []int // of the passages that count, ascending on the first side
	buckets []*metrics.Bucketing
}

// readSide parses the stored answers of a run, and returns the counts of its
// passages by index.
func (b *Bench) readSide(ctx context.Context, store *results.Store, run results.RunInfo, r sideReading) (map[int]compare.Passage, error) {
	plan, err := b.ScorePlan(ctx, store, run.ID)
	if err != nil {
		return nil, err
	}
	out, counts := map[int]compare.Passage{}, map[int]bool{}
	for _, i := range r.indexes {
		counts[i] = true
	}
	plan.Metrics, plan.Parsing = []string{r.id}, plan.Parsing.With(r.options)
	plan.Observe = func(p ner.Passage, d *ner.Document, u loop.ParsedPassage) {
		if !counts[p.Index] {
			return
		}
		out[p.Index] = compare.NewPassage(r.metric, d.ID, &u.Passage)
		for _, b := range r.buckets {
			b.Add(&u.Passage, loop.Words(d))
		}
	}
	_, err = loop.Score(ctx, plan)
	return out, err
}

// datasetTraining reads the train split of the dataset of a run, if attributes need it.
func (b *Bench) datasetTraining(ctx context.Context, by metrics.By, run results.RunInfo) (*metrics.Training, error) {
	if by.NeedsTrain() == "" {
		return nil, nil
	}
	dataset, err := b.FindDataset(run.Keys["dataset"])
	if err != nil {
		return nil, err
	}
	selected, err := ner.PlanOf(run.Keys)
	if err != nil {
		return nil, err
	}
	docs, err := b.Documents(ctx, dataset, trainOptions(selected))
	if err != nil {
		return nil, err
	}
	train := metrics.NewTraining()
	for d, err := range docs {
		if err != nil {
			return nil, err
		}
		train.Add(loop.Words(d), d.Spans)
	}
	train.Count()
	return train, nil
}

// storedCounts returns the stored counts of passages of two runs, by their indexes. They
// are compared because the answers cannot be parsed without the data.
func storedCounts(ctx context.Context, store *results.Store, id string, runA, runB results.RunInfo, inA, inB []int) (a, b []ner.Score, err error) {
	for _, run := range []results.RunInfo{runA, runB} {
		if _, there := run.Scores.Metrics[id]; !there {
			return nil, nil, &fault.Hint{
				Err:    fmt.Errorf("run %s: not scored by %s", run.ID, id),
				Advice: fmt.Sprintf("nerbench score %s --metric %s", run.ID, id),
			}
		}
	}
	if x, y := runA.Scores.Metrics[id], runB.Scores.Metrics[id]; x.Reader != y.Reader || x.Version != y.Version {
		return nil, nil, &fault.Hint{
			Err:    fmt.Errorf("the stored scores are by different versions of parsers or metrics: %s/%s and %s/%s", x.Reader, x.Version, y.Reader, y.Version),
			Advice: "nerbench score --all",
		}
	}
	if a, err = countsAt(ctx, store, id, runA, inA); err == nil {
		b, err = countsAt(ctx, store, id, runB, inB)
	}
	return a, b, err
}

// countsAt returns the stored counts of passages of a run, by their indexes.
func countsAt(ctx context.Context, store *results.Store, id string, run results.RunInfo, indexes []int) ([]ner.Score, error) {
	counts, err := store.Counts(ctx, run.ID, id)
	if err != nil {
		return nil, err
	}
	done, err := store.Done(ctx, run.ID)
	if err != nil {
		return nil, err
	}
	byIndex := map[int]ner.Score{}
	scored := 0
	for i, complete := range done {
		if complete && scored < len(counts) {
			byIndex[i] = counts[scored]
		}
		if complete {
			scored++
		}
	}
	if scored != len(counts) {
		return nil, &fault.Hint{Err: fmt.Errorf("run %s: scored before its last answers", run.ID), Advice: "nerbench score " + run.ID}
	}
	out := make([]ner.Score, len(indexes))
	for i, index := range indexes {
		out[i] = byIndex[index]
	}
	return out, nil
}
