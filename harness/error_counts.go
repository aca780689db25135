package harness

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"sync"

	"nerbench/answers"
	"nerbench/harness/loop"
	"nerbench/internal/fault"
	"nerbench/metrics"
	"nerbench/ner"
	"nerbench/reports"
	"nerbench/results"
)

// errorCounts counts the errors of stored runs (docs/spec/metrics.md §5, §11), and keeps
// the counts in the store. Its methods may be called from several goroutines.
type errorCounts struct {
	bench *Bench
	store *results.Store
	// cache, unless nil, has and keeps the errors of submissions instead of the store.
	// checksums are those of their answers, by run, and answers the answers, which the store
	// does not have.
	cache     *StatisticsCache
	checksums map[string]string
	answers   map[string]func(context.Context) iter.Seq2[ner.Passage, error]

	mu    sync.Mutex
	known map[string]results.KeptErrors // by run; nil: the store was not read
	fresh map[string]results.KeptErrors // those that the store does not have
	// without are the passages that cannot be read, by dataset and keys: runs on them
	// are not tried again.
	without map[string]bool
}

func (b *Bench) errorCounts(store *results.Store) *errorCounts {
	return &errorCounts{bench: b, store: store, fresh: map[string]results.KeptErrors{}, without: map[string]bool{}}
}

// of returns the errors of a run; nil: it has none, or its answers cannot be parsed
// without the data.
func (e *errorCounts) of(ctx context.Context, run results.RunInfo) (*ner.ErrorCounts, error) {
	if run.Complete == 0 {
		return nil, nil
	}
	if counts, err := e.find(ctx, run); counts != nil || err != nil || e.lack(run) {
		return counts, err
	}
	plan, err := e.plan(ctx, run)
	c := newErrorCounter()
	if err == nil {
		plan.Metrics = []string{reports.SpanF1}
		plan.Observe = func(_ ner.Passage, d *ner.Document, u loop.ParsedPassage) { c.add(d, &u.Passage) }
		_, err = loop.Score(ctx, plan)
	}
	if errors.As(err, new(*fault.DataError)) || errors.As(err, new(*fault.UsageError)) {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.without[passagesName(run)] = true
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("run %s: %w", run.ID, err)
	}
	return e.put(run, c), nil
}

// plan returns the plan to score a run.
func (e *errorCounts) plan(ctx context.Context, run results.RunInfo) (loop.ScorePlan, error) {
	dataset, err := e.bench.FindDataset(run.Keys["dataset"])
	if err != nil {
		return loop.ScorePlan{}, err
	}
	plan, _, _, err := e.bench.PlanOfRun(ctx, dataset, run)
	if given := e.answers[run.ID]; given != nil {
		plan.Passages = given(ctx)
	} else {
		plan.Passages = e.store.Passages(ctx, run.ID)
	}
	return plan, err
}

// find returns the errors that the store has, or that were counted already.
func (e *errorCounts) find(ctx context.Context, run results.RunInfo) (*ner.ErrorCounts, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.known == nil {
		var err error
		if e.known, err = e.store.ErrorCounts(ctx); err != nil {
			return nil, err
		}
	}
	key := e.key(run)
	if kept, there := e.known[run.ID]; there && kept.Key == key {
		return &kept.Counts, nil
	}
	if e.cache == nil {
		return nil, nil
	}
	counts := e.cache.errorsOf(run.Keys["dataset"], key)
	if counts != nil {
		e.known[run.ID] = results.KeptErrors{Key: key, Counts: *counts}
	}
	return counts, nil
}

func (e *errorCounts) lack(run results.RunInfo) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.without[passagesName(run)]
}

// put adds the errors of a run that were counted, after [errorCounts.find] had none.
func (e *errorCounts) put(run results.RunInfo, c *errorCounter) *ner.ErrorCounts {
	kept := results.KeptErrors{Key: e.key(run), Counts: c.counts()}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.known[run.ID] = kept; e.cache == nil {
		e.fresh[run.ID] = kept
	} else if err := e.cache.useErrors(run.Keys["dataset"], kept.Key, &kept.Counts); err != nil {
		e.bench.note("run %s: its errors are not kept: %v", run.ID, err)
	}
	return &kept.Counts
}

// keep writes what was counted into the store.
func (e *errorCounts) keep(ctx context.Context) {
	e.mu.Lock()
	fresh := maps.Clone(e.fresh)
	clear(e.fresh)
	e.mu.Unlock()
	(&statistics{bench: e.bench, store: e.store}).keep(ctx, len(fresh), func(store *results.Store) error { return store.SaveErrorCounts(ctx, fresh) })
}

// passagesName names the documents that a run is about.
func passagesName(run results.RunInfo) string { return run.Keys["dataset"] + " " + passagesOf(run) }

// key is the hash of all that the errors of a run depend on: its answers and how they are
// parsed. Answers of a store do not change; a run gets more of them, which changes the
// number of its complete passages and its time. Those of a submission have a checksum: its
// time is that of the build.
func (e *errorCounts) key(run results.RunInfo) results.StatisticKey {
	return errorsKey(run, cmp.Or(e.checksums[run.ID], answersOfStore(run)), answers.Version, metrics.Version)
}

// answersOfStore identifies the answers of a run in its store.
func answersOfStore(run results.RunInfo) string {
	return fmt.Sprint(run.Complete, " ", run.Updated.UnixMilli())
}

func errorsKey(run results.RunInfo, given, parser, metric string) results.StatisticKey {
	of := system{{run, reports.SpanF1}}
	stamp := fmt.Sprintf("%s %s %s %s %q\n", run.ID, given, parser, metric, run.Facts["thinking_marks"])
	return statisticKey("errors", 0, stamp, of.stamp())
}

// bucketAttributes are the attributes that need no train split.
func bucketAttributes() []metrics.Attribute {
	var list []metrics.Attribute
	for _, a := range metrics.Attributes {
		if !a.NeedsTrain {
			list = append(list, a)
		}
	}
	return list
}

// errorCounter counts the errors of the passages of one run.
type errorCounter struct {
	taxonomy metrics.Taxonomy
	buckets  []*metrics.Bucketing
}

func newErrorCounter() *errorCounter {
	c := &errorCounter{taxonomy: metrics.NewTaxonomy()}
	for _, a := range bucketAttributes() {
		c.buckets = append(c.buckets, loop.NewBucketing(a, nil))
	}
	return c
}

func (c *errorCounter) add(d *ner.Document, p *metrics.Passage) {
	c.taxonomy.Merge(metrics.Classify(p))
	words := loop.Words(d)
	for _, b := range c.buckets {
		b.Add(p, words)
	}
}

func (c *errorCounter) counts() ner.ErrorCounts {
	out := ner.ErrorCounts{Classes: c.taxonomy.Total().ByName(), Confusion: c.taxonomy.Cells(), Buckets: []ner.BucketCounts{}}
	for _, b := range c.buckets {
		for _, bucket := range b.Buckets() {
			out.Buckets = append(out.Buckets, ner.BucketCounts{Attribute: b.Attribute.Name, Name: bucket.Name, Counts: bucket.Counts})
		}
	}
	return out
}
