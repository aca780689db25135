// Package ner holds the vocabulary of the benchmark, which every other package
// uses. A dataset is one of the datasets of Table 6 of the UniversalNER paper
// (arXiv 2308.03279v2), a [Document] is one annotated passage of it, a [Query] is
// one prompt about a passage, a [Completion] is the raw answer, a [Prediction] is
// parsed from the answer, and a [Score] holds integer counts.
//
// A passage is handed to a runner, committed to the store, sampled, and resampled
// in the statistics as a whole.
//
// Offsets inside the program are bytes of UTF-8. Offsets in output files count
// Unicode code points; [CodePoints] converts.
//
// The package holds data only. It imports the standard library alone, does no I/O,
// and depends on no file format, prompt, server, or metric.
package ner
