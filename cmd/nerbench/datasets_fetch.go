package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/urfave/cli/v2"

	"nerbench/datasets"
	"nerbench/datasets/fetch"
	"nerbench/internal/fault"
)

// fetchedRow is what fetch did, or would do, for a dataset.
type fetchedDataset struct {
	Dataset string `json:"row"`
	// State is fetched, here, planned (with --dry-run), refused, or failed.
	State string   `json:"state"`
	From  string   `json:"from,omitempty"` // the source, as a person would name it
	Files []string `json:"files"`          // their addresses
	Why   string   `json:"why,omitempty"`

	err error
}

// transfersAtOnce is how many datasets are fetched side by side.
const transfersAtOnce = 3

func (env *environment) fetchDatasets(c *cli.Context) error {
	if c.NArg() == 0 && c.String("suite") == "" {
		return fault.Usagef("datasets fetch: no datasets: name some, or --suite SUITE")
	}
	ds, err := env.selectDatasets(c.Args().Slice(), c.String("suite"), "")
	if err != nil {
		return err
	}
	f := &fetcher{env: env, hub: fetch.NewHub(env.getenv), dry: c.Bool("dry-run"), bars: env.newTransfers()}
	out := make([]fetchedDataset, len(ds))
	slots := make(chan struct{}, transfersAtOnce)
	var transfers sync.WaitGroup
	for i, dataset := range ds {
		slots <- struct{}{}
		transfers.Go(func() {
			defer func() { <-slots }()
			out[i] = f.dataset(c.Context, dataset)
		})
	}
	transfers.Wait()
	f.bars.close()
	if c.Context.Err() != nil {
		return c.Context.Err()
	}
	return env.printFetched(out)
}

// fetcher brings the files of datasets here.
type fetcher struct {
	env  *environment
	hub  fetch.Hub
	dry  bool
	bars *transfers

	importing sync.Mutex // imports print, and datasets may share a folder
}

func (f *fetcher) dataset(ctx context.Context, dataset *datasets.Dataset) fetchedDataset {
	out := fetchedDataset{Dataset: dataset.ID, Files: []string{}}
	if f.env.datasetState(ctx, dataset) == stateReady {
		out.State = "here"
		return out
	}
	if dataset.Access == "agreement" || dataset.Access == "paid" {
		out.State, out.Why = "refused", f.env.howToGet(dataset)
		return out
	}
	var faults []error
	for _, source := range bestFirst(dataset) {
		plan, err := f.plan(ctx, source, dataset)
		if err == nil && len(plan.files)+len(plan.cached) > 0 {
			out.From, out.Files = sourceAddress(source), addresses(plan.files)
			if f.dry {
				out.State = "planned"
				return out
			}
			if err = f.bring(ctx, dataset, plan); err == nil {
				out.State = "fetched"
				return out
			}
		}
		if err != nil {
			faults = append(faults, err)
		}
		if ctx.Err() != nil {
			break
		}
	}
	out.State, out.From, out.Files = "failed", "", []string{}
	if len(faults) == 0 {
		faults = []error{errors.New("no source has files that a program can download")}
	}
	out.err = &fault.Hint{Err: fmt.Errorf("datasets fetch: dataset %s: %w", dataset.ID, errors.Join(faults...)), Advice: f.env.howToGet(dataset)}
	return out
}

// bestFirst lists the sources of a dataset, those first whose files are all that its
// primary set needs.
func bestFirst(dataset *datasets.Dataset) []datasets.Source {
	sources := slices.Clone(dataset.Sources)
	slices.SortStableFunc(sources, func(a, b datasets.Source) int {
		return boolOrder(covers(dataset, filesOf(b, dataset))) - boolOrder(covers(dataset, filesOf(a, dataset)))
	})
	return sources
}

func addresses(files []fetch.File) []string {
	all := make([]string, len(files))
	for i, f := range files {
		all[i] = f.URL
	}
	return all
}

// fetchPlan is what is downloaded of one source, into a folder that is imported
// afterwards.
type fetchPlan struct {
	source datasets.Source
	files  []fetch.File // To is relative to the folder
	cached []string     // files that HF_HOME has already
}

// plan says which files of a source are the dataset's.
func (f *fetcher) plan(ctx context.Context, s datasets.Source, dataset *datasets.Dataset) (fetchPlan, error) {
	plan := fetchPlan{source: s}
	var err error
	switch s.Kind {
	case "github":
		plan.files = f.ofRepository(s, dataset)
	case "url", "ftp":
		plan.files = ofAddress(s, dataset)
	case "huggingface":
		err = f.ofHub(ctx, &plan, dataset)
	}
	return plan, err
}

// ofRepository are single files, where the source names all that the dataset needs;
// else the archives that it names; else, if it names folders, the whole repository
// at its commit.
func (f *fetcher) ofRepository(s datasets.Source, dataset *datasets.Dataset) []fetch.File {
	commit := s.Commit
	if commit == "" {
		commit = "HEAD"
	}
	address := func(name string) string { return f.env.githubFiles() + "/" + s.Where + "/" + commit + "/" + name }
	names := filesOf(s, dataset)
	plain := !slices.ContainsFunc(names, func(n string) bool { return strings.HasSuffix(n, "/") || strings.ContainsAny(n, "*?[") })
	var files []fetch.File
	if plain && covers(dataset, names) {
		for _, name := range names {
			files = append(files, withLock(fetch.File{URL: address(name), To: name}, dataset, name))
		}
		return files
	}
	folders := len(names) > 0
	for _, name := range expandNames(s.Files) {
		switch {
		case isPacked(name):
			files = append(files, withLock(fetch.File{URL: address(name), To: path.Base(name)}, dataset, path.Base(name)))
		case strings.HasSuffix(name, "/"):
			folders = true
		}
	}
	if len(files) == 0 && folders {
		files = append(files, fetch.File{URL: f.env.githubArchives() + "/" + s.Where + "/tar.gz/" + commit, To: path.Base(s.Where) + ".tar.gz"})
	}
	return files
}

// isPacked reports whether a name is that of an archive.
func isPacked(name string) bool {
	return strings.HasSuffix(name, ".zip") || strings.HasSuffix(name, ".tgz") || strings.HasSuffix(name, ".tar.gz") || strings.HasSuffix(name, ".tar")
}

// ofAddress is one archive, or the named files of a folder.
func ofAddress(s datasets.Source, dataset *datasets.Dataset) []fetch.File {
	if !strings.HasPrefix(s.Where, "http://") && !strings.HasPrefix(s.Where, "https://") {
		return nil
	}
	if !strings.HasSuffix(s.Where, "/") {
		name := path.Base(s.Where)
		return []fetch.File{withLock(fetch.File{URL: s.Where, To: name}, dataset, name)}
	}
	var files []fetch.File
	for _, name := range filesOf(s, dataset) {
		files = append(files, withLock(fetch.File{URL: s.Where + name, To: name}, dataset, name))
	}
	return files
}

// ofHub are those files of a dataset of the hub that the dataset has a place for: of
// its primary set, else of the first set whose files are there. They are pinned to
// the revision that the hub names.
func (f *fetcher) ofHub(ctx context.Context, plan *fetchPlan, dataset *datasets.Dataset) error {
	listing, err := f.hub.List(ctx, nil, plan.source.Where, plan.source.Commit)
	if err != nil {
		return adviseHub(err)
	}
	sets := slices.Clone(dataset.Sets)
	slices.SortStableFunc(sets, func(a, b datasets.Set) int { return boolOrder(b.Primary) - boolOrder(a.Primary) })
	for _, set := range sets {
		found := map[string]string{} // where it lies in the dataset, by its name in the dataset
		for _, p := range set.Splits {
			for _, file := range p.Files {
				for _, there := range listing.Files {
					if want, rank := slot(&file, there); rank == 2 || rank == 1 && found[want] == "" {
						found[want] = there
					}
				}
			}
		}
		if len(found) == 0 {
			continue
		}
		for _, want := range sortedKeys(found) {
			there := found[want]
			if name, err := f.hub.Cached(listing, there); err == nil {
				plan.cached = append(plan.cached, name)
				continue
			}
			plan.files = append(plan.files, withLock(fetch.File{URL: f.hub.URL(listing, there), To: there, Token: f.hub.Token}, dataset, there))
		}
		return nil
	}
	return fmt.Errorf("hub: dataset %s: has none of the files of dataset %s", listing.ID, dataset.ID)
}

func boolOrder(b bool) int {
	if b {
		return 1
	}
	return 0
}

// adviseHub adds what a refusal of the hub means.
func adviseHub(err error) error {
	if refused, ok := errors.AsType[*fetch.StatusError](err); ok && (refused.Status == 401 || refused.Status == 403) {
		return fmt.Errorf("%w (accept the dataset's terms on its page, and set HF_TOKEN)", err)
	}
	return err
}

// withLock adds the checksum and the size that the dataset's file knows.
func withLock(file fetch.File, dataset *datasets.Dataset, name string) fetch.File {
	for _, set := range dataset.Sets {
		for _, p := range set.Splits {
			for _, f := range p.Files {
				if _, rank := slot(&f, name); rank == 2 && f.SHA256 != "" && path.Ext(f.Path) == path.Ext(name) {
					file.SHA256, file.Bytes = f.SHA256, f.Bytes
					return file
				}
			}
		}
	}
	return file
}

// covers reports whether names hold all files of the primary set's splits that a
// dataset cannot do without.
func covers(dataset *datasets.Dataset, names []string) bool {
	set, err := dataset.Set("")
	if err != nil {
		return false
	}
	for _, p := range set.Splits {
		if !slices.Contains(decisiveSplits(dataset), p.Name) {
			continue
		}
		for _, f := range p.Files {
			if !slices.ContainsFunc(names, func(n string) bool { _, rank := slot(&f, n); return rank > 0 }) {
				return false
			}
		}
	}
	return true
}

// bring downloads a plan's files and imports them. What was downloaded stays until
// all of it is here: the next call goes on.
func (f *fetcher) bring(ctx context.Context, dataset *datasets.Dataset, plan fetchPlan) error {
	folder := filepath.Join(f.env.data, ".fetch", dataset.ID)
	client := &fetch.Client{Progress: f.bars.tell}
	for _, file := range plan.files {
		file.To = filepath.Join(folder, filepath.FromSlash(path.Clean("/"+file.To)))
		if _, err := os.Stat(file.To); err == nil {
			continue // the call before got it
		} else if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err := client.Fetch(ctx, file); err != nil {
			return adviseHub(err)
		}
	}
	for _, name := range plan.cached {
		if err := copyFile(name, filepath.Join(folder, filepath.Base(name))); err != nil {
			return err
		}
	}
	f.importing.Lock()
	defer f.importing.Unlock()
	source := folder
	if len(plan.files) == 1 && len(plan.cached) == 0 { // an archive is looked into
		source = filepath.Join(folder, filepath.FromSlash(plan.files[0].To))
	}
	stage, err := os.MkdirTemp(f.env.data, ".import-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(stage)
	if err := f.env.importFrom(ctx, dataset, source, stage, wanted{}, false); err != nil {
		return err
	}
	return os.RemoveAll(folder)
}

func copyFile(from, to string) error {
	b, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	return os.WriteFile(to, b, 0o644)
}

// printFetched prints what was done, and says by its error whether all of it was.
func (env *environment) printFetched(list []fetchedDataset) error {
	refused, failed := 0, 0
	var first error
	for i := range list {
		r := &list[i]
		if r.err != nil {
			r.Why = r.err.Error()
			if first == nil {
				first = r.err
			}
		}
		switch r.State {
		case "refused":
			refused++
		case "failed":
			failed++
		}
	}
	if env.json {
		if err := env.printJSON(list); err != nil {
			return err
		}
	} else {
		for _, r := range list {
			if r.err != nil && len(list) == 1 {
				continue // said below
			}
			fmt.Fprintf(env.stdout, "%s: %s", r.Dataset, r.State)
			if r.From != "" {
				fmt.Fprintf(env.stdout, " from %s", r.From)
			}
			if r.Why != "" {
				fmt.Fprintf(env.stdout, ": %s", r.Why)
			}
			fmt.Fprintln(env.stdout)
			if r.State == "planned" {
				for _, address := range r.Files {
					fmt.Fprintf(env.stdout, "  %s\n", address)
				}
			}
		}
	}
	switch {
	case failed == 1 && len(list) == 1:
		return first
	case failed > 0:
		return fmt.Errorf("datasets fetch: %d of %d datasets could not be fetched", failed, len(list))
	case refused > 0:
		return &fault.DataError{Err: fmt.Errorf("datasets fetch: %d of %d datasets need an agreement or a licence", refused, len(list))}
	}
	return nil
}

// githubFiles and githubArchives are where repositories are downloaded from;
// NERBENCH_GITHUB names a mirror of both.
func (env *environment) githubFiles() string {
	if mirror := env.getenv("NERBENCH_GITHUB"); mirror != "" {
		return strings.TrimSuffix(mirror, "/")
	}
	return "https://raw.githubusercontent.com"
}

func (env *environment) githubArchives() string {
	if mirror := env.getenv("NERBENCH_GITHUB"); mirror != "" {
		return strings.TrimSuffix(mirror, "/")
	}
	return "https://codeload.github.com"
}
