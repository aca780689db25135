package files

import (
	"nerbench/internal/fault"
	"nerbench/metrics"
)

// Options say what an evaluation counts. They are the same for all kinds of input.
type Options struct {
	// Metrics are ids with options (docs/spec/metrics.md §1.5). ["all"] stands for
	// every metric of the input, no ids for its default.
	Metrics []string
	// By names what is counted besides, such as types. The zero value is nothing.
	By metrics.By
	// Train is the train split, in the format of the other file. It is needed by
	// some attributes of By, and an error without them.
	Train File
	// Taxonomy asks for the taxonomy of errors and the SemEval-2013 schemes,
	// Confusion for the table of gold and predicted types.
	Taxonomy, Confusion bool
	// Resamples of passages give 95 % intervals; 0: none.
	Resamples int
	// Seed of their stream of random numbers (docs/spec/metrics.md §12.2).
	Seed uint64
}

func (o Options) check() error {
	if o.Resamples < 0 {
		return fault.Usagef("%d resamples: want 0 or more", o.Resamples)
	}
	return nil
}
