package main

import (
	"context"
	"fmt"
	"io/fs"
	"math"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"text/tabwriter"

	"nerbench/answers"
	"nerbench/datasets"
	"nerbench/internal/fault"
	"nerbench/loaders"
	"nerbench/metrics"
	"nerbench/ner"
)

// verified is one split in the contract's JSON.
type verified struct {
	Dataset     string                 `json:"row"`
	Set         string                 `json:"set"`
	Split       ner.Split              `json:"split"`
	State       loaders.State          `json:"state"`
	Documents   int                    `json:"documents"`
	Tokens      int                    `json:"tokens"`
	Spans       int                    `json:"spans"`
	ByType      map[ner.EntityType]int `json:"by_type"`
	Dropped     map[string]int         `json:"dropped"`
	Repairs     map[string]int         `json:"repairs"`
	Duplicates  int                    `json:"duplicates"`
	SpansSHA256 string                 `json:"spans_sha256"`
	TextsSHA256 string                 `json:"texts_sha256"`
	// Ceiling is the span F1 of a perfect string answer, by alignment mode
	// (docs/spec/metrics.md §7.6).
	Ceiling     map[string]*float64 `json:"ceiling"`
	Differences []string            `json:"differences"`
}

// verifyDatasets reads everything that is present, or the datasets that are named,
// and holds it against the locks.
func (env *environment) verifyDatasets(ctx context.Context, names []string) error {
	ds, err := env.selectDatasets(names, "", "")
	if err != nil {
		return err
	}
	jobs := verifyJobs(ds)
	out := make([]verified, len(jobs))
	faults := make([]error, len(jobs))
	env.eachJob(len(jobs), func(i int) { out[i], faults[i] = verifySplit(ctx, env.dataFS(), jobs[i]) })
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var kept []verified
	bad, absent := 0, map[string]bool{}
	for i, v := range out {
		switch {
		case faults[i] != nil:
			v.State, v.Differences = loaders.StateDiffers, []string{faults[i].Error()}
			bad++
		case v.State == loaders.StateDiffers:
			bad++
		case v.State == loaders.StateMissing:
			if len(names) == 0 && !jobs[i].needed() {
				continue
			}
			absent[v.Dataset] = absent[v.Dataset] || jobs[i].needed()
		}
		kept = append(kept, v)
	}
	if err := env.printVerified(kept); err != nil {
		return err
	}
	if err := env.printDoors(ds, kept); err != nil {
		return err
	}
	for _, r := range ds {
		if len(names) == 0 {
			break
		}
		if !loaders.Supported(r, "") {
			return adviseNoReader(r)
		}
		if absent[r.ID] {
			return env.adviseData(r, fmt.Errorf("dataset %s: files are missing: %w", r.ID, fs.ErrNotExist))
		}
	}
	if bad > 0 {
		return &fault.DataError{Err: fmt.Errorf("not the locked data: %s (%d of %d splits)", differing(kept), bad, len(kept))}
	}
	return nil
}

// printDoors says of each dataset that is not here where its files are to be had.
func (env *environment) printDoors(ds []*datasets.Dataset, list []verified) error {
	if env.json {
		return nil // the state of the splits says it
	}
	here := map[string]bool{}
	for _, v := range list {
		here[v.Dataset] = here[v.Dataset] || v.State != loaders.StateMissing
	}
	first := true
	for _, r := range ds {
		if here[r.ID] {
			continue
		}
		if first {
			fmt.Fprintln(env.stdout)
			first = false
		}
		if _, err := fmt.Fprintf(env.stdout, "%s: not here: %s\n", r.ID, env.howToGet(r)); err != nil {
			return err
		}
	}
	return nil
}

// differing names the splits that are not as locked, and in what.
func differing(list []verified) string {
	var parts []string
	for _, v := range list {
		if v.State != loaders.StateDiffers {
			continue
		}
		var what []string
		for _, d := range v.Differences {
			name, _, _ := strings.Cut(d, ":")
			what = append(what, name)
		}
		parts = append(parts, fmt.Sprintf("%s %s %s differs in %s", v.Dataset, v.Set, v.Split, strings.Join(what, ", ")))
	}
	return strings.Join(parts, "; ")
}

// verifyJob is one split of one set.
type verifyJob struct {
	dataset *datasets.Dataset
	set     *datasets.Set
	part    *datasets.Part
}

// needed reports whether a named dataset is not whole without the split: it was
// measured, or it decides. A release may lack others.
func (j verifyJob) needed() bool {
	return j.set.Primary && (j.part.Lock != nil || slices.Contains(decisiveSplits(j.dataset), j.part.Name))
}

func verifyJobs(ds []*datasets.Dataset) []verifyJob {
	var jobs []verifyJob
	for _, r := range ds {
		for i := range r.Sets {
			if !loaders.Supported(r, r.Sets[i].Name) {
				continue
			}
			for k := range r.Sets[i].Splits {
				jobs = append(jobs, verifyJob{r, &r.Sets[i], &r.Sets[i].Splits[k]})
			}
		}
	}
	return jobs
}

// eachJob does n jobs on all processors and waits.
func (env *environment) eachJob(n int, do func(int)) {
	next := make(chan int)
	var workers sync.WaitGroup
	for range min(n, runtime.GOMAXPROCS(0)) {
		workers.Go(func() {
			for i := range next {
				do(i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	workers.Wait()
}

// verifySplit reads a split, and counts what a perfect answer would score.
func verifySplit(ctx context.Context, data fs.FS, job verifyJob) (verified, error) {
	out := verified{Dataset: job.dataset.ID, Set: job.set.Name, Split: job.part.Name}
	ceilings := newCeilings()
	gold := newGoldProperties(job.dataset)
	v, err := loaders.Verify(ctx, data, job.dataset, loaders.Options{Set: job.set.Name, Split: job.part.Name}, func(d *ner.Document) {
		ceilings.add(d)
		gold.add(d)
	})
	if err != nil {
		return out, err
	}
	out.State, out.Differences = v.State, v.Differences
	if v.State == loaders.StateMissing {
		return out, nil
	}
	if faults := gold.faults(v.Found.Spans); len(faults) > 0 {
		out.State = loaders.StateDiffers
		out.Differences = append(out.Differences, faults...)
	}
	out.Documents, out.Tokens, out.Spans = v.Found.Documents, v.Found.Tokens, v.Found.Spans
	out.ByType, out.Dropped, out.Repairs, out.Duplicates = v.Found.ByType, v.Tally.Dropped, v.Tally.Repairs, v.Tally.Duplicates
	out.SpansSHA256, out.TextsSHA256 = v.Found.SpansSHA256, v.Found.TextsSHA256
	out.Ceiling = ceilings.values()
	if out.compareCeiling(job.part.Lock); len(out.Differences) > 0 {
		out.State = loaders.StateDiffers
	}
	return out, nil
}

// compareCeiling holds the ceilings against those of the lock (docs/spec/metrics.md §13.10),
// which have six decimals.
func (v *verified) compareCeiling(lock *datasets.Lock) {
	if lock == nil || v.State != loaders.StateOK {
		return
	}
	for _, mode := range sortedKeys(lock.Ceiling) {
		want := lock.Ceiling[mode]
		if got := v.Ceiling[mode]; got == nil || math.Abs(*got-want) > 1e-6 {
			v.Differences = append(v.Differences, fmt.Sprintf("ceiling of mode %s: found %s, expected %.6f", mode, ceilingText(got), want))
		}
	}
}

// ceilings counts perfect string answers under each alignment mode: per passage
// and type the gold surface strings, each once (docs/spec/metrics.md §7.6).
type ceilings map[string]ner.Score

func newCeilings() ceilings { return ceilings{} }

func (c ceilings) add(d *ner.Document) {
	if len(d.Spans) == 0 {
		return
	}
	spans := slices.Clone(d.Spans)
	slices.SortFunc(spans, ner.Span.Compare)
	var mentions []ner.Mention
	for _, s := range spans {
		if m := (ner.Mention{Text: d.Surface(s), Type: s.Type}); !slices.Contains(mentions, m) {
			mentions = append(mentions, m)
		}
	}
	for _, mode := range answers.Modes[:4] {
		placed, err := answers.Alignment{Mode: mode}.Align(d, mentions)
		if err != nil {
			panic(err) // the modes are the package's own
		}
		counts := metrics.Count(metrics.SpanF1, &metrics.Passage{Text: d.Text, Gold: d.Spans, Pred: placed.Spans, Unaligned: placed.Unaligned})
		c[mode] = c[mode].Add(counts.ByType.Total())
	}
}

func (c ceilings) values() map[string]*float64 {
	out := map[string]*float64{}
	for _, mode := range answers.Modes[:4] {
		out[mode] = nil
		if f1, ok := c[mode].F1(); ok {
			out[mode] = &f1
		}
	}
	return out
}

func (env *environment) printVerified(list []verified) error {
	if env.json {
		if list == nil {
			list = []verified{}
		}
		return env.printJSON(list)
	}
	list = slices.DeleteFunc(slices.Clone(list), func(v verified) bool { return v.State == loaders.StateMissing })
	if len(list) == 0 {
		return nil
	}
	w := tabwriter.NewWriter(env.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "dataset\tset\tsplit\tstate\tdocuments\tspans\ttypes\tceiling\trepairs")
	for _, v := range list {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%d\t%d\t%d\t%s\t%s\n", v.Dataset, v.Set, v.Split, v.State, v.Documents, v.Spans, len(v.ByType),
			ceilingText(v.Ceiling["all"]), repairsText(v))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, v := range list {
		for _, d := range v.Differences {
			fmt.Fprintf(env.stdout, "%s %s %s: %s\n", v.Dataset, v.Set, v.Split, d)
		}
	}
	return nil
}

func ceilingText(f *float64) string {
	if f == nil {
		return "–"
	}
	return strconv.FormatFloat(*f*100, 'f', 2, 64)
}

func repairsText(v verified) string {
	var parts []string
	for _, kind := range sortedKeys(v.Repairs) {
		parts = append(parts, fmt.Sprintf("%s %d", kind, v.Repairs[kind]))
	}
	if v.Duplicates > 0 {
		parts = append(parts, fmt.Sprintf("duplicates %d", v.Duplicates))
	}
	for _, label := range sortedKeys(v.Dropped) {
		parts = append(parts, fmt.Sprintf("dropped %s %d", label, v.Dropped[label]))
	}
	return strings.Join(parts, ", ")
}
