// Package acquire gets the files of datasets into the data folder: it downloads
// them from their official sources, or imports your own copy.
//
// Files are collected and verified in a temporary folder before they are moved to
// the data folder. A failure therefore leaves the data folder unchanged. A name
// from an archive or a server is only used inside the temporary folder.
package acquire

import (
	"context"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"strings"
	"sync"

	"nerbench/datasets"
	"nerbench/datasets/fetch"
	"nerbench/internal/fault"
	"nerbench/loaders"
)

// Acquirer gets datasets into one data folder. Its methods may be called
// concurrently.
type Acquirer struct {
	Data string // the data folder; created if it is missing
	// DataFlag adds --data to the commands that [Acquirer.HowToGet] returns.
	DataFlag bool
	Hub      fetch.Hub
	// GitHub is the address of a mirror of GitHub; empty: GitHub itself.
	GitHub string
	HTTP   *http.Client // nil: [http.DefaultClient]
	// Notify, if it is not nil, is called with each event. Calls may be concurrent.
	Notify func(Event)

	importing sync.Mutex // serializes imports, since datasets may share a folder
}

// Event is a [Progress], or the [Imported] files of a fetched dataset.
type Event interface{ event() }

// Progress is the state of one download.
type Progress struct {
	File fetch.File
	Here int64 // bytes received so far
	Of   int64 // bytes of the file; 0: unknown
}

func (Progress) event() {}

func (Imported) event() {}

func (a *Acquirer) notify(e Event) {
	if a.Notify != nil {
		a.Notify(e)
	}
}

func (a *Acquirer) dataFS() fs.FS { return os.DirFS(a.Data) }

// The states of a dataset in a data folder.
const (
	Ready          = "ready"
	Missing        = "missing"
	NeedsAgreement = "needs agreement"
	NeedsLicence   = "needs licence"
	NoParser       = "no parser yet"
)

// State reports whether a dataset can be used: [Ready], or the reason why it
// cannot. Only the splits of [datasets.Dataset.DecisiveSplits] are checked.
func State(ctx context.Context, data fs.FS, dataset *datasets.Dataset) string {
	if !loaders.Supported(dataset, "") {
		return NoParser
	}
	here := true
	for _, split := range dataset.DecisiveSplits() {
		here = here && loaders.Present(ctx, data, dataset, loaders.Options{Split: split}) == nil
	}
	switch {
	case here:
		return Ready
	case dataset.Access == "agreement":
		return NeedsAgreement
	case dataset.Access == "paid":
		return NeedsLicence
	}
	return Missing
}

// Unsupported is the error for a dataset without a loader for its formats.
func Unsupported(dataset *datasets.Dataset) error {
	return &fault.DataError{Err: &fault.Hint{
		Err:    fmt.Errorf("dataset %s: its formats (%s) are not supported", dataset.ID, strings.Join(dataset.Families, ", ")),
		Advice: "supported formats are " + strings.Join(loaders.Families(), ", ") + "; convert your copy and describe it in a custom dataset file (--datasets)",
	}}
}
