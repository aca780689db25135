// Package stats holds the statistics of docs/spec/metrics.md §12: intervals by bootstrap,
// the paired randomisation test, the correction for many comparisons, and rank
// ranges.
//
// The unit of resampling is the passage with all its queries (§12.1); what is
// known of it are its counts, a [ner.Score]. Half-point metrics give their
// doubled counts. Every resample has a random stream of its own, so that no
// result depends on the number of workers, the platform, or the version of Go
// (§12.2).
//
// Everything here works on a list of datasets. One dataset is an ordinary score; several
// are the unweighted mean of their F1s, resampled inside each dataset: the datasets of a
// benchmark are fixed (§12.3).
package stats
