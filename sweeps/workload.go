package sweeps

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strconv"
	"time"

	"nerbench/harness"
	"nerbench/ner"
	"nerbench/reports"
	"nerbench/results"
)

// sampledPrompts is the largest number of prompts that are rendered to count shared
// queries. Larger sweeps are counted on evenly spread passages.
const sampledPrompts = 150_000

// bytesAToken is the assumed number of bytes per token if no server reports tokens.
const bytesAToken = 4

// Workload is the work that a sweep would do.
type Workload struct {
	Sweep    string        `json:"sweep"`
	Title    string        `json:"title"`
	Points   int           `json:"points"`
	Runs     []RunWorkload `json:"runs"`
	Queries  int           `json:"queries"`
	Shared   int           `json:"shared"` // sent by an earlier run of the sweep
	Done     int           `json:"done"`   // of the others, answered by the store, approximate
	ToAsk    int           `json:"to_ask"`
	Exact    bool          `json:"exact"`    // false: counted on some passages of each run
	Tokens   int           `json:"tokens"`   // of the prompts to send, approximate
	Estimate *TimeEstimate `json:"estimate"` // null: no probe
	Warning  string        `json:"warning,omitempty"`

	sharedRuns bool // some points share a run
}

// RunWorkload is the work of one run.
type RunWorkload struct {
	Dataset  string            `json:"row"`
	Model    string            `json:"model"`
	Keys     map[string]string `json:"keys"`
	Passages int               `json:"passages"`
	Done     int               `json:"done"` // complete in the store
	Queries  int               `json:"queries"`
	// Distinct is the number of queries that no earlier run of the sweep sends.
	Distinct int `json:"distinct"`
	// Bytes is the size of the prompts of the distinct queries.
	Bytes int `json:"bytes"`

	name string
}

// left returns the share of passages that are not complete.
func (r *RunWorkload) left() float64 {
	if r.Passages == 0 {
		return 1
	}
	return 1 - float64(r.Done)/float64(r.Passages)
}

// toAsk returns the approximate number of queries to send.
func (r *RunWorkload) toAsk() int { return int(r.left()*float64(r.Distinct) + 0.5) }

// tokens returns the approximate number of tokens of the prompts to send.
func (r *RunWorkload) tokens(bytesAToken float64) int {
	return int(r.left() * float64(r.Bytes) / bytesAToken)
}

// Workload counts the queries of a sweep, and those that are shared or answered by the
// store. It sends no queries.
func (p *Prepared) Workload(ctx context.Context) (*Workload, error) {
	store, err := p.bench.ReadStore(ctx)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return p.workload(ctx, nil)
	case err != nil:
		return nil, err
	}
	defer store.Close()
	if err := p.find(ctx, store); err != nil {
		return nil, err
	}
	return p.workload(ctx, store)
}

// workload counts the queries. The store may be nil.
func (p *Prepared) workload(ctx context.Context, store *results.Store) (*Workload, error) {
	out := &Workload{
		Sweep: p.Sweep.Name, Title: p.Sweep.Title, Points: len(p.points), Runs: []RunWorkload{}, Exact: true, Warning: p.Sweep.Warning,
		sharedRuns: len(p.runs) < len(p.points)*len(p.datasets)*max(1, len(p.Sweep.Seeds)),
	}
	perPassage := 0
	for _, r := range p.runs {
		perPassage += len(r.Dataset.Types())
	}
	sample := max(1, sampledPrompts/max(1, perPassage)) // passages of each run
	seen := map[ner.AnswerKey]bool{}
	documents := map[string][]*ner.Document{}
	for _, r := range p.runs {
		data := dataText(r.keys)
		docs, there := documents[data]
		if !there {
			var err error
			if docs, err = spread(ctx, r.Prepared, sample); err != nil {
				return nil, err
			}
			documents[data] = docs
		}
		w, err := countRun(r, docs, seen)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", r.name, err)
		}
		if r.id != "" {
			info, err := store.Find(ctx, r.id)
			if err != nil {
				return nil, err
			}
			w.Done = info.Complete
		}
		out.Exact = out.Exact && len(docs) == r.Passages
		out.add(w)
	}
	return out, nil
}

func (w *Workload) add(r RunWorkload) {
	w.Queries += r.Queries
	w.Shared += r.Queries - r.Distinct
	w.Done += r.Distinct - r.toAsk()
	w.ToAsk += r.toAsk()
	w.Tokens += r.tokens(bytesAToken)
	w.Runs = append(w.Runs, r)
}

// dataText identifies the passages of a run with these keys.
func dataText(keys map[string]string) string {
	of := maps.Clone(keys)
	data := ner.KeyNames(ner.InPart(ner.DataPart))
	maps.DeleteFunc(of, func(k, _ string) bool { return !slices.Contains(data, k) })
	return keysText(of)
}

// spread returns about n evenly spread passages of a run.
func spread(ctx context.Context, p *harness.Prepared, n int) ([]*ner.Document, error) {
	docs, err := p.Documents(ctx)
	if err != nil {
		return nil, err
	}
	var out []*ner.Document
	i, total := 0, p.Passages
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

// countRun counts the queries of a run on some of its passages, and scales the counts
// to all passages.
func countRun(r *run, docs []*ner.Document, seen map[ner.AnswerKey]bool) (RunWorkload, error) {
	w := RunWorkload{Dataset: r.Dataset.ID, Model: r.model(), Keys: r.keys, Passages: r.Passages, name: r.name}
	decoding := fmt.Sprint(r.Decoding)
	for _, d := range docs {
		queries, err := r.Renderer.Queries(d)
		if err != nil {
			return w, err
		}
		for i := range queries {
			w.Queries++
			if key := ner.NewAnswerKey(w.Model, decoding, &queries[i].Prompt); !seen[key] {
				seen[key] = true
				w.Distinct++
				w.Bytes += queries[i].Prompt.Size()
			}
		}
	}
	scale := func(n int) int {
		if len(docs) == 0 {
			return 0
		}
		return int(float64(n)*float64(w.Passages)/float64(len(docs)) + 0.5)
	}
	w.Queries, w.Distinct, w.Bytes = scale(w.Queries), scale(w.Distinct), scale(w.Bytes)
	return w, nil
}

// Summary returns the workload in one line.
func (w *Workload) Summary() string {
	text := w.Sweep + ": " + w.sums()
	if w.Estimate != nil {
		text += "; " + w.Estimate.total()
	}
	return text
}

// sums describes the workload of all runs.
func (w *Workload) sums() string {
	about := ""
	if !w.Exact {
		about = "about "
	}
	return fmt.Sprintf("%d points, %d runs, %s%d queries: %d shared with an earlier run of the sweep, %d cached, %d to send, about %d prompt tokens",
		w.Points, len(w.Runs), about, w.Queries, w.Shared, w.Done, w.ToAsk, w.Tokens)
}

// Grid returns the workload as a table.
func (w *Workload) Grid() reports.Grid {
	g := reports.Grid{Title: w.Title, Header: []string{"run", "passages", "done", "queries", "new queries"}}
	for _, r := range w.Runs {
		g.Body = append(g.Body, []string{r.name, strconv.Itoa(r.Passages), strconv.Itoa(r.Done), strconv.Itoa(r.Queries), strconv.Itoa(r.Distinct)})
	}
	if !w.Exact {
		g.Notes = append(g.Notes, "queries are counted on some passages of each run, and scaled to all passages")
	}
	if w.sharedRuns {
		g.Notes = append(g.Notes, "points that differ only in parsing or alignment share a run, and so do seeds that no prompt uses")
	}
	g.Notes = append(g.Notes, w.sums())
	g.Notes = append(g.Notes, w.Estimate.notes()...)
	if w.Warning != "" {
		g.Notes = append(g.Notes, w.Warning)
	}
	return g
}

// roundTime rounds a time to the precision of an estimate.
func roundTime(d time.Duration) time.Duration {
	switch {
	case d < time.Minute:
		return d.Round(time.Second)
	case d < time.Hour:
		return d.Round(10 * time.Second)
	}
	return d.Round(10 * time.Minute)
}
