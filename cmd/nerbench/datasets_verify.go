package main

import (
	"context"
	"fmt"
	"io/fs"
	"runtime"
	"slices"
	"strings"
	"sync"
	"text/tabwriter"

	"nerbench/datasets"
	"nerbench/datasets/acquire"
	"nerbench/datasets/verify"
	"nerbench/internal/fault"
	"nerbench/loaders"
)

// verifyDatasets reads everything that is present, or the datasets that are named,
// and holds it against the locks.
func (env *environment) verifyDatasets(ctx context.Context, names []string) error {
	ds, err := env.selectDatasets(names, "", "")
	if err != nil {
		return err
	}
	jobs := verify.Jobs(ds)
	out := make([]verify.Split, len(jobs))
	faults := make([]error, len(jobs))
	env.eachJob(len(jobs), func(i int) { out[i], faults[i] = jobs[i].Verify(ctx, env.dataFS()) })
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var kept []verify.Split
	bad, absent := 0, map[string]bool{}
	for i, v := range out {
		switch {
		case faults[i] != nil:
			v.State, v.Differences = loaders.StateDiffers, []string{faults[i].Error()}
			bad++
		case v.State == loaders.StateDiffers:
			bad++
		case v.State == loaders.StateMissing:
			if len(names) == 0 && !jobs[i].Needed() {
				continue
			}
			absent[v.Dataset] = absent[v.Dataset] || jobs[i].Needed()
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
			return acquire.Unsupported(r)
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
func (env *environment) printDoors(ds []*datasets.Dataset, list []verify.Split) error {
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
func differing(list []verify.Split) string {
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

func (env *environment) printVerified(list []verify.Split) error {
	if env.json {
		if list == nil {
			list = []verify.Split{}
		}
		return env.printJSON(list)
	}
	list = slices.DeleteFunc(slices.Clone(list), func(v verify.Split) bool { return v.State == loaders.StateMissing })
	if len(list) == 0 {
		return nil
	}
	w := tabwriter.NewWriter(env.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "dataset\tset\tsplit\tstate\tdocuments\tspans\ttypes\tceiling\trepairs")
	for _, v := range list {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%d\t%d\t%d\t%s\t%s\n", v.Dataset, v.Set, v.Split, v.State, v.Documents, v.Spans, len(v.ByType),
			verify.CeilingText(v.Ceiling["all"]), repairsText(v))
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

func repairsText(v verify.Split) string {
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
