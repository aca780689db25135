package acquire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"sync"

	"nerbench/datasets"
	"nerbench/datasets/fetch"
	"nerbench/internal/atomicfile"
	"nerbench/internal/fault"
	"nerbench/internal/httpclient"
)

// Fetched is the result of fetching one dataset.
type Fetched struct {
	Dataset string   `json:"row"`
	State   string   `json:"state"`
	From    string   `json:"from,omitempty"` // the source, in readable form
	Files   []string `json:"files"`          // URLs
	Why     string   `json:"why,omitempty"`  // reason for Refused or Failed
	Err     error    `json:"-"`              // for Failed
}

// The states of [Fetched].
const (
	Downloaded = "fetched"
	Present    = "here"    // already in the data folder
	Planned    = "planned" // with [FetchOptions.DryRun]
	Refused    = "refused" // the dataset needs an access agreement or a licence
	Failed     = "failed"
)

// FetchOptions are the options of [Acquirer.Fetch].
type FetchOptions struct {
	DryRun bool // list the addresses and download nothing
}

// parallelFetches is the number of datasets that are fetched at the same time.
const parallelFetches = 3

// FetchAll fetches several datasets. The results are in the order of ds. The error
// reports that datasets failed or were refused; the results are then valid, too. If
// the context ended, there are no results.
func (a *Acquirer) FetchAll(ctx context.Context, ds []*datasets.Dataset, o FetchOptions) ([]Fetched, error) {
	out := make([]Fetched, len(ds))
	slots := make(chan struct{}, parallelFetches)
	var transfers sync.WaitGroup
	for i, dataset := range ds {
		slots <- struct{}{}
		if ctx.Err() != nil {
			break
		}
		transfers.Go(func() {
			defer func() { <-slots }()
			out[i], _ = a.Fetch(ctx, dataset, o) // the error is in the result
		})
	}
	transfers.Wait()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return out, summary(out)
}

// summary returns an error if a dataset failed or was refused.
func summary(list []Fetched) error {
	refused, failed := 0, 0
	for _, f := range list {
		switch f.State {
		case Refused:
			refused++
		case Failed:
			failed++
		}
	}
	switch {
	case failed > 0 && len(list) == 1:
		return list[0].Err
	case failed > 0:
		return fmt.Errorf("datasets fetch: %d of %d datasets could not be fetched", failed, len(list))
	case refused > 0:
		return &fault.DataError{Err: fmt.Errorf("datasets fetch: %d of %d datasets need an access agreement or a licence", refused, len(list))}
	}
	return nil
}

// Fetch downloads the files of a dataset from the first source that offers them,
// verifies them and imports them. The next call resumes an interrupted download.
// The error reports that the dataset failed; the result is then valid, too.
func (a *Acquirer) Fetch(ctx context.Context, dataset *datasets.Dataset, o FetchOptions) (Fetched, error) {
	out := Fetched{Dataset: dataset.ID, Files: []string{}}
	if State(ctx, a.dataFS(), dataset) == Ready {
		out.State = Present
		return out, nil
	}
	if dataset.Access == "agreement" || dataset.Access == "paid" {
		out.State, out.Why = Refused, a.HowToGet(dataset)
		return out, nil
	}
	var faults []error
	for _, source := range bestFirst(dataset) {
		p, err := a.plan(ctx, source, dataset)
		if err == nil && len(p.files)+len(p.cached) > 0 {
			out.From, out.Files = sourceAddress(source), addresses(p.files)
			if o.DryRun {
				out.State = Planned
				return out, nil
			}
			if err = a.download(ctx, dataset, p); err == nil {
				out.State = Downloaded
				return out, nil
			}
		}
		if err != nil {
			faults = append(faults, err)
		}
		if ctx.Err() != nil {
			break
		}
	}
	if len(faults) == 0 {
		faults = []error{errors.New("no source offers files for download")}
	}
	err := &fault.Hint{Err: fmt.Errorf("datasets fetch: dataset %s: %w", dataset.ID, errors.Join(faults...)), Advice: a.HowToGet(dataset)}
	return Fetched{Dataset: dataset.ID, State: Failed, Files: []string{}, Why: err.Error(), Err: err}, err
}

func addresses(files []fetch.File) []string {
	all := make([]string, len(files))
	for i, f := range files {
		all[i] = httpclient.WithoutLogin(f.URL)
	}
	return all
}

// download downloads the files of a plan and imports them. It keeps downloaded
// files until all are complete, so that the next call resumes.
func (a *Acquirer) download(ctx context.Context, dataset *datasets.Dataset, p plan) error {
	folder := filepath.Join(a.Data, ".fetch", dataset.ID)
	client := &fetch.Client{HTTP: a.HTTP, Progress: func(f fetch.File, here, of int64) { a.notify(Progress{f, here, of}) }}
	for _, file := range p.files {
		file.To = below(folder, file.To)
		if _, err := os.Stat(file.To); err == nil {
			continue // from an earlier call
		} else if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err := client.Fetch(ctx, file); err != nil {
			return hubHint(err)
		}
	}
	for _, c := range p.cached {
		if err := copyFile(c.from, below(folder, c.to)); err != nil {
			return err
		}
	}
	source := folder
	if len(p.files) == 1 && len(p.cached) == 0 { // an archive is unpacked
		source = below(folder, p.files[0].To)
	}
	imported, err := a.importFrom(ctx, dataset, source, ImportOptions{})
	if len(imported.Files) > 0 {
		a.notify(imported)
	}
	if err != nil {
		return err
	}
	return os.RemoveAll(folder)
}

// below joins a folder and a name; the result is always inside the folder.
func below(folder, name string) string {
	return filepath.Join(folder, filepath.FromSlash(path.Clean("/"+name)))
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	return atomicfile.Write(to, func(w io.Writer) error { _, err := io.Copy(w, in); return err })
}
