package texts

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"nerbench/datasets/verify"
	"nerbench/loaders"
)

// WriteVerified prints the counts, ceilings and repairs of the splits whose files are
// there, and how they differ from what is recorded.
func WriteVerified(w io.Writer, list []verify.Split) error {
	list = slices.DeleteFunc(slices.Clone(list), func(v verify.Split) bool { return v.State == loaders.StateMissing })
	if len(list) == 0 {
		return nil
	}
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "dataset\tset\tsplit\tstate\tdocuments\tspans\ttypes\tceiling\twritten\ttiers=4\trepairs")
	for _, v := range list {
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%d\t%d\t%d\t%s\t%s\t%s\t%s\n", v.Dataset, v.Set, v.Split, v.State, v.Documents, v.Spans, len(v.ByType),
			verify.CeilingText(v.Ceiling["all"]), verify.CeilingText(v.Written.Default), verify.CeilingText(v.Written.Tiers4), repairsText(v))
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	for _, v := range list {
		for _, d := range v.Differences {
			fmt.Fprintf(w, "%s %s %s: %s\n", v.Dataset, v.Set, v.Split, d)
		}
		if v.Hint != "" {
			fmt.Fprintf(w, "  hint: %s\n", v.Hint)
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
