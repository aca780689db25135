// Package nerbench is the map of the house. To learn it, follow one document
// through an evaluation:
//
//  1. datasets knows what each of the 49 datasets is: its files, its labels, what
//     must be found in them. One TOML file a dataset, no code.
//  2. loaders turns native files into documents (ner.Document): text, tokens,
//     gold spans, with offsets in bytes.
//  3. prompts turns a document into queries (ner.Query): the exact bytes that
//     are sent, in one of the published prompt families.
//  4. runners answers the queries of one passage (ner.Completion): a server of
//     Ollama, or a model in the process itself.
//  5. results keeps every completion for ever, addressed by what was asked.
//     harness.Ask drives steps 2 to 5; it asks only what has no answer yet.
//  6. answers understands a completion (ner.Prediction): its mentions, why it
//     could not be read, and where its mentions stand in the text.
//  7. metrics counts (ner.Score): integers, which add up. harness.Score drives
//     steps 6 and 7; it asks no model.
//  8. reports makes tables of the counts; reports/paper lays them out as the
//     UniversalNER paper does, reports/page writes the HTML report.
//
// ner holds the words that all of them share and imports none of them.
// cmd/nerbench has one file for each command. deps_test.go holds the import
// graph. Nothing registers itself: what there is stands in visible tables
// (datasets/datasets, the formats of loaders, the families of prompts, the forms of
// answers, the metrics of metrics, the renderers of reports, the commands of
// cmd/nerbench).
package nerbench
