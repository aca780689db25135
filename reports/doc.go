// Package reports computes tables of scores and prints them: as text, Markdown, CSV,
// LaTeX, HTML and JSON.
//
// [Build] computes a [Table] from results of runs; [Table.Write] prints it. A run is
// a flat set of keys, and any two keys span a table. If runs in a table differ in a
// key that is on no axis, a warning names the key ("cells differ in: seed").
//
// Each number comes with the values behind it: counts, datasets used of all datasets,
// passages, failure share, runs. An undefined ratio is null in files and "–" in print.
// A dataset that was not run is printed as "not run" with the reason, and never as 0.
//
// [Grid] and [Figure] are tables of strings and charts of any content. [Exhibit] is
// one of them with all its forms. [Published] returns numbers from publications.
//
// Package reports/paper lays out the tables and figures of the UniversalNER paper,
// package reports/page writes the HTML report. Both build on this package.
package reports
