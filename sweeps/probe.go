package sweeps

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"nerbench/harness"
	"nerbench/harness/loop"
	"nerbench/ner"
	"nerbench/results"
)

// TimeEstimate estimates the time of a sweep by probes. Its numbers are sums over the
// models.
type TimeEstimate struct {
	Model       string  `json:"model"` // names, separated by commas
	Queries     int     `json:"queries"`
	Seconds     float64 `json:"seconds"`
	Rate        float64 `json:"queries_per_second"`
	SweepTakes  float64 `json:"sweep_seconds"`
	TokensAByte float64 `json:"tokens_per_byte,omitempty"`
	// Probes has one probe per model.
	Probes []Probe `json:"probes"`
}

// Probe is the measurement of one unfinished run, and the estimate for all runs of
// its model.
type Probe struct {
	Model       string  `json:"model"`
	Queries     int     `json:"queries"`
	Seconds     float64 `json:"seconds"`
	Rate        float64 `json:"queries_per_second"`
	RunsTake    float64 `json:"runs_seconds"`
	TokensAByte float64 `json:"tokens_per_byte,omitempty"`

	tokens, bytes int // of the prompts; tokens is 0 if the server reports none
}

// Estimate probes one unfinished run of each model, because models differ in speed.
// It sends the queries of some passages, and stores no answer. It adds an estimate of
// time to the workload, and corrects the number of tokens by the servers' counts. If a
// probe fails, the workload is not changed.
func (p *Prepared) Estimate(ctx context.Context, w *Workload, passages int) error {
	return w.estimate(func(i int) (Probe, error) { return probe(ctx, p.runs[i].Prepared, passages) })
}

// estimate calls probe with the index of a run, once for each model.
func (w *Workload) estimate(probe func(run int) (Probe, error)) error {
	var probes []Probe
	tokens := 0
	for _, model := range w.unfinished() {
		first := slices.IndexFunc(w.Runs, func(r RunWorkload) bool { return r.Model == model && r.toAsk() > 0 })
		measured, err := probe(first)
		if err != nil {
			return err
		}
		if measured.Queries == 0 {
			return fmt.Errorf("%s: the passages of the probe have no queries", model)
		}
		measured.Rate = float64(measured.Queries) / max(measured.Seconds, 1e-9)
		perToken := float64(bytesAToken)
		if measured.tokens > 0 && measured.bytes > 0 {
			measured.TokensAByte = float64(measured.tokens) / float64(measured.bytes)
			perToken = 1 / measured.TokensAByte
		}
		for _, r := range w.Runs {
			if r.Model == model {
				measured.RunsTake += float64(r.toAsk()) / measured.Rate
				tokens += r.tokens(perToken)
			}
		}
		probes = append(probes, measured)
	}
	if probes == nil {
		return nil
	}
	w.Tokens, w.Estimate = tokens, sumProbes(probes)
	return nil
}

// unfinished returns the models with queries to send, in the order of the runs.
func (w *Workload) unfinished() []string {
	var models []string
	for _, r := range w.Runs {
		if r.toAsk() > 0 && !slices.Contains(models, r.Model) {
			models = append(models, r.Model)
		}
	}
	return models
}

func sumProbes(probes []Probe) *TimeEstimate {
	e := &TimeEstimate{Probes: probes}
	var names []string
	tokens, bytes := 0, 0
	for _, p := range probes {
		names = append(names, p.Model)
		e.Queries += p.Queries
		e.Seconds += p.Seconds
		e.SweepTakes += p.RunsTake
		if p.tokens > 0 {
			tokens, bytes = tokens+p.tokens, bytes+p.bytes
		}
	}
	e.Model = strings.Join(names, ", ")
	e.Rate = float64(e.Queries) / max(e.Seconds, 1e-9)
	if tokens > 0 && bytes > 0 {
		e.TokensAByte = float64(tokens) / float64(bytes)
	}
	return e
}

// notes describes the probes. It may be called on nil.
func (e *TimeEstimate) notes() []string {
	if e == nil {
		return nil
	}
	if len(e.Probes) == 1 {
		return []string{fmt.Sprintf("probe of one unfinished run: %s answered %d queries in %.1f s: the sweep takes about %s",
			e.Model, e.Queries, e.Seconds, estimated(e.SweepTakes))}
	}
	var notes []string
	for _, p := range e.Probes {
		notes = append(notes, fmt.Sprintf("%s answered %d queries in %.1f s: its runs take about %s", p.Model, p.Queries, p.Seconds, estimated(p.RunsTake)))
	}
	return append(notes, fmt.Sprintf("probe of one unfinished run of each model: the sweep takes about %s", estimated(e.SweepTakes)))
}

// estimated returns a number of seconds as a rounded time.
func estimated(seconds float64) time.Duration {
	return roundTime(time.Duration(seconds * float64(time.Second)))
}

// probe sends the queries of some passages of a run, and measures the time.
func probe(ctx context.Context, p *harness.Prepared, passages int) (Probe, error) {
	m, err := p.Open(ctx)
	if err != nil {
		return Probe{}, err
	}
	defer m.Close()
	docs, err := spread(ctx, p, passages+1)
	if err != nil {
		return Probe{}, err
	}
	counted := &tokenCounter{}
	queries := func(d *ner.Document) ([]ner.Query, error) {
		queries, err := p.Renderer.Queries(d)
		counted.add(queries)
		return queries, err
	}
	identity, decoding := results.Address(m.Identity, m.Decoding, m.AnswerBy)
	ask := func(docs []*ner.Document) (loop.Asked, error) {
		asked, err := loop.Ask(ctx, loop.Plan{
			Documents: documentsOf(docs), Queries: queries,
			Identity: identity, Decoding: decoding, Runner: m.Runner, Slots: m.Slots, Recorder: counted,
		})
		if err == nil && asked.Incomplete > 0 {
			err = asked.Failure
		}
		return asked, err
	}
	if len(docs) > 1 { // the first passage includes the time to load the model
		if _, err := ask(docs[:1]); err != nil {
			return Probe{}, err
		}
		docs = docs[1:]
	}
	start := time.Now()
	asked, err := ask(docs[:min(passages, len(docs))])
	if err != nil {
		return Probe{}, err
	}
	return Probe{
		Model: m.Identity.Model, Queries: asked.Queries, Seconds: time.Since(start).Seconds(),
		tokens: counted.tokens, bytes: counted.bytes,
	}, nil
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

// tokenCounter is a recorder that only counts tokens.
type tokenCounter struct {
	mutex         sync.Mutex
	tokens, bytes int
}

// Cached implements loop.Recorder: no answer is stored.
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

// Record implements loop.Recorder.
func (t *tokenCounter) Record(_ context.Context, p ner.Passage, _ bool) error {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	for _, a := range p.Answers {
		t.tokens += a.Completion.PromptTokens
	}
	return nil
}
