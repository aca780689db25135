package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"nerbench/datasets"
	"nerbench/datasets/verify"
	"nerbench/loaders"
)

// verifyDatasets verifies everything that is present, or the datasets that are named.
func (env *environment) verifyDatasets(ctx context.Context, names []string) error {
	list, err := env.bench.Verify(ctx, names)
	if list == nil {
		return err
	}
	ds, selectErr := env.bench.SelectDatasets(names, "", "")
	return errors.Join(env.printVerified(list), selectErr, env.printSources(ds, list), err)
}

// printSources prints how to get the data of each dataset whose files are missing.
func (env *environment) printSources(ds []*datasets.Dataset, list []verify.Split) error {
	if env.json {
		return nil // the state of the splits has it
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
		if _, err := fmt.Fprintf(env.stdout, "%s: missing: %s\n", r.ID, env.howToGet(r)); err != nil {
			return err
		}
	}
	return nil
}

func (env *environment) printVerified(list []verify.Split) error {
	if env.json {
		return env.printJSON(list)
	}
	list = slices.DeleteFunc(slices.Clone(list), func(v verify.Split) bool { return v.State == loaders.StateMissing })
	if len(list) == 0 {
		return nil
	}
	w := tabwriter.NewWriter(env.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "dataset\tset\tsplit\tstate\tdocuments\tspans\ttypes\tceiling\twritten\ttiers=4\trepairs")
	for _, v := range list {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%d\t%d\t%d\t%s\t%s\t%s\t%s\n", v.Dataset, v.Set, v.Split, v.State, v.Documents, v.Spans, len(v.ByType),
			verify.CeilingText(v.Ceiling["all"]), verify.CeilingText(v.Written.Default), verify.CeilingText(v.Written.Tiers4), repairsText(v))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, v := range list {
		for _, d := range v.Differences {
			fmt.Fprintf(env.stdout, "%s %s %s: %s\n", v.Dataset, v.Set, v.Split, d)
		}
		if v.Hint != "" {
			fmt.Fprintf(env.stdout, "  hint: %s\n", v.Hint)
		}
	}
	return nil
}

func repairsText(v verify.Split) string {
	var parts []string
	for _, kind := range slices.Sorted(maps.Keys(v.Repairs)) {
		parts = append(parts, fmt.Sprintf("%s %d", kind, v.Repairs[kind]))
	}
	if v.Duplicates > 0 {
		parts = append(parts, fmt.Sprintf("duplicates %d", v.Duplicates))
	}
	for _, label := range slices.Sorted(maps.Keys(v.Dropped)) {
		parts = append(parts, fmt.Sprintf("dropped %s %d", label, v.Dropped[label]))
	}
	return strings.Join(parts, ", ")
}
