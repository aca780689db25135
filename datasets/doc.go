// Package datasets says what each dataset is: one TOML file a dataset, in
// datasets/, embedded, read strictly, and held to [Lint] by the tests. The files
// hold facts only: names, labels, files with their checksums, counts, licences,
// sources. No text of a dataset and no code is in them; docs/dataset.md
// explains every field.
//
// A dataset is read from native files by package loaders, which finds in the dataset
// everything that differs from dataset to dataset.
package datasets
