package acquire

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"syscall"

	"nerbench/datasets"
	"nerbench/datasets/fetch"
	"nerbench/internal/fault"
	"nerbench/internal/httpclient"
	"nerbench/internal/lock"
	"nerbench/internal/names"
	"nerbench/internal/parallel"
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
// the context ended, there are no results. A full disk ends all downloads, and is the
// reason of one dataset only.
func (a *Acquirer) FetchAll(ctx context.Context, ds []*datasets.Dataset, o FetchOptions) ([]Fetched, error) {
	out := make([]Fetched, len(ds))
	slots := make(chan struct{}, parallelFetches)
	room, full := context.WithCancelCause(ctx)
	defer full(nil)
	var transfers parallel.Group
	for i, dataset := range ds {
		slots <- struct{}{}
		if ctx.Err() != nil {
			break
		}
		transfers.Go(func() {
			defer func() { <-slots }()
			err := parallel.Guard(func() (err error) {
				out[i], err = a.Fetch(room, dataset, o) // the error is in the result
				return err
			})
			if fault, ok := errors.AsType[*parallel.PanicError](err); ok {
				out[i] = failed(dataset, fmt.Errorf("datasets fetch: dataset %s: %w", dataset.ID, fault))
			}
			if diskFull(err) {
				full(&noRoom{dataset.ID}) // the first one is the cause
			}
			cause, stopped := errors.AsType[*noRoom](context.Cause(room))
			if stopped && err != nil && cause.dataset != dataset.ID {
				out[i] = failed(dataset, fmt.Errorf("datasets fetch: dataset %s: %w", dataset.ID, cause))
			}
		})
	}
	transfers.Wait()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return out, summary(out)
}

// noRoom is the reason why a dataset was not fetched after another one had filled the
// disk.
type noRoom struct{ dataset string }

func (e *noRoom) Error() string { return "stopped, because dataset " + e.dataset + " did not fit" }

// failed is the result of a dataset that could not be fetched.
func failed(dataset *datasets.Dataset, err error) Fetched {
	return Fetched{Dataset: dataset.ID, State: Failed, Files: []string{}, Why: err.Error(), Err: err}
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
// verifies them and imports them. The next call resumes an interrupted download. If
// another process fetches the dataset, Fetch waits for it, and uses its files.
//
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
	if !o.DryRun {
		held, err := a.fetching(ctx, dataset)
		if err != nil {
			err = fmt.Errorf("datasets fetch: dataset %s: %w", dataset.ID, err)
			return failed(dataset, err), err
		}
		defer held.Release()
		if State(ctx, a.dataFS(), dataset) == Ready { // another process fetched it
			out.State = Present
			return out, nil
		}
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
		if ctx.Err() != nil || errors.Is(err, fetch.ErrLocal) || diskFull(err) {
			break // another source does not help
		}
	}
	if len(faults) == 0 {
		faults = []error{errors.New("no source offers files for download")}
	}
	advice := a.HowToGet(dataset)
	if diskFull(errors.Join(faults...)) {
		advice = "make room and fetch again: the download is resumed"
	}
	err := &fault.Hint{Err: fmt.Errorf("datasets fetch: dataset %s: %w", dataset.ID, errors.Join(faults...)), Advice: advice}
	return failed(dataset, err), err
}

// fetching waits until no other process fetches the dataset.
func (a *Acquirer) fetching(ctx context.Context, dataset *datasets.Dataset) (*lock.Lock, error) {
	if _, err := names.Element(dataset.ID); err != nil {
		return nil, err
	}
	if err := a.create(); err != nil {
		return nil, err
	}
	return lock.Take(ctx, filepath.Join(a.Data, fetchFolder, dataset.ID+".lock"), func() { a.notify(Waiting{dataset.ID, "fetches it"}) })
}

// diskFull reports whether an error is that of a disk or a quota without room.
func diskFull(err error) bool {
	const windowsDiskFull, windowsHandleFull = syscall.Errno(112), syscall.Errno(39)
	if runtime.GOOS == "windows" {
		return errors.Is(err, windowsDiskFull) || errors.Is(err, windowsHandleFull)
	}
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
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
	data, err := os.OpenRoot(a.Data)
	if err != nil {
		return err
	}
	defer data.Close()
	all := filepath.Join(fetchFolder, dataset.ID)
	name := filepath.Join(all, p.key(), dataset.ID) // an import uses the name of the folder
	if err := data.MkdirAll(name, 0o700); err != nil {
		return err
	}
	folder, err := data.OpenRoot(name)
	if err != nil {
		return err
	}
	defer folder.Close()
	client := &fetch.Client{Folder: folder, HTTP: a.HTTP, Progress: func(f fetch.File, here, of int64) { a.notify(Progress{f, here, of}) }}
	for _, file := range p.files {
		if err := client.Fetch(ctx, file); err != nil {
			return hubHint(err)
		}
	}
	for _, c := range p.cached {
		if err := copyCached(folder, c); err != nil {
			return err
		}
	}
	source := filepath.Join(a.Data, name)
	if len(p.files) == 1 && len(p.cached) == 0 { // an archive is unpacked
		source = filepath.Join(source, filepath.FromSlash(p.files[0].To))
	}
	imported, err := a.importFrom(ctx, dataset, source, ImportOptions{})
	if len(imported.Files) > 0 {
		a.notify(imported)
	}
	if err != nil {
		return err
	}
	return errors.Join(folder.Close(), data.RemoveAll(all))
}

// key is different for plans with other addresses, so that files of several sources are
// not mixed.
func (p *plan) key() string {
	h := sha256.New()
	for _, f := range p.files {
		fmt.Fprintf(h, "%s\x00%s\x00", f.URL, f.To)
	}
	for _, c := range p.cached {
		fmt.Fprintf(h, "%s\x00", c.to)
	}
	return hex.EncodeToString(h.Sum(nil)[:6])
}

// copyCached copies a file that another program downloaded. It may be a link.
func copyCached(folder *os.Root, c cachedFile) error {
	to, err := names.Local(c.to)
	if err != nil {
		return err
	}
	in, err := os.Open(c.from)
	if err != nil {
		return err
	}
	defer in.Close()
	return replaceFile(folder, to, in)
}
