// Package nerbench is a map of the module. It follows one document through an
// evaluation:
//
//  1. datasets describes each of the 49 datasets: its files, its labels, and the
//     counts that loading must give. Each dataset is one TOML file, without code.
//     datasets/acquire downloads or imports the files, datasets/verify checks them.
//  2. loaders turns native files into documents (ner.Document): text, tokens and
//     gold spans, with offsets in bytes.
//  3. prompts turns a document into queries (ner.Query): the exact bytes to send,
//     in one of the published prompt families.
//  4. runners sends the queries of one passage and returns completions
//     (ner.Completion). The model runs on a server, in the process, or in a program of
//     the user. Package runners/fleet asks models on other machines, through a queue.
//     runners/open opens a model by name; runners/cards describes published models.
//  5. results stores every completion in SQLite, addressed by the query that it
//     answers. loop.Ask (package harness/loop) drives steps 2 to 5; it sends only
//     the queries that have no stored completion.
//  6. answers parses a completion (ner.Prediction): its mentions, its outcome, and
//     the places of the mentions in the text.
//  7. metrics counts (ner.Score). The counts are integers, and they add up.
//     loop.Score drives steps 6 and 7; it needs no model.
//  8. reports makes tables of the counts. reports/paper lays them out as in the
//     UniversalNER paper, reports/page writes the HTML report, reports/site the
//     leaderboard, and reports/exchange the formats of other programs.
//
// Package harness joins these steps: a harness.Bench runs, scores, compares, ranks and
// exports. boards reads the rules of a leaderboard. harness/files scores files without a
// store, harness/compare computes the differences of two systems, harness/texts prints
// results for people, and harness/serve shows the leaderboard in a browser. sweeps plans
// and runs ablations. bundles is the format of files with runs for others, and
// submissions makes and verifies them. cmd/nerbench parses flags and prints; it has one
// file for each command. distill, of which no command exists yet, has the paper's recipe
// for training data.
//
// Package ner defines the types that all packages share, and imports none of them.
// Packages in internal hold mechanisms that are not about NER; internal/fault
// defines the kinds of errors. deps_test.go holds the import graph.
//
// No package registers itself. Each set of choices is a visible table: the files in
// datasets/benchmark, the formats of loaders, the families of prompts, the forms of
// answers, the kinds of models of runners/open, the metrics of metrics, the renderers
// of reports, and the commands of cmd/nerbench.
package nerbench
