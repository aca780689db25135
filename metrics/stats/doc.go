// Package stats holds the statistics of docs/spec/metrics.md §12: intervals by bootstrap,
// the paired randomisation test, the correction for many comparisons, and rank
// ranges.
//
// Passages are resampled with all their queries (§12.1); the input is the counts of
// each passage, a [ner.Score]. Half-point metrics give their doubled counts. Every
// resample has its own random stream, so that results do not depend on the number
// of workers, the platform, or the version of Go (§12.2).
//
// All functions take a list of datasets. For one dataset, the statistic is its F1.
// For several datasets, it is the unweighted mean of their F1s, resampled inside
// each dataset, since the datasets of a benchmark are fixed (§12.3).
package stats
