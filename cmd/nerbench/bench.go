package main

import (
	"nerbench/harness"
	"nerbench/internal/fault"
)

// newBench is the bench that the global flags describe.
func (env *environment) newBench() *harness.Bench {
	return &harness.Bench{
		Data: env.data, Datasets: env.datasets, Store: env.store, Families: env.prompts, Cards: env.models,
		Getenv: env.variable, HowToGet: env.howToGet, Notify: env.event,
	}
}

// readResamples checks the number of resamples of an interval.
func readResamples(n int) (int, error) {
	if n != 0 && n < 1000 {
		return 0, fault.Usagef("--ci %d: want 0, or at least 1000 resamples", n)
	}
	return n, nil
}
