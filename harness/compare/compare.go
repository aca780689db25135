// Package compare tests whether two systems differ (docs/spec/metrics.md §12), and
// lists the differences, passage by passage. Its callers count the passages of stored
// runs or of files of predictions.
package compare

import (
	"slices"

	"nerbench/internal/fault"
	"nerbench/metrics/stats"
	"nerbench/ner"
)

// Significant is the adjusted p value up to which a difference counts as
// significant (docs/spec/metrics.md §12.5).
const Significant = 0.05

// Settings are the settings of the tests.
type Settings struct {
	Resamples int // of the intervals; 0: no intervals
	// Rounds is the number of random swaps. 0: the default of docs/spec/metrics.md §12.4.
	Rounds int
	Alpha  float64 // largest adjusted p value of a significant difference
	Margin float64 // points of F1 that B may lose
}

// Check returns a [fault.UsageError] if a setting is out of range.
func (s Settings) Check() error {
	switch {
	case s.Resamples < 0:
		return fault.Usagef("%d resamples: want 0 or more", s.Resamples)
	case s.Rounds < 0:
		return fault.Usagef("%d rounds: want 0 or more", s.Rounds)
	case !(s.Alpha >= 0 && s.Alpha <= 1):
		return fault.Usagef("alpha %v: want a probability", s.Alpha)
	case !(s.Margin >= 0 && s.Margin <= 100):
		return fault.Usagef("margin %v: want points of F1, from 0 to 100", s.Margin)
	}
	return nil
}

// Comparison is the outcome of comparing two systems, A and B.
type Comparison struct {
	Metric   string // its id
	Datasets []*Dataset
	// Outcomes are by dataset.
	Outcomes []Outcome
	// Types are by dataset; nil if they are unknown or WithoutTypes is set.
	Types []map[ner.EntityType]Outcome
	// Whole is the outcome of the average over the datasets with gold, or of the only
	// dataset.
	Whole Outcome
	// Used is the number of datasets in the average.
	Used int
}

// New tests the differences on each dataset, on each type, and on average. It needs
// at least one dataset.
func New(metric string, datasets []*Dataset, s Settings) *Comparison {
	c := &Comparison{Metric: metric, Datasets: datasets}
	var averaged []stats.Dataset
	for _, d := range datasets {
		if d.averaged() {
			averaged = append(averaged, d.stats())
		}
		c.Outcomes = append(c.Outcomes, s.test(d.Metric, []stats.Dataset{d.stats()}))
		if d.CountsOnly {
			c.Types = append(c.Types, nil)
		} else {
			c.Types = append(c.Types, d.typeOutcomes(s))
		}
	}
	adjust(c.Outcomes)
	c.Whole, c.Used = c.Outcomes[0], len(averaged)
	if len(datasets) > 1 {
		if len(averaged) == 0 {
			s.Resamples = 0
		}
		c.Whole = s.test(datasets[0].Metric, averaged)
	}
	return c
}

// Regression is a difference by which B is worse than it may be.
type Regression struct {
	Dataset    string  // empty: of the average, or of a dataset without a name
	Average    bool    // of the average over all datasets
	Difference float64 // of F1, from 0 to 1
}

// Regressions lists the datasets on which B is significantly lower than A by more
// than the margin, then the average if it is.
func (c *Comparison) Regressions(s Settings) []Regression {
	worse := func(o Outcome) bool {
		return o.PAdjusted <= s.Alpha && o.Difference > 0 && 100*o.Difference > s.Margin
	}
	var found []Regression
	for i, o := range c.Outcomes {
		if worse(o) {
			found = append(found, Regression{Dataset: c.Datasets[i].Name, Difference: o.Difference})
		}
	}
	if len(c.Datasets) > 1 && c.Used > 0 && worse(c.Whole) {
		found = append(found, Regression{Average: true, Difference: c.Whole.Difference})
	}
	return found
}

// Means are the means of the F1 of A and of B over the datasets with gold: mean_rows
// of docs/spec/metrics.md §10, in which each dataset has the same weight. They are nil
// if no dataset has gold.
func (c *Comparison) Means() (a, b *float64) {
	if c.Used == 0 {
		return nil, nil
	}
	a, b = new(float64), new(float64)
	for i, o := range c.Outcomes {
		if c.Datasets[i].averaged() {
			*a += value(o.A.F1)
			*b += value(o.B.F1)
		}
	}
	*a, *b = *a/float64(c.Used), *b/float64(c.Used)
	return a, b
}

// Exact reports whether all swaps were tried on every dataset. Tried is the largest
// number of swaps.
func (c *Comparison) Exact() (exact bool, tried int) {
	exact = true
	for _, o := range c.Outcomes {
		exact, tried = exact && o.Exact, max(tried, o.Tried)
	}
	return exact, tried
}

// Flips lists the flips of all datasets, those found by A first. known is false if a
// dataset has counts only.
func (c *Comparison) Flips() (flips []Flip, known bool) {
	known = !slices.ContainsFunc(c.Datasets, func(d *Dataset) bool { return d.CountsOnly })
	for _, d := range c.Datasets {
		flips = append(flips, d.flips...)
	}
	sortFlips(flips)
	return flips, known
}
