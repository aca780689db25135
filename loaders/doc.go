// Package loaders reads native files as documents. Each Go file reads one format
// family. The details of a dataset (files, labels, format parameters) are in its
// dataset file, see package datasets.
//
// [Documents] streams one split. Offsets of documents are bytes of their text; the
// loaders convert from the offsets of native files. Repaired, skipped and dropped
// items are counted by kind in a [Tally]. Malformed input stops a loader with an
// error that names file and line.
package loaders
