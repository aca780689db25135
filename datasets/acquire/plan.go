package acquire

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"nerbench/datasets"
	"nerbench/datasets/fetch"
	"nerbench/internal/archive"
)

// bestFirst lists the sources of a dataset. Sources with all files of its primary
// set come first.
func bestFirst(dataset *datasets.Dataset) []datasets.Source {
	sources := slices.Clone(dataset.Sources)
	slices.SortStableFunc(sources, func(a, b datasets.Source) int {
		return trueFirst(covers(dataset, filesOf(a, dataset)), covers(dataset, filesOf(b, dataset)))
	})
	return sources
}

// plan lists the files to get from one source. They are put into a folder, which is
// imported afterwards.
type plan struct {
	files  []fetch.File // To is relative to the folder
	cached []cachedFile
}

// cachedFile is a file of the hub that another program has downloaded.
type cachedFile struct{ from, to string }

// plan lists the files of the dataset that a source has.
func (a *Acquirer) plan(ctx context.Context, s datasets.Source, dataset *datasets.Dataset) (plan, error) {
	switch s.Kind {
	case "github":
		return plan{files: a.repositoryFiles(s, dataset)}, nil
	case "url", "ftp":
		return plan{files: addressFiles(s, dataset)}, nil
	case "huggingface":
		return a.hubFiles(ctx, s, dataset)
	}
	return plan{}, nil
}

// repositoryFiles returns the single files if the source lists all files that the
// dataset needs. Otherwise it returns the archives that the source lists or, if it
// lists folders, the whole repository at its commit.
func (a *Acquirer) repositoryFiles(s datasets.Source, dataset *datasets.Dataset) []fetch.File {
	commit := s.Commit
	if commit == "" {
		commit = "HEAD"
	}
	address := func(name string) string {
		return a.gitHub("https://raw.githubusercontent.com") + "/" + s.Where + "/" + commit + "/" + name
	}
	names := filesOf(s, dataset)
	plain := !slices.ContainsFunc(names, func(n string) bool { return strings.HasSuffix(n, "/") || strings.ContainsAny(n, "*?[") })
	var files []fetch.File
	if plain && covers(dataset, names) {
		for _, name := range names {
			files = append(files, withChecksum(fetch.File{URL: address(name), To: name}, dataset, name))
		}
		return files
	}
	folders := len(names) > 0
	for _, name := range expandNames(s.Files) {
		switch {
		case archive.Is(name):
			files = append(files, withChecksum(fetch.File{URL: address(name), To: path.Base(name)}, dataset, path.Base(name)))
		case strings.HasSuffix(name, "/"):
			folders = true
		}
	}
	if len(files) == 0 && folders {
		files = append(files, fetch.File{URL: a.gitHub("https://codeload.github.com") + "/" + s.Where + "/tar.gz/" + commit, To: path.Base(s.Where) + ".tar.gz"})
	}
	return files
}

// gitHub is the address of GitHub, or of its mirror.
func (a *Acquirer) gitHub(host string) string {
	if a.GitHub != "" {
		return strings.TrimSuffix(a.GitHub, "/")
	}
	return host
}

// addressFiles are one archive, or the listed files of a folder.
func addressFiles(s datasets.Source, dataset *datasets.Dataset) []fetch.File {
	if !strings.HasPrefix(s.Where, "http://") && !strings.HasPrefix(s.Where, "https://") {
		return nil
	}
	if !strings.HasSuffix(s.Where, "/") {
		name := path.Base(s.Where)
		return []fetch.File{withChecksum(fetch.File{URL: s.Where, To: name}, dataset, name)}
	}
	var files []fetch.File
	for _, name := range filesOf(s, dataset) {
		files = append(files, withChecksum(fetch.File{URL: s.Where + name, To: name}, dataset, name))
	}
	return files
}

// hubFiles are the dataset's files in a dataset of the hub: those of the primary
// set, or else of the first set with files there. They are pinned to the revision
// of the listing.
func (a *Acquirer) hubFiles(ctx context.Context, s datasets.Source, dataset *datasets.Dataset) (plan, error) {
	var out plan
	listing, err := a.Hub.List(ctx, a.HTTP, s.Where, s.Commit)
	if err != nil {
		return out, hubHint(err)
	}
	sets := slices.Clone(dataset.Sets)
	slices.SortStableFunc(sets, func(a, b datasets.Set) int { return trueFirst(a.Primary, b.Primary) })
	base := strings.Split(listing.ID, "/")
	var members []member
	for _, name := range listing.Files {
		members = append(members, member{name: name, place: append(slices.Clone(base), strings.Split(name, "/")...)})
	}
	for _, set := range sets {
		c := &chooser{dataset: dataset, targets: targets(dataset, ImportOptions{Set: set.Name}), base: listing.ID}
		found, err := c.choose(members)
		if err != nil {
			return out, fmt.Errorf("hub: dataset %s: %w", listing.ID, err)
		}
		if len(found) == 0 {
			continue
		}
		for _, want := range slices.Sorted(maps.Keys(found)) {
			there := found[want].member.name
			if name, err := a.Hub.Cached(listing, there); err == nil {
				out.cached = append(out.cached, cachedFile{name, there})
				continue
			}
			out.files = append(out.files, withChecksum(fetch.File{URL: a.Hub.URL(listing, there), To: there, Token: a.Hub.Token}, dataset, there))
		}
		return out, nil
	}
	return out, fmt.Errorf("hub: dataset %s: contains no file of dataset %s", listing.ID, dataset.ID)
}

// trueFirst compares two values for sorting; true comes first.
func trueFirst(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}

// hubHint adds a hint to the error for a refused request to the hub.
func hubHint(err error) error {
	if refused, ok := errors.AsType[*fetch.StatusError](err); ok && (refused.Status == 401 || refused.Status == 403) {
		return fmt.Errorf("%w (accept the dataset's terms on its page, and set HF_TOKEN)", err)
	}
	return err
}

// withChecksum adds the recorded checksum and size to a file.
func withChecksum(file fetch.File, dataset *datasets.Dataset, name string) fetch.File {
	for _, set := range dataset.Sets {
		for _, p := range set.Splits {
			for _, f := range p.Files {
				if one, ok := matchName(&f, named(name)); ok && one.missing == 0 && f.SHA256 != "" && path.Ext(f.Path) == path.Ext(name) {
					file.SHA256, file.Bytes = f.SHA256, f.Bytes
					return file
				}
			}
		}
	}
	return file
}

// covers reports whether names include all files of the decisive splits.
func covers(dataset *datasets.Dataset, names []string) bool {
	set, err := dataset.Set("")
	if err != nil {
		return false
	}
	for _, p := range set.Splits {
		if !slices.Contains(dataset.DecisiveSplits(), p.Name) {
			continue
		}
		for _, f := range p.Files {
			if !slices.ContainsFunc(names, func(n string) bool { _, ok := matchName(&f, named(n)); return ok }) {
				return false
			}
		}
	}
	return true
}

// named is a member of which only the name is known.
func named(name string) *member { return &member{name: name, place: strings.Split(name, "/")} }
