package harness

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"nerbench/datasets"
	"nerbench/internal/fault"
	"nerbench/loaders"
	"nerbench/metrics"
	"nerbench/ner"
	"nerbench/runners"
	"nerbench/runners/cards"
	"nerbench/runners/open"
	"time"
)

// Request says what to run: a model on datasets, in one way.
type Request struct {
	// Plan holds the keys that are set; Model is required, the others are determined
	// or have defaults.
	Plan ner.Plan
	// Datasets are the datasets to run on; none: Plan.Dataset.
	Datasets []*datasets.Dataset
	// Card names the model card that says how to ask the model; empty: the card of
	// the model's name, if there is one.
	Card string

	Servers     []string      // addresses of servers; none: the usual ones
	KeyFile     string        // file with the key of the servers
	Timeout     time.Duration // for one query; 0: the runner's
	Connections int           // passages at once; 0: adapt
	Pull        bool          // an Ollama server may download the model
	KeepAlive   time.Duration // of the model in an Ollama server; 0: its default
	Local       open.Local    // models in the process

	Metrics []string // ids; none: loop.DefaultMetrics
	AskOnly bool     // do not score
	Probe   int      // queries to send again at the end of a run
	// Scored parses the answers while the run is under way, to show a score in
	// [Progress].
	Scored bool
}

// complete takes from the card what the request leaves open, and fills in
// defaults. The card is nil where no card is used.
func (b *Bench) complete(r *Request) (*cards.Card, error) {
	if len(r.Datasets) == 0 {
		dataset, err := b.FindDataset(r.Plan.Dataset)
		if err != nil {
			return nil, &UsageError{Err: err}
		}
		r.Datasets = []*datasets.Dataset{dataset}
	}
	card, err := b.takeCard(r)
	if err != nil {
		return nil, err
	}
	if err := open.Check(r.Plan.Model); err != nil {
		return nil, err
	}
	if r.Plan.Split == "" {
		r.Plan.Split = ner.Test
	}
	if r.Plan.Family == "" {
		r.Plan.Family = open.DefaultFamily(r.Plan.Model)
	}
	return card, nil
}

// Run asks the model about each dataset what has no answer yet, and scores. A
// dataset that cannot be asked does not stop the others: it is listed in the
// summary, which is complete also if an error is returned. The store is made
// when the first answer can be kept.
func (b *Bench) Run(ctx context.Context, r Request) (Summary, error) {
	summary := Summary{Runs: []Result{}, NotRun: []NotRun{}}
	for _, id := range r.Metrics { // now, not after hours of asking
		if _, _, err := metrics.ParseID(id); err != nil {
			return summary, fault.Usagef("run: %v", err)
		}
	}
	card, err := b.complete(&r)
	if err != nil {
		return summary, err
	}
	store, err := b.openLateStore(ctx)
	if err != nil {
		return summary, err
	}
	var faults []error
	for _, dataset := range r.Datasets {
		result, err := b.runDataset(ctx, store, r, card, dataset)
		if err == nil {
			summary.add(result)
			continue
		}
		if ctx.Err() != nil || errors.Is(err, runners.ErrFatal) || errors.Is(err, runners.ErrTemporary) || errors.As(err, new(*UsageError)) || len(r.Datasets) == 1 {
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
		return summary, &PartialError{Err: fmt.Errorf("%d passages are incomplete: the same command asks for the rest", summary.Incomplete)}
	}
	return summary, nil
}

// sameKind gives an error the kind of several others: missing or other data, if
// all are of that kind.
func sameKind(faults []error, err error) error {
	for _, f := range faults {
		if !errors.As(f, new(*DataError)) {
			return err
		}
	}
	return &DataError{Err: err}
}

// noteLock tells where the data is not what the lock says: the run carries the
// fingerprint of its own data, and does not compare with those on the locked.
func (b *Bench) noteLock(dataset *datasets.Dataset, s survey) {
	native := s.part.gold == "" || s.part.gold == datasets.NativeGold
	if !native || s.part.view == loaders.Table6View {
		return
	}
	set, err := dataset.Set("")
	if err != nil {
		return // the sample has no sets
	}
	p, err := set.Part(s.part.split)
	if err != nil || p.Lock == nil {
		return
	}
	if s.lock.TextsSHA256 != p.Lock.TextsSHA256 || s.lock.SpansSHA256 != p.Lock.SpansSHA256 {
		b.note("%s: %s: not the locked data: found %d documents with %d spans, expected %d with %d (nerbench datasets verify %s lists the differences); this run carries a fingerprint of its own",
			dataset.ID, s.part.split, s.lock.Documents, s.lock.Spans, p.Lock.Documents, p.Lock.Spans, dataset.ID)
	}
}

// mergeKeys joins maps of keys.
func mergeKeys(parts ...map[string]string) map[string]string {
	keys := map[string]string{}
	for _, p := range parts {
		maps.Copy(keys, p)
	}
	return keys
}
