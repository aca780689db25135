// Package reports turns scores into what people read: tables as text,
// Markdown, CSV and JSON, and one HTML page with charts.
//
// A [Table] is computed once, by [Build]; renderers only print it. Runs are
// flat sets of keys, any two of which span a table; what no axis names and yet
// differs is said in a warning ("cells differ in: seed"), because a table that
// hides a difference is worse than none.
//
// Every number comes with what it was computed from: counts, rows used of rows
// there are, passages, failure share, runs. An undefined ratio is null in files
// and "–" in print; a row that was not run is "not run" with its reason, never 0.
package reports
