// Package loaders turns native files into documents. One Go file reads one
// format family; what belongs to a dataset (its files, its labels, the parameters
// of its format) stands in the dataset's own file, see package datasets.
//
// [Documents] streams one split. Offsets of documents are bytes of their text;
// native files count whatever they like, and their loader converts. What a
// loader had to repair, skip or drop is counted by kind in a [Tally]; what it
// cannot read stops it, with file and line.
package loaders
