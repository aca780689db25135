// Package exchange writes runs in the formats of other programs: Every Eval Ever,
// lm-evaluation-harness, the Hugging Face hub, CSV and Parquet. A [Run] has all that the
// formats need; package harness reads it from the store. There is one file for each
// format, and [Formats] is the list of them.
//
// What is written depends on the runs and the [Options] alone: no clock is read, and all
// is sorted. A run has texts only if its dataset may be shown to others. Files are named
// by ids and slugs.
package exchange
