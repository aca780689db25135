package harness

import (
	"context"
	"slices"
	"time"

	"nerbench/harness/loop"
	"nerbench/reports"
	"nerbench/results"
)

// Running is the state of a run that another process makes.
type Running struct {
	Run     string        `json:"run"`
	Model   string        `json:"model"`
	Dataset string        `json:"dataset"`
	State   results.State `json:"state"`
	// Passages are the complete ones of Total.
	Passages int `json:"passages"`
	Total    int `json:"total"`
	// Rate is in queries a second, over the last half minute; null: not known yet.
	Rate *float64 `json:"queries_per_second"`
	// F1 is that of span_f1 in the Scored passages; null: none was scored.
	F1     *float64 `json:"span_f1"`
	Scored int      `json:"scored"`
	// Failures are those of the Answers in the scored passages that count as failed.
	Failures int `json:"failures"`
	Answers  int `json:"answers"`
	// Left is the time until the end, in seconds; null: not known yet.
	Left *float64 `json:"eta_seconds"`
}

// The pace of a [Watch].
const (
	rateWindow = 30 * time.Second
	// scoringShare is the part of the time that scoring may take: one of so many.
	scoringShare = 10
	minScoring   = 2 * time.Second // between two scorings of a run
	noScoring    = time.Minute     // after one that failed
)

// Watch follows the runs that other processes make. One goroutine uses it.
type Watch struct {
	bench *Bench
	store *results.Store
	began time.Time
	runs  map[string]*watched
}

// watched is a run with its recent past.
type watched struct {
	state Running
	seen  []pace    // oldest first
	next  time.Time // it is not scored before
	last  bool      // it was scored after its end
}

// pace is how far a run was at a time.
type pace struct {
	at                time.Time
	queries, passages int
}

// Watch follows the runs of a store, which stays open meanwhile.
func (b *Bench) Watch(store *results.Store) *Watch {
	return &Watch{b, store, time.Now(), map[string]*watched{}}
}

// Running lists the runs that are being made, and those that ended since the watch
// began, in the order of the store.
func (w *Watch) Running(ctx context.Context) ([]Running, error) {
	runs, err := w.store.Runs(ctx, nil)
	if err != nil {
		return nil, err
	}
	now, list := time.Now(), []Running{}
	for _, r := range runs {
		of := w.runs[r.ID]
		if of == nil {
			if r.State != results.Asking && r.Updated.Before(w.began) {
				continue
			}
			of = &watched{}
			w.runs[r.ID] = of
		}
		of.follow(r, now)
		if err := w.score(ctx, of, r); err != nil {
			return nil, err
		}
		list = append(list, of.state)
	}
	return list, nil
}

// follow takes over the progress of a run.
func (of *watched) follow(r results.RunInfo, now time.Time) {
	s := &of.state
	s.Run, s.Model, s.Dataset, s.State, s.Passages, s.Total = r.ID, r.Keys["model"], r.Keys["dataset"], r.State, r.Complete, r.Passages
	of.seen = slices.DeleteFunc(of.seen, func(p pace) bool { return now.Sub(p.at) > rateWindow })
	of.seen = append(of.seen, pace{now, r.Queries, r.Complete})
	s.Rate, s.Left = nil, nil
	first, spent := of.seen[0], now.Sub(of.seen[0].at).Seconds()
	if s.State != results.Asking || spent <= 0 || r.Complete <= first.passages {
		return
	}
	rate := float64(r.Queries-first.queries) / spent
	left := float64(r.Passages-r.Complete) * spent / float64(r.Complete-first.passages)
	s.Rate, s.Left = &rate, &left
}

// score scores the answers of a run again if there are more, but not all the time. A run
// that cannot be scored, for example without data, has no F1.
func (w *Watch) score(ctx context.Context, of *watched, r results.RunInfo) error {
	began, ended := time.Now(), of.state.State != results.Asking
	if of.state.Scored == r.Complete || began.Before(of.next) && (!ended || of.last) {
		return nil
	}
	of.last = ended
	plan, err := w.bench.ScorePlan(ctx, w.store, r.ID)
	if err == nil {
		plan.Metrics = []string{reports.SpanF1}
		var scored loop.Scored
		if scored, err = loop.Score(ctx, plan); err == nil {
			of.state.take(scored)
		}
	}
	pause := max(minScoring, scoringShare*time.Since(began))
	if err != nil {
		pause = noScoring
	}
	of.next = time.Now().Add(pause)
	return ctx.Err()
}

func (s *Running) take(scored loop.Scored) {
	s.F1 = nil
	for _, m := range scored.Metrics { // the only one
		if f1, ok := m.Total.F1(); ok {
			s.F1 = &f1
		}
	}
	s.Scored = scored.Passages
	s.Failures, s.Answers = FailureShare(scored.Outcomes)
}
