// Package paper lays out the tables and figures of the UniversalNER paper
// (arXiv 2308.03279v2), with own runs beside the published numbers.
//
// Each table or figure is one TOML file, an [Item]: its title, its columns, its
// metrics, and the footnotes that apply (docs/spec/metrics.md §14.2). [Build]
// combines an item with results; the values that the paper prints come from
// [reports.Published]. Published and measured numbers are in separate lines, in
// another style, and no average mixes them.
package paper
