// Package acquire gets the files of datasets into the data folder: it downloads
// them from their official sources, or imports your own copy.
//
// Files are collected and verified in a temporary folder before they are moved to
// the data folder. A failure therefore leaves the data folder unchanged. Names from
// archives and servers are checked by [names.Local], and all files are written
// through an [os.Root], so that none is written outside the data folder. Only the user
// can read new folders and files; those that exist keep their permissions.
//
// Processes that import into one data folder take turns. Temporary folders of a killed
// process are removed by the next import.
package acquire

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path"
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

// Event is a [Progress], a [Waiting], or the [Imported] files of a fetched dataset.
type Event interface{ event() }

// Waiting reports that another process, or another call, does the same work, and that
// the call waits until it ends.
type Waiting struct {
	Dataset string
	For     string // what the other process does, such as "fetches it"
}

func (Waiting) event() {}

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

// The names that acquire uses in the data folder, besides those of datasets.
const (
	fetchFolder = ".fetch"       // downloads, in a folder for each dataset
	stagePrefix = ".import-"     // of the temporary folder of an import
	importLock  = ".import.lock" // held while files are imported
)

// Unfinished lists the folders of interrupted fetches and imports in a data folder.
func Unfinished(data fs.FS) (fetches, imports []string) {
	downloads, _ := fs.ReadDir(data, fetchFolder) // a missing folder has none
	for _, e := range downloads {
		if e.IsDir() {
			fetches = append(fetches, path.Join(fetchFolder, e.Name()))
		}
	}
	all, _ := fs.ReadDir(data, ".")
	for _, e := range all {
		if e.IsDir() && strings.HasPrefix(e.Name(), stagePrefix) {
			imports = append(imports, e.Name())
		}
	}
	return fetches, imports
}

// create creates the data folder, if it is missing.
func (a *Acquirer) create() error {
	if a.Data == "" {
		return &fault.Hint{Err: errors.New("data folder: none is set, and the user has no cache folder"), Advice: "set it with --data DIR or NERBENCH_DATA"}
	}
	if err := os.MkdirAll(a.Data, 0o700); err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	return nil
}

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
