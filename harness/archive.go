package harness

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"

	"nerbench/datasets"
	"nerbench/harness/loop"
	"nerbench/internal/fault"
	"nerbench/metrics"
	"nerbench/ner"
	"nerbench/prompts"
	"nerbench/reports"
	"nerbench/reports/site"
	"nerbench/results"
)

// Archive gives the passages and the answers of stored runs to a leaderboard. The
// passages of a dataset are those of the split, the view and the gold that most of its
// runs have; runs on other passages have no answers on the pages.
type Archive struct {
	bench *Bench
	store *results.Store
	runs  map[string]results.RunInfo
	of    map[string]results.RunInfo // dataset id -> a run on its passages
	// submissions are those that the runs come from; nil: the runs are those of the user.
	submissions *Repository

	errors  *errorCounts
	mu      sync.Mutex
	repairs map[string]map[string]int // by dataset whose passages were read
}

// Archive returns the archive of runs of a store, which stays open while it is used.
func (b *Bench) Archive(store *results.Store, runs []results.RunInfo) *Archive {
	a := &Archive{
		bench: b, store: store, runs: map[string]results.RunInfo{}, of: map[string]results.RunInfo{},
		errors: b.errorCounts(store), repairs: map[string]map[string]int{},
	}
	n := map[string]map[string]int{} // dataset -> passages -> runs
	for _, r := range runs {
		a.runs[r.ID] = r
		id := r.Keys["dataset"]
		if n[id] == nil {
			n[id] = map[string]int{}
		}
		n[id][passagesOf(r)]++
	}
	for _, r := range runs {
		id := r.Keys["dataset"]
		first, there := a.of[id]
		if better := n[id][passagesOf(r)] - n[id][passagesOf(first)]; !there || better > 0 || better == 0 && r.ID < first.ID {
			a.of[id] = r
		}
	}
	return a
}

// keepIn makes the runs those of a repository, unless it is nil. Their errors are kept in
// the cache.
func (a *Archive) keepIn(cache *StatisticsCache, repository *Repository) {
	if repository == nil {
		return
	}
	a.submissions = repository
	a.errors.cache, a.errors.checksums = cache, map[string]string{}
	a.errors.answers = map[string]func(context.Context) iter.Seq2[ner.Passage, error]{}
	for id, s := range repository.Runs {
		a.errors.checksums[id] = s.Checksum
		if s.Answers != nil {
			a.errors.answers[id] = s.Answers
		}
	}
}

// passagesOf describes the documents of a run, without the part of them that it has.
func passagesOf(r results.RunInfo) string {
	var keys []string
	for _, key := range passageKeys {
		keys = append(keys, key+"="+r.Keys[key])
	}
	return strings.Join(keys, "\x1f")
}

var _ site.Archive = (*Archive)(nil)

// Has reports whether a run has complete passages, those that most runs on its dataset
// have.
func (a *Archive) Has(id string) bool {
	run, there := a.runs[id]
	return there && run.Complete > 0 && passagesOf(a.of[run.Keys["dataset"]]) == passagesOf(run)
}

// Passages yields the documents of a dataset with their gold. The error wraps
// [site.ErrNoPassages] if the data is missing or differs from that of the runs.
func (a *Archive) Passages(ctx context.Context, id string) iter.Seq2[ner.Document, error] {
	return func(yield func(ner.Document, error) bool) {
		docs, err := a.documents(ctx, id)
		if err != nil {
			yield(ner.Document{}, a.without(id, err))
			return
		}
		for d, err := range docs {
			if err != nil {
				yield(ner.Document{}, err)
				return
			}
			if !yield(*d, nil) {
				return
			}
		}
	}
}

func (a *Archive) documents(ctx context.Context, id string) (iter.Seq2[*ner.Document, error], error) {
	run, there := a.of[id]
	if !there {
		return nil, site.ErrNoPassages
	}
	dataset, plan, err := a.plan(run)
	if err != nil {
		return nil, err
	}
	selected := selectionOf(plan)
	selected.limit, selected.shard, selected.cap = 0, ner.Shard{}, 0
	found, err := a.bench.survey(ctx, dataset, selected)
	if err != nil {
		return nil, err
	}
	if found.data != run.Keys["data"] {
		return nil, &fault.DataError{Err: fmt.Errorf("the data differs from the data of run %s", run.ID)}
	}
	a.mu.Lock()
	a.repairs[id] = found.repairs
	a.mu.Unlock()
	return a.bench.asked(ctx, dataset, found.part)
}

// Errors counts the errors of a run; nil: its answers cannot be parsed here.
func (a *Archive) Errors(ctx context.Context, id string) (*ner.ErrorCounts, error) {
	run, there := a.runs[id]
	switch {
	case !there:
		return nil, nil
	case a.withoutAnswers(id):
		return a.predictedErrors(ctx, run)
	}
	return a.errors.of(ctx, run)
}

// withoutAnswers reports whether a run is a submission that has its predictions only.
func (a *Archive) withoutAnswers(id string) bool {
	return a.submissions != nil && a.submissions.Runs[id].Predicted != nil
}

// predictedErrors counts the errors of a submission without answers; nil: the passages are
// missing.
func (a *Archive) predictedErrors(ctx context.Context, run results.RunInfo) (*ner.ErrorCounts, error) {
	if counts, err := a.errors.find(ctx, run); counts != nil || err != nil {
		return counts, err
	}
	err := a.eachPredicted(ctx, run, func(PredictedPassage) {})
	if errors.Is(err, site.ErrNoPassages) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return a.errors.find(ctx, run)
}

// Repairs counts what was repaired or skipped in the files of a dataset, by kind, as
// "datasets verify" does; nil: not known. It reads the passages if nobody did before.
func (a *Archive) Repairs(ctx context.Context, id string) (map[string]int, error) {
	for read := false; ; read = true {
		a.mu.Lock()
		repairs, known := a.repairs[id]
		a.mu.Unlock()
		if known || read {
			return repairs, nil
		}
		if _, err := a.documents(ctx, id); err != nil {
			if err = a.without(id, err); errors.Is(err, site.ErrNoPassages) {
				return nil, nil
			}
			return nil, err
		}
	}
}

// Keep writes the errors that were counted into the store, if it can be written.
func (a *Archive) Keep(ctx context.Context) { a.errors.keep(ctx) }

// plan returns the dataset and the plan of a run.
func (a *Archive) plan(run results.RunInfo) (*datasets.Dataset, ner.Plan, error) {
	dataset, err := a.bench.FindDataset(run.Keys["dataset"])
	if err != nil {
		return nil, ner.Plan{}, err
	}
	plan, err := ner.PlanOf(run.Keys)
	return dataset, plan, err
}

// without notes why something is without passages, if that is not a fault of the store.
func (a *Archive) without(what string, err error) error {
	var data *fault.DataError
	var usage *fault.UsageError
	if !errors.As(err, &data) && !errors.As(err, &usage) {
		return err
	}
	a.bench.note("%s: no answers on the pages: %v", what, err)
	return fmt.Errorf("%w: %w", site.ErrNoPassages, err)
}

// errStopped ends the parsing of answers that nobody wants any more.
var errStopped = errors.New("stopped")

// Answers yields the predictions of a run, passage by passage.
func (a *Archive) Answers(ctx context.Context, id string) iter.Seq2[site.Answered, error] {
	return func(yield func(site.Answered, error) bool) {
		ctx, stop := context.WithCancelCause(ctx)
		defer stop(nil)
		stopped := false
		err := a.each(ctx, id, func(one site.Answered) {
			if !stopped && !yield(one, nil) {
				stopped = true
				stop(errStopped)
			}
		})
		if err != nil && !stopped {
			yield(site.Answered{}, err)
		}
	}
}

func (a *Archive) each(ctx context.Context, id string, yield func(site.Answered)) error {
	if !a.Has(id) {
		return site.ErrNoPassages
	}
	run := a.runs[id]
	if a.withoutAnswers(id) {
		return a.eachPredicted(ctx, run, func(p PredictedPassage) { yield(predictedOnly(p)) })
	}
	dataset, plan, err := a.plan(run)
	if err != nil {
		return a.without("run "+run.ID, err)
	}
	renderer, err := a.bench.Renderer(ctx, plan, dataset)
	if err != nil && !ner.Imported(run.Keys) {
		a.bench.note("run %s: no prompts on the pages: %v", run.ID, err)
		renderer = nil
	}
	scoring, err := a.errors.plan(ctx, run)
	if err != nil {
		return a.without("run "+run.ID, err)
	}
	parser, err := loop.NewPassageParser(scoring.Parsing)
	if err != nil {
		return err
	}
	spans := parser.HasSpans()
	scoring.Metrics = []string{reports.SpanF1}
	known, err := a.errors.find(ctx, run)
	if err != nil {
		return err
	}
	counter := newErrorCounter()
	scoring.Observe = func(p ner.Passage, d *ner.Document, u loop.ParsedPassage) {
		if known == nil {
			counter.add(d, &u.Passage)
		}
		yield(answered(p, d, &u, spans, renderer))
	}
	if _, err = loop.Score(ctx, scoring); err == nil && known == nil {
		a.errors.put(run, counter)
	}
	return err
}

// eachPredicted yields the predictions of a submission without answers, and counts its
// errors, unless they are known.
func (a *Archive) eachPredicted(ctx context.Context, run results.RunInfo, yield func(PredictedPassage)) error {
	scoring, err := a.errors.plan(ctx, run)
	if err != nil {
		return a.without("run "+run.ID, err)
	}
	known, err := a.errors.find(ctx, run)
	if err != nil {
		return err
	}
	counter := newErrorCounter()
	for p, err := range a.submissions.Runs[run.ID].Predicted(ctx, scoring.Documents) {
		if err != nil {
			return err
		}
		if err := context.Cause(ctx); err != nil {
			return err
		}
		if known == nil {
			counter.add(p.Document, p.Passage)
		}
		yield(p)
	}
	if known == nil {
		a.errors.put(run, counter)
	}
	return nil
}

// predictedOnly returns the prediction for one passage, of a submission without answers.
func predictedOnly(p PredictedPassage) site.Answered {
	out := predicted(p.Document, p.Passage)
	out.WithoutText = true
	for _, outcome := range p.Outcomes {
		out.Answers = append(out.Answers, site.Answer{Outcome: outcome})
	}
	return out
}

// siteClasses are the classes of errors as pages name them.
var siteClasses = map[metrics.Class]site.Class{
	metrics.TypeError: site.WrongType, metrics.BoundaryError: site.Boundary, metrics.BothErrors: site.Both,
	metrics.Missed: site.Missed, metrics.Spurious: site.Spurious,
}

// answered returns the prediction for one passage with its answers. Answers that are spans only appear
// where they failed.
func answered(p ner.Passage, d *ner.Document, u *loop.ParsedPassage, spans bool, renderer *prompts.Renderer) site.Answered {
	out := predicted(d, &u.Passage)
	var queries []ner.Query
	if renderer != nil {
		queries, _ = renderer.Queries(d) // prompts are a help for readers: answers stand without them
	}
	for i, answer := range p.Answers {
		outcome := u.Predictions[i].Outcome
		if spans && !outcome.Failure() {
			continue
		}
		one := site.Answer{Types: answer.Types, Text: answer.Completion.Text, Thinking: answer.Completion.Thinking, Outcome: outcome}
		if i < len(queries) && slices.Equal(queries[i].Types, answer.Types) {
			one.Prompt = promptText(&queries[i].Prompt)
		}
		out.Answers = append(out.Answers, one)
	}
	return out
}

// predicted returns the entities of one passage with their errors.
func predicted(d *ner.Document, p *metrics.Passage) site.Answered {
	counts := metrics.NewCounts()
	metrics.SpanF1(p, &counts)
	out := site.Answered{Document: d.ID, Text: d.Text, Spans: p.Pred, Unaligned: p.Unaligned, Score: counts.ByType.Total()}
	for _, m := range metrics.Matches(p) {
		if m.Class != metrics.Correct {
			out.Errors = append(out.Errors, site.Error{
				Class: siteClasses[m.Class], Gold: m.Gold, Predicted: m.Pred, Unaligned: m.Unaligned, Mention: m.Text,
			})
		}
	}
	return out
}

// promptText is a prompt as people read it: the messages of a chat with their roles.
func promptText(p *ner.Prompt) string {
	if !p.Chat() {
		return p.Text
	}
	var b strings.Builder
	for i, m := range p.Messages {
		if i > 0 {
			b.WriteString("\n\n")
		}
		fmt.Fprintf(&b, "[%s]\n%s", m.Role, m.Content)
	}
	return b.String()
}
