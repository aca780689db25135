package harness

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"nerbench/internal/fault"
	"nerbench/ner"
	"nerbench/results"
)

// AmbiguousError reports a side of a comparison that several runs on one dataset fit.
type AmbiguousError struct {
	Side, Name string // "A" or "B", and its name in the request
	Dataset    string // the first one with several runs
	Runs       []results.RunInfo
	Differ     []string // keys in which these runs differ
	// Choices are names to use instead of Name.
	Choices []Choice
	// Other are the datasets of the other side; nil if it is ambiguous, too.
	Other []string
}

// Choice is a name that fits one run on each of some datasets.
type Choice struct {
	Name     string
	Datasets []string
}

// Error names the first two runs.
func (e *AmbiguousError) Error() string {
	n := "two"
	if len(e.Runs) > 2 {
		n = fmt.Sprint(len(e.Runs))
	}
	return fmt.Sprintf("%s: %s: %s runs on dataset %s, such as %s and %s, which differ in %s",
		e.Side, e.Name, n, e.Dataset, e.Runs[0].ID, e.Runs[1].ID, strings.Join(e.Differ, ", "))
}

// bothSides finds the runs of both sides of a comparison by dataset. The error joins
// those of both.
func bothSides(ctx context.Context, store *results.Store, r CompareRequest) (sides [2]map[string]results.RunInfo, err error) {
	runs, err := store.Runs(ctx, nil)
	if err != nil {
		return sides, err
	}
	var faults []error
	var ambiguous [2]*AmbiguousError
	for i, side := range []struct{ name, given string }{{"A", r.A}, {"B", r.B}} {
		found, where, err := namedRuns(ctx, store, runs, side.given)
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", side.name, err))
			continue
		}
		if sides[i], err = byDataset(side.given, found, where); err != nil {
			if several, ok := errors.AsType[*AmbiguousError](err); ok {
				several.Side, ambiguous[i] = side.name, several
			}
			faults = append(faults, err)
		}
	}
	for i, several := range ambiguous {
		if other := sides[1-i]; several != nil && other != nil {
			several.Other = slices.Sorted(maps.Keys(other))
		}
	}
	if len(faults) == 1 {
		return sides, faults[0]
	}
	return sides, errors.Join(faults...)
}

// namedRuns finds the runs of a name: a model, the beginning of an id, or conditions
// key=value. where are the conditions that select the same runs; nil for an id.
func namedRuns(ctx context.Context, store *results.Store, runs []results.RunInfo, name string) (found []results.RunInfo, where map[string][]string, err error) {
	where = namedModels(runs, map[string][]string{"model": {name}})
	if found = fitting(runs, where); len(found) > 0 { // also a name with "="
		return found, where, nil
	}
	if !strings.Contains(name, "=") {
		run, err := store.Find(ctx, name)
		if errors.Is(err, results.ErrNoRun) {
			err = &fault.Hint{
				Err:    fmt.Errorf("%s: neither a run nor the model of a run: %w", name, results.ErrNoRun),
				Advice: "nerbench runs list shows the runs of the store" + modelsOf(runs),
			}
		}
		return []results.RunInfo{run}, nil, err
	}
	if where, err = ParseWhere(strings.Split(name, ","), ner.KnownKey); err != nil {
		return nil, nil, err
	}
	where = namedModels(runs, where)
	if found = fitting(runs, where); len(found) == 0 {
		return nil, nil, &fault.Hint{Err: fmt.Errorf("%s: %s", name, WhyNone(runs, where)), Advice: "nerbench runs list shows the runs of the store"}
	}
	return found, where, nil
}

// modelsOf names the models of a few runs, for advice.
func modelsOf(runs []results.RunInfo) string {
	names := map[string]bool{}
	for _, r := range runs {
		names[r.Keys["model"]] = true
	}
	if len(names) == 0 || len(names) > 6 {
		return ""
	}
	return "; their models are " + strings.Join(slices.Sorted(maps.Keys(names)), ", ")
}

func fitting(runs []results.RunInfo, where map[string][]string) []results.RunInfo {
	return slices.DeleteFunc(slices.Clone(runs), func(r results.RunInfo) bool { return !fits(r.Keys, where) })
}

// byDataset returns the runs by dataset. Several runs on one dataset are an
// [AmbiguousError].
func byDataset(name string, found []results.RunInfo, where map[string][]string) (map[string]results.RunInfo, error) {
	groups := map[string][]results.RunInfo{}
	var datasets []string
	for _, r := range found {
		dataset := r.Keys["dataset"]
		if groups[dataset] == nil {
			datasets = append(datasets, dataset)
		}
		groups[dataset] = append(groups[dataset], r)
	}
	single := map[string]results.RunInfo{}
	for _, dataset := range datasets {
		if own := groups[dataset]; len(own) > 1 {
			return nil, &AmbiguousError{
				Name: name, Dataset: dataset, Runs: own, Differ: differingKeys(own), Choices: choices(found, groups, where),
			}
		}
		single[dataset] = groups[dataset][0]
	}
	return single, nil
}

// differingKeys are the keys in which runs differ.
func differingKeys(runs []results.RunInfo) []string {
	return ner.KeyNames(func(k ner.Key) bool {
		return slices.ContainsFunc(runs, func(r results.RunInfo) bool { return r.Keys[k.Name] != runs[0].Keys[k.Name] })
	})
}

// choices returns conditions that separate the runs of each dataset: those of the
// request, with the values of one more key if it is enough, else with those of all
// keys that differ. Runs that no condition separates are named by their ids.
func choices(found []results.RunInfo, groups map[string][]results.RunInfo, where map[string][]string) []Choice {
	var own, all []string // keys that differ: those of the user, and all
	for _, k := range ner.Keys {
		if !slices.ContainsFunc(slices.Collect(maps.Values(groups)), func(runs []results.RunInfo) bool { return differs(runs, k.Name) }) {
			continue
		}
		all = append(all, k.Name)
		if k.Of == "" {
			own = append(own, k.Name)
		}
	}
	var candidates [][]string
	for _, key := range append(slices.Clone(own), all...) {
		candidates = append(candidates, []string{key})
	}
	for _, keys := range append(candidates, own, all) {
		if names := conditions(found, groups, where, keys); names != nil {
			return names
		}
	}
	var ids []Choice
	for _, r := range found {
		ids = append(ids, Choice{r.ID, []string{r.Keys["dataset"]}})
	}
	return ids
}

// differs reports whether runs have different values of a key.
func differs(runs []results.RunInfo, key string) bool {
	return slices.ContainsFunc(runs, func(r results.RunInfo) bool { return ner.KeyValue(r.Keys, key) != ner.KeyValue(runs[0].Keys, key) })
}

// conditions adds the values of keys to conditions, once for each combination that a
// dataset with several runs has. nil: the result does not select one run on each
// dataset.
func conditions(found []results.RunInfo, groups map[string][]results.RunInfo, where map[string][]string, keys []string) []Choice {
	var names []Choice
	for _, r := range found {
		if len(groups[r.Keys["dataset"]]) == 1 {
			continue // its values may be those of no run that the user can mean
		}
		own := maps.Clone(where)
		for _, key := range keys {
			own[key] = []string{ner.KeyValue(r.Keys, key)}
		}
		chosen, datasets := fitting(found, own), map[string]bool{}
		for _, c := range chosen {
			if datasets[c.Keys["dataset"]] {
				return nil
			}
			datasets[c.Keys["dataset"]] = true
		}
		name, ok := conditionText(own)
		if !ok || len(chosen) == 0 {
			return nil
		}
		if !slices.ContainsFunc(names, func(c Choice) bool { return c.Name == name }) {
			names = append(names, Choice{name, slices.Sorted(maps.Keys(datasets))})
		}
	}
	return names
}

// conditionText writes conditions as the name of a side; ok is false if a value would
// not be read as it is.
func conditionText(where map[string][]string) (text string, ok bool) {
	var pairs []string
	for _, key := range ner.KeyNames() {
		for _, value := range where[key] {
			if strings.Contains(value, ",") {
				return "", false
			}
			pairs = append(pairs, key+"="+value)
		}
	}
	return strings.Join(pairs, ","), true
}
