package sweeps

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"nerbench/harness"
	"nerbench/harness/loop"
	"nerbench/ner"
	"nerbench/results"
	"nerbench/runners/open"
)

// TimeEstimate estimates the time of a sweep by probes. Its numbers are sums over the
// probes.
type TimeEstimate struct {
	Model       string  `json:"model"` // names, separated by commas
	Queries     int     `json:"queries"`
	Seconds     float64 `json:"seconds"`
	Rate        float64 `json:"queries_per_second"`
	SweepTakes  float64 `json:"sweep_seconds"`
	TokensAByte float64 `json:"tokens_per_byte,omitempty"`
	// Probes has one probe for each variant of each model.
	Probes []Probe `json:"probes"`
	// Failed are the variants without a probe. Their runs are not part of the sums.
	Failed []FailedProbe `json:"failed,omitempty"`
}

// Probe is the measurement of one unfinished run, and the estimate for all runs of
// its model and variant.
type Probe struct {
	Model string `json:"model"`
	// Variant are the keys in which the probed variants of the sweep differ, such as
	// "variant=repo shots=3"; empty if there is one.
	Variant     string  `json:"variant,omitempty"`
	Queries     int     `json:"queries"`
	Seconds     float64 `json:"seconds"`
	Rate        float64 `json:"queries_per_second"`
	RunsTake    float64 `json:"runs_seconds"`
	TokensAByte float64 `json:"tokens_per_byte,omitempty"`

	run           int // of the workload
	tokens, bytes int // of the prompts; tokens is 0 if the server reports none
}

// FailedProbe is a variant that could not be probed.
type FailedProbe struct {
	Model   string `json:"model"`
	Variant string `json:"variant,omitempty"` // empty: all of the model
	Runs    int    `json:"runs"`
	Error   string `json:"error"`
}

// timedKeys are the keys that change how long a query takes. Other keys change the
// order or the words of a prompt, or the passages.
var timedKeys = []string{"family", "variant", "layout", "shots", "as", "descriptions", "max_tokens", "stop", "constrained", "temperature", "think", "context"}

// Estimate probes one unfinished run of each variant of each model, because their
// queries differ in length and speed, and because a variant that fails should do so
// before the sweep. It sends the queries of some passages, and stores no answer. It adds
// an estimate of time to the workload, and corrects the number of tokens by the servers'
// counts. Variants whose probe fails are listed in the estimate. If all fail, the first
// error is returned, and the workload is not changed.
func (p *Prepared) Estimate(ctx context.Context, w *Workload, passages int) error {
	kept := &open.Kept{} // a model is loaded once, not for each variant
	defer kept.Close()
	sent, all := 0, len(w.unfinished())
	return w.estimate(ctx, func(i int) (Probe, error) {
		sent++
		p.note("sweep %s: probe %d of %d: %s", p.Sweep.Name, sent, all, p.runs[i].name)
		prepared := *p.runs[i].Prepared
		prepared.Request.Kept = kept
		return probe(ctx, &prepared, passages)
	})
}

// estimate calls probe with the index of a run, once for each variant.
func (w *Workload) estimate(ctx context.Context, probe func(run int) (Probe, error)) error {
	e := &TimeEstimate{}
	var first error
	away := map[string]bool{} // models without a server
	for _, v := range w.unfinished() {
		if away[v.model] {
			continue
		}
		measured, err := probe(v.runs[0])
		if err == nil && measured.Queries == 0 {
			err = fmt.Errorf("%s: the passages of the probe have no queries", v.model)
		}
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			failed := FailedProbe{Model: v.model, Variant: v.name, Runs: len(v.runs), Error: err.Error()}
			if errors.As(err, new(*net.OpError)) { // not a matter of the variant
				away[v.model] = true
				failed.Variant, failed.Runs = "", w.unfinishedRuns(v.model)
			}
			e.Failed = append(e.Failed, failed)
			if first == nil {
				first = err
			}
		default:
			measured.Variant, measured.run = v.name, v.runs[0]
			e.Probes = append(e.Probes, w.extrapolate(measured, v.runs))
		}
	}
	if e.Probes == nil {
		return first
	}
	w.Tokens, w.Estimate = w.correctedTokens(e.Probes), e.sum()
	return nil
}

// extrapolate adds the estimate for some runs to a probe.
func (w *Workload) extrapolate(p Probe, runs []int) Probe {
	p.Rate = float64(p.Queries) / max(p.Seconds, 1e-9)
	if p.tokens > 0 && p.bytes > 0 {
		p.TokensAByte = float64(p.tokens) / float64(p.bytes)
	}
	for _, i := range runs {
		p.RunsTake += float64(w.Runs[i].toAsk()) / p.Rate
	}
	return p
}

// correctedTokens counts the tokens of all runs, with the tokens per byte of their
// probes.
func (w *Workload) correctedTokens(probes []Probe) int {
	tokens := 0
	for _, v := range w.unfinished() {
		perToken := float64(bytesAToken)
		for _, p := range probes {
			if p.run == v.runs[0] && p.TokensAByte > 0 {
				perToken = 1 / p.TokensAByte
			}
		}
		for _, i := range v.runs {
			tokens += w.Runs[i].tokens(perToken)
		}
	}
	return tokens
}

// variant are the unfinished runs of one model whose queries take equally long.
type variant struct {
	model, name string
	runs        []int // indexes of the workload
}

// unfinished returns the variants with queries to send, in the order of the runs.
func (w *Workload) unfinished() []variant {
	var found []variant
	for i, r := range w.Runs {
		if r.toAsk() == 0 {
			continue
		}
		name := w.variantOf(&r)
		at := slices.IndexFunc(found, func(v variant) bool { return v.model == r.Model && v.name == name })
		if at < 0 {
			at = len(found)
			found = append(found, variant{model: r.Model, name: name})
		}
		found[at].runs = append(found[at].runs, i)
	}
	return found
}

// variantOf are the timed keys of a run in which the runs of its model differ.
func (w *Workload) variantOf(r *RunWorkload) string {
	var parts []string
	for _, k := range timedKeys {
		differs := slices.ContainsFunc(w.Runs, func(other RunWorkload) bool { return other.Model == r.Model && other.Keys[k] != r.Keys[k] })
		if differs {
			parts = append(parts, k+"="+Point{Keys: r.Keys}.Value(k))
		}
	}
	return strings.Join(parts, " ")
}

// unfinishedRuns is the number of runs of a model with queries to send.
func (w *Workload) unfinishedRuns(model string) int {
	n := 0
	for _, r := range w.Runs {
		if r.Model == model && r.toAsk() > 0 {
			n++
		}
	}
	return n
}

// sum sets the sums over the probes.
func (e *TimeEstimate) sum() *TimeEstimate {
	var names []string
	tokens, bytes := 0, 0
	for _, p := range e.Probes {
		if !slices.Contains(names, p.Model) {
			names = append(names, p.Model)
		}
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
	if len(e.Probes) == 1 && e.Failed == nil {
		return []string{fmt.Sprintf("probe of one unfinished run: %s answered %d queries in %.1f s: the sweep takes about %s",
			e.Model, e.Queries, e.Seconds, estimated(e.SweepTakes))}
	}
	var notes []string
	for _, p := range e.Probes {
		notes = append(notes, fmt.Sprintf("%s answered %d queries in %.1f s: its runs take about %s", named(p.Model, p.Variant), p.Queries, p.Seconds, estimated(p.RunsTake)))
	}
	for _, f := range e.Failed {
		notes = append(notes, fmt.Sprintf("%s: no estimate for %s: %s", named(f.Model, f.Variant), number(f.Runs, "run"), f.Error))
	}
	return append(notes, "probe of one unfinished run of each variant: "+e.total())
}

// total describes the time of the sweep.
func (e *TimeEstimate) total() string {
	without := 0
	for _, f := range e.Failed {
		without += f.Runs
	}
	text := fmt.Sprintf("the sweep takes about %s", estimated(e.SweepTakes))
	if without > 0 {
		text += fmt.Sprintf(", without %s that could not be probed", number(without, "run"))
	}
	return text
}

func named(model, variant string) string { return strings.TrimSpace(model + " " + variant) }

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
			Identity: identity, Decoding: decoding, Answerer: m.Identity.Answerer(), Runner: m.Runner, Slots: m.Slots, Recorder: counted,
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
