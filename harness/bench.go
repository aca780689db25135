// Package harness is nerbench without its command line. A [Bench] runs models on
// datasets, keeps their answers in a store, and scores, compares and exports the
// contents of the store. Its methods take a context and return values; they print
// nothing.
//
//	b := &harness.Bench{Data: "data", Store: "results.db"}
//	summary, err := b.Run(ctx, harness.Request{Plan: ner.Plan{Model: "tagger", Dataset: "mit-movie"}})
//
// A run has two steps: the model is asked the queries that have no answer yet, and
// the stored answers are scored. Package harness/loop is the core of both. Package
// harness/files evaluates files without a store.
package harness

import (
	"fmt"
	"io/fs"
	"os"

	"nerbench/datasets"
	"nerbench/internal/fault"
)

// UsageError reports a request that is wrong in itself, whatever the data and the
// servers are.
type UsageError = fault.UsageError

// DataError reports data that is missing, not permitted, or does not match the
// recorded checksums.
type DataError = fault.DataError

// PartialError reports a result that is not complete.
type PartialError = fault.PartialError

// Hint is an error with advice for the user.
type Hint = fault.Hint

// Bench is the place where models are evaluated: folders and files. The zero
// value has the embedded datasets, prompt families and model cards, and the
// embedded sample.
type Bench struct {
	// Data is the folder of native files, with one folder for each dataset.
	Data string
	// Datasets is a folder of dataset files of the user's own; empty: no folder. The
	// folder "datasets" below Data is also read.
	Datasets string
	// Store is the SQLite file with answers and scores.
	Store string
	// ReadOnly keeps no statistics in the store: they are computed each time.
	ReadOnly bool
	// Families is a folder of prompt families of the user's own, and of
	// descriptions of types; empty: no folder.
	Families string
	// Cards is a folder of model cards of the user's own; empty: no folder.
	Cards string
	// Getenv reads the environment variables of servers, such as OLLAMA_HOST and
	// OPENAI_API_KEY. nil: no variable is set.
	Getenv func(string) string
	// HowToGet returns advice on how to get the missing data of a dataset.
	// nil: no advice.
	HowToGet func(*datasets.Dataset) string
	// Notify is called with notes, progress and results, from several goroutines at once.
	// nil: events are dropped.
	Notify func(Event)

	memory *memory // nil: nothing is remembered
}

// Event is something that happens during a call.
type Event struct {
	// Dataset is the id of the dataset that the event is about; may be empty.
	Dataset string
	// Note is a message for the user; empty for progress and results.
	Note string
	// Frequent notes can come many times a second, such as those about retries.
	Frequent bool
	// Progress is the state of a run; nil for notes and results.
	Progress *Progress
	// Result is what became of a run, once it has ended; nil before.
	Result *Result
}

func (b *Bench) notify(e Event) {
	if b.Notify != nil {
		b.Notify(e)
	}
}

func (b *Bench) note(format string, args ...any) {
	b.notify(Event{Note: fmt.Sprintf(format, args...)})
}

// dataFS is the folder of native files.
func (b *Bench) dataFS() fs.FS {
	if b.Data == "" {
		return noFiles{}
	}
	return os.DirFS(b.Data)
}

// noFiles is the data folder if none is set.
type noFiles struct{}

func (noFiles) Open(name string) (fs.File, error) {
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}
