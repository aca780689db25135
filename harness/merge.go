package harness

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"

	"nerbench/internal/fault"
	"nerbench/ner"
	"nerbench/results"
)

// Merged is the outcome of [MergeStores].
type Merged struct {
	Store    string         `json:"store"`
	Checked  bool           `json:"checked"`  // nothing was written
	Extended bool           `json:"extended"` // the store existed before
	Sources  []MergedSource `json:"sources"`
	Runs     []MergedRun    `json:"runs"`
	Answers  int            `json:"answers"`
	// Differing is the number of prompts that two stores answer differently.
	Differing int `json:"differing_prompts"`
	// Apart are groups of incomplete runs that may be parts of one.
	Apart []RunsApart `json:"apart"`
}

// MergedSource is one of the stores that were merged.
type MergedSource struct {
	Store   string `json:"store"`
	Runs    int    `json:"runs"`
	Answers int    `json:"answers"`
}

// MergedRun is a run of the merged store.
type MergedRun struct {
	ID       string `json:"id"`
	Dataset  string `json:"row"`
	Model    string `json:"model"`
	Passages int    `json:"passages"`
	Complete int    `json:"complete"`
}

// RunsApart are incomplete runs that have the same keys but for a few, which identify the
// model or the data: they may have been meant as parts of one run.
type RunsApart struct {
	Runs []string `json:"runs"`
	Keys []string `json:"keys"`
}

// MergeStores merges stores ([results.Merge]). If check is set, nothing is written, and
// into may be empty.
func MergeStores(ctx context.Context, paths []string, into string, check bool) (Merged, error) {
	if err := checkSources(paths, into, check); err != nil {
		return Merged{}, err
	}
	merge := results.Merge
	if check {
		merge = results.CheckMerge
	}
	m, err := merge(ctx, paths, into)
	if err != nil {
		return Merged{}, err
	}
	out := Merged{
		Store: into, Checked: check, Extended: m.Extended, Sources: []MergedSource{}, Runs: []MergedRun{},
		Answers: m.Answers, Differing: m.Differing, Apart: runsApart(m.Runs),
	}
	for _, s := range m.Sources {
		out.Sources = append(out.Sources, MergedSource{s.Path, s.Runs, s.Answers})
	}
	for _, r := range m.Runs {
		out.Runs = append(out.Runs, MergedRun{r.ID, r.Keys["dataset"], r.Keys["model"], r.Passages, r.Complete})
	}
	return out, nil
}

// checkSources reports stores that are named wrongly.
func checkSources(paths []string, into string, check bool) error {
	for _, path := range append(slices.Clone(paths), into) {
		if err := (&Bench{Store: path}).checkStore(); err != nil {
			return err
		}
	}
	target, err := os.Stat(into)
	exists := err == nil
	switch {
	case len(paths) == 0:
		return fault.Usagef("merge: no stores: want FILE... --into FILE")
	case into == "" && !check:
		return fault.Usagef("merge: want --into FILE, the merged store")
	case len(paths) == 1 && !exists:
		return fault.Usagef("merge: only one store, %s: want two, or --into a store that exists", paths[0])
	}
	var files []fs.FileInfo
	for i, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return fmt.Errorf("store: %s: %w", path, errors.Unwrap(err))
		}
		if exists && os.SameFile(info, target) {
			return fault.Usagef("merge: %s is the store that is written (--into), and one of the sources: leave it out of them, it is extended", path)
		}
		if j := slices.IndexFunc(files, func(other fs.FileInfo) bool { return os.SameFile(info, other) }); j >= 0 {
			return fault.Usagef("merge: %s and %s are the same store", paths[j], paths[i])
		}
		files = append(files, info)
	}
	return nil
}

// mayDiffer are keys that differ if the same model or data was not recognized as the same.
var mayDiffer = func() []string {
	return append(ner.KeyNames(func(k ner.Key) bool { return k.Of == "model" || k.Of == "dataset" }), "context")
}()

// runsApart finds the incomplete runs that differ only in keys of [mayDiffer].
func runsApart(runs []results.MergedRun) []RunsApart {
	groups := map[string][]results.MergedRun{}
	var order []string
	for _, r := range runs {
		if r.Complete >= r.Passages {
			continue
		}
		keys := maps.Clone(r.Keys)
		for _, name := range mayDiffer {
			delete(keys, name)
		}
		id := ner.Run{Keys: keys}.ID()
		if groups[id] == nil {
			order = append(order, id)
		}
		groups[id] = append(groups[id], r)
	}
	apart := []RunsApart{}
	for _, id := range order {
		group := groups[id]
		if len(group) < 2 {
			continue
		}
		var one RunsApart
		for _, r := range group {
			one.Runs = append(one.Runs, r.ID)
		}
		for _, name := range mayDiffer {
			if slices.ContainsFunc(group, func(r results.MergedRun) bool { return r.Keys[name] != group[0].Keys[name] }) {
				one.Keys = append(one.Keys, name)
			}
		}
		apart = append(apart, one)
	}
	return apart
}

// Note describes the runs for people.
func (a *RunsApart) Note() string {
	advice := "their answers do not join"
	if slices.Contains(a.Keys, "address") {
		advice += " (run --weights identifies a model by its weights)"
	}
	return fmt.Sprintf("runs %s are incomplete, and differ only in %s: %s", strings.Join(a.Runs, ", "), strings.Join(a.Keys, ", "), advice)
}
