// Package datasets describes the datasets of the benchmark: one TOML file per
// dataset, in benchmark/, embedded and read strictly. Tests apply [Lint] to them.
// The files contain only facts: names, labels, files with their checksums, counts,
// licences, and sources. They contain no text of a dataset and no code.
// docs/dataset.md explains every field.
//
// Package loaders reads the native files of a dataset. All differences between
// datasets are described in the dataset files.
package datasets
