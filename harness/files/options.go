package files

import (
	"nerbench/internal/fault"
	"nerbench/metrics"
)

// Options are the options of an evaluation. They are the same for all kinds of input.
type Options struct {
	// Metrics are ids with options (docs/spec/metrics.md §1.5). ["all"] stands for
	// every metric of the input, no ids for its default metrics.
	Metrics []string
	// By adds counts by attributes, such as types.
	By metrics.By
	// Train is the train split, in the format of the other file. Some attributes of By
	// need it. It is an error without such an attribute.
	Train File
	// Taxonomy adds the taxonomy of errors and the SemEval-2013 schemes. Confusion
	// adds the table of gold and predicted types.
	Taxonomy, Confusion bool
	// Resamples is the number of resamples for 95 % intervals; 0: no intervals.
	Resamples int
	// Seed is the seed of the resamples (docs/spec/metrics.md §12.2).
	Seed uint64
}

func (o Options) check() error {
	if o.Resamples < 0 {
		return fault.Usagef("%d resamples: want 0 or more", o.Resamples)
	}
	return nil
}
