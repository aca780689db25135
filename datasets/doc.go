// Package datasets says what each evaluation row is: one TOML file a row, in
// rows/, embedded, read strictly, and held to [Lint] by the tests. The files
// hold facts only: names, labels, files with their checksums, counts, licences,
// sources. No text of a dataset and no code is in them; docs/dataset.md
// explains every field.
//
// A row is read from native files by package loaders, which finds in the row
// everything that differs from row to row.
package datasets
