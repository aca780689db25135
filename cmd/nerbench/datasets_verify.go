package main

import (
	"context"
	"errors"
	"fmt"

	"nerbench/datasets"
	"nerbench/datasets/verify"
	"nerbench/harness/texts"
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
	return texts.WriteVerified(env.stdout, list)
}
