// Package metrics turns predictions and gold into integer counts, and counts into
// ratios and averages. Each rule is one function, and its comment names the section
// of docs/spec/metrics.md.
//
// A metric takes one [Passage] at a time and returns [Counts]; counts of disjoint
// parts add up to the counts of the whole, in any order (§1.1, §13 property 7).
// [Metrics] is the table of metrics. [Options] is the table of the options that
// change a value and therefore are part of a metric's id (§1.5).
//
// Metrics do not depend on files, stores, or models, and do not parse answers: the
// string metrics take normalised strings (§3.3). [Columns] and [Pairs] score
// streams in a metric's own input format: column files (§4.5), and pairs of answers
// (§3.4).
package metrics
