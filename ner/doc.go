// Package ner holds the words of the benchmark. Every other package uses them,
// and nothing else means the same: a dataset is one dataset of Table 6 of
// the UniversalNER paper (arXiv 2308.03279v2), a [Document] is one annotated
// passage of it, a [Query] one question about a passage, a [Completion] the raw
// answer, a [Prediction] what was understood of it, a [Score] integer counts.
//
// The passage is the unit of everything: of the work that is handed to a
// runner, of a commit to the store, of sampling, and of resampling in the
// statistics.
//
// Offsets inside the program are bytes of UTF-8. Whatever leaves the program
// counts Unicode code points; [CodePoints] converts.
//
// The package holds data only: it imports the standard library, does no I/O
// and knows no file format, prompt, server, or metric.
package ner
