package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/urfave/cli/v2"

	"nerbench/harness/loop"
	"nerbench/ner"
	"nerbench/reports"
	"nerbench/results"
)

// sampledPrompts is how many prompts a plan renders to count what is shared: of
// more, it renders those of passages that are spread evenly.
const sampledPrompts = 150_000

// plannedRun is one run of a plan in JSON.
type plannedRun struct {
	Dataset  string            `json:"row"`
	Model    string            `json:"model"`
	Keys     map[string]string `json:"keys"`
	Passages int               `json:"passages"`
	Done     int               `json:"done"` // of them, in the store
	Queries  int               `json:"queries"`
	// Distinct are those that no earlier run of the sweep asks, too.
	Distinct int `json:"distinct"`
	// Bytes are those of the prompts of the distinct ones.
	Bytes int `json:"bytes"`

	name string
}

// plannedSweep is a plan in JSON.
type plannedSweep struct {
	Sweep    string       `json:"sweep"`
	Title    string       `json:"title"`
	Points   int          `json:"points"`
	Runs     []plannedRun `json:"runs"`
	Queries  int          `json:"queries"`
	Shared   int          `json:"shared"` // asked by an earlier run of the sweep already
	Done     int          `json:"done"`   // of the others, answered in the store already, about
	ToAsk    int          `json:"to_ask"`
	Exact    bool         `json:"exact"`    // false: counted on some passages of each run
	Tokens   int          `json:"tokens"`   // of the prompts to ask, about
	Estimate *probed      `json:"estimate"` // null: nothing was probed
	Warning  string       `json:"warning,omitempty"`
}

// probed is what a probe measured, and what it means for the sweep.
type probed struct {
	Model       string  `json:"model"`
	Queries     int     `json:"queries"`
	Seconds     float64 `json:"seconds"`
	Rate        float64 `json:"queries_per_second"`
	SweepTakes  float64 `json:"sweep_seconds"`
	TokensAByte float64 `json:"tokens_per_byte,omitempty"`
}

// planSweep prints what a sweep would ask.
func (env *environment) planSweep(c *cli.Context) error {
	plan, err := env.readSweepPlan(c)
	if err != nil {
		return err
	}
	store, err := env.bench.ReadStore(c.Context)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		store = nil
	case err != nil:
		return err
	default:
		defer store.Close()
		if err := plan.find(c.Context, store); err != nil {
			return err
		}
	}
	out, err := env.countSweep(c.Context, store, plan)
	if err != nil {
		return err
	}
	if n := c.Int("probe"); n > 0 && out.ToAsk > 0 {
		if err := env.probeSweep(c.Context, plan, &out, n); err != nil {
			if c.Context.Err() != nil {
				return err
			}
			env.note("no estimate of time: %v", err)
		}
	}
	if env.json {
		return env.printJSON(out)
	}
	return out.write(env, plan)
}

// countSweep counts queries, and what of them is shared.
func (env *environment) countSweep(ctx context.Context, store *results.Store, p *sweepPlan) (plannedSweep, error) {
	out := plannedSweep{Sweep: p.Name, Title: p.Title, Points: len(p.points), Runs: []plannedRun{}, Exact: true, Warning: p.Warning}
	perPassage := 0
	for _, a := range p.asks {
		perPassage += len(a.dataset.Types())
	}
	sample := max(1, sampledPrompts/max(1, perPassage)) // passages of each run
	seen := map[ner.AnswerKey]bool{}
	documents := map[string][]*ner.Document{}
	for _, a := range p.asks {
		key := a.dataset.ID + " " + keysText(a.plan.selection.keys(a.dataset))
		docs, there := documents[key]
		if !there {
			var err error
			if docs, err = env.spread(ctx, a, sample); err != nil {
				return out, err
			}
			documents[key] = docs
		}
		r, err := countRun(a, docs, seen)
		if err != nil {
			return out, fmt.Errorf("%s: %w", a.name, err)
		}
		out.Exact = out.Exact && len(docs) == a.found.passages
		if a.run != "" {
			info, err := store.Find(ctx, a.run)
			if err != nil {
				return out, err
			}
			r.Done = info.Complete
		}
		left := 1.0
		if r.Passages > 0 {
			left = 1 - float64(r.Done)/float64(r.Passages)
		}
		toAsk := int(left*float64(r.Distinct) + 0.5)
		out.Queries += r.Queries
		out.Shared += r.Queries - r.Distinct
		out.Done += r.Distinct - toAsk
		out.ToAsk += toAsk
		out.Tokens += int(left * float64(r.Bytes) / bytesAToken)
		out.Runs = append(out.Runs, r)
	}
	return out, nil
}

// bytesAToken is a guess, until a server counts.
const bytesAToken = 4

// spread takes passages of a run that are spread evenly.
func (env *environment) spread(ctx context.Context, a *sweepAsk, n int) ([]*ner.Document, error) {
	docs, err := env.asked(ctx, a.dataset, a.found.part)
	if err != nil {
		return nil, err
	}
	var out []*ner.Document
	i, total := 0, a.found.passages
	for d, err := range docs {
		if err != nil {
			return nil, err
		}
		if n >= total || i*n/total != (i-1)*n/total || i == 0 {
			out = append(out, d)
		}
		i++
	}
	return out, nil
}

// countRun counts the queries of a run on some of its passages, and scales them to
// all.
func countRun(a *sweepAsk, docs []*ner.Document, seen map[ner.AnswerKey]bool) (plannedRun, error) {
	r := plannedRun{Dataset: a.dataset.ID, Model: a.plan.model, Keys: a.keys, Passages: a.found.passages, name: a.name}
	decoding := fmt.Sprint(a.plan.decoding)
	for _, d := range docs {
		queries, err := a.renderer.Queries(d)
		if err != nil {
			return r, err
		}
		for i := range queries {
			r.Queries++
			if key := ner.NewAnswerKey(a.plan.model, decoding, &queries[i].Prompt); !seen[key] {
				seen[key] = true
				r.Distinct++
				r.Bytes += queries[i].Prompt.Size()
			}
		}
	}
	scale := func(n int) int {
		if len(docs) == 0 {
			return 0
		}
		return int(float64(n)*float64(r.Passages)/float64(len(docs)) + 0.5)
	}
	r.Queries, r.Distinct, r.Bytes = scale(r.Queries), scale(r.Distinct), scale(r.Bytes)
	return r, nil
}

// probeSweep asks some passages of the first run that is not done, as the run
// would, and keeps nothing of the answers.
func (env *environment) probeSweep(ctx context.Context, p *sweepPlan, out *plannedSweep, passages int) error {
	i := slices.IndexFunc(out.Runs, func(r plannedRun) bool { return r.Done < r.Passages && r.Distinct > 0 })
	if i < 0 {
		return nil
	}
	a := p.asks[i]
	m, err := env.openModel(ctx, a.plan, a.dataset, a.found, a.renderer, (&datasetNotes{env: env, dataset: a.dataset.ID}).tell)
	if err != nil {
		return err
	}
	defer m.close()
	docs, err := env.spread(ctx, a, passages+1)
	if err != nil {
		return err
	}
	counted := &tokenCounter{}
	queries := func(d *ner.Document) ([]ner.Query, error) {
		queries, err := a.renderer.Queries(d)
		counted.add(queries)
		return queries, err
	}
	ask := func(docs []*ner.Document) (loop.Asked, error) {
		asked, err := loop.Ask(ctx, loop.Plan{
			Documents: documentsOf(docs), Queries: queries,
			Identity: m.identityKey(), Decoding: m.decodingKey(), Runner: m.runner, Slots: m.slots, Recorder: counted,
		})
		if err == nil && asked.Incomplete > 0 {
			err = asked.Failure
		}
		return asked, err
	}
	if len(docs) > 1 { // the first passage waits for the model to be loaded
		if _, err := ask(docs[:1]); err != nil {
			return err
		}
		docs = docs[1:]
	}
	start := time.Now()
	asked, err := ask(docs[:min(passages, len(docs))])
	if err != nil {
		return err
	}
	e := &probed{Model: m.identity.Model, Queries: asked.Queries, Seconds: time.Since(start).Seconds()}
	if e.Queries == 0 || e.Seconds == 0 {
		return nil
	}
	e.Rate = float64(e.Queries) / e.Seconds
	e.SweepTakes = float64(out.ToAsk) / e.Rate
	if counted.tokens > 0 && counted.bytes > 0 {
		e.TokensAByte = float64(counted.tokens) / float64(counted.bytes)
		out.Tokens = int(float64(out.Tokens) * bytesAToken * e.TokensAByte)
	}
	out.Estimate = e
	return nil
}

func (s plannedSweep) write(env *environment, p *sweepPlan) error {
	g := reports.Grid{Title: s.Title, Header: []string{"run", "passages", "done", "queries", "of them new"}}
	for _, r := range s.Runs {
		g.Body = append(g.Body, []string{r.name, strconv.Itoa(r.Passages), strconv.Itoa(r.Done), strconv.Itoa(r.Queries), strconv.Itoa(r.Distinct)})
	}
	about := ""
	if !s.Exact {
		about = "about "
		g.Notes = append(g.Notes, "queries and what is new are counted on some passages of each run, and scaled to all")
	}
	if len(p.asks) < len(p.points)*len(p.ds)*max(1, len(p.Seeds)) {
		g.Notes = append(g.Notes, "points that differ in how answers are read share a run")
	}
	g.Notes = append(g.Notes, fmt.Sprintf("%d points, %d runs, %s%d queries: %d asked by an earlier run of the sweep, %d answered already, %d to ask, about %d tokens of prompts",
		s.Points, len(s.Runs), about, s.Queries, s.Shared, s.Done, s.ToAsk, s.Tokens))
	if e := s.Estimate; e != nil {
		g.Notes = append(g.Notes, fmt.Sprintf("%s answered %d queries in %.1f s: the sweep takes about %s",
			e.Model, e.Queries, e.Seconds, roundTime(time.Duration(e.SweepTakes*float64(time.Second)))))
	}
	if s.Warning != "" {
		g.Notes = append(g.Notes, s.Warning)
	}
	return g.Write(env.stdout, "text")
}

// roundTime rounds a time to what is sure of an estimate.
func roundTime(d time.Duration) time.Duration {
	switch {
	case d < time.Minute:
		return d.Round(time.Second)
	case d < time.Hour:
		return d.Round(10 * time.Second)
	}
	return d.Round(10 * time.Minute)
}

func documentsOf(docs []*ner.Document) func(func(*ner.Document, error) bool) {
	return func(yield func(*ner.Document, error) bool) {
		for _, d := range docs {
			if !yield(d, nil) {
				return
			}
		}
	}
}

// tokenCounter is a recorder that keeps nothing but sums.
type tokenCounter struct {
	mutex         sync.Mutex
	tokens, bytes int
}

func (*tokenCounter) Cached(context.Context, []ner.AnswerKey) (map[ner.AnswerKey]ner.Completion, error) {
	return nil, nil
}

func (t *tokenCounter) add(queries []ner.Query) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	for i := range queries {
		t.bytes += queries[i].Prompt.Size()
	}
}

func (t *tokenCounter) Record(_ context.Context, p ner.Passage, _ bool) error {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	for _, a := range p.Answers {
		t.tokens += a.Completion.PromptTokens
	}
	return nil
}
