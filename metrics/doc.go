// Package metrics turns predictions and gold into integer counts, and counts
// into ratios and averages. One function holds one rule, and its comment names
// the section of docs/spec/metrics.md that it follows.
//
// A metric sees one [Passage] at a time and yields [Counts]; counts of disjoint
// parts add up to the counts of the whole, in any order (§1.1, §13 property 7).
// [Metrics] is the table of metrics, [Options] the table of the options that
// change a value and therefore are part of a metric's id (§1.5).
//
// No metric knows of files, stores, or models, and none parses an answer: the
// string metrics take strings that were normalised before (§3.3). [Columns] and
// [Pairs] score streams whose format is the metric's own input: column files
// (§4.5), and pairs of answers (§3.4).
package metrics
