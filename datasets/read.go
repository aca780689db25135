package datasets

import (
	"cmp"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"

	"nerbench/internal/strict"
	"nerbench/ner"
)

//go:embed benchmark/*.toml suites.toml references.bib
var embedded embed.FS

// Embedded returns the datasets of the benchmark, sorted by id. Their files are read once:
// the elements of their slices must not be changed.
func Embedded() ([]*Dataset, error) {
	read, err := readEmbedded()
	ds := make([]*Dataset, len(read))
	for i, d := range read {
		own := *d
		ds[i] = &own
	}
	return ds, err
}

var readEmbedded = sync.OnceValues(func() ([]*Dataset, error) {
	sub, err := fs.Sub(embedded, "benchmark")
	if err != nil {
		return nil, fmt.Errorf("embedded datasets: %w", err)
	}
	return Read(sub)
})

// Read reads the dataset files (*.toml) at the root of fsys, sorted by id. An
// unknown key is an error, and so is a fault found by [Lint]. The error joins all
// faults of all files; each names its file, and its line if it is known.
func Read(fsys fs.FS) ([]*Dataset, error) {
	folder, err := ReadFolder(fsys)
	if err == nil {
		err = folder.Err()
	}
	if err != nil {
		return nil, err
	}
	return folder.Items, nil
}

// ReadFolder is [Read] for a folder with custom files, some of which may be
// malformed. Their errors are in the result, by file name.
func ReadFolder(fsys fs.FS) (strict.Folder[*Dataset], error) {
	folder, err := strict.ReadFolder(fsys, ReadFile)
	if err != nil {
		return folder, fmt.Errorf("read datasets: %w", err)
	}
	slices.SortFunc(folder.Items, func(a, b *Dataset) int { return strings.Compare(a.ID, b.ID) })
	return folder, nil
}

// ReadFile reads one dataset file, as strictly as [Read].
func ReadFile(fsys fs.FS, name string) (*Dataset, error) {
	r, err := readDataset(fsys, name)
	if err != nil {
		return nil, err
	}
	pairOfFiles(r)
	var faults []error
	for _, fault := range Lint(r) {
		faults = append(faults, fmt.Errorf("%s: %w", name, fault))
	}
	return r, errors.Join(faults...)
}

// pairOfFiles lets a pattern for one file of the pairs of the family brat also select
// the other one, so that both are found and imported.
func pairOfFiles(r *Dataset) {
	for i := range r.Sets {
		if r.Sets[i].Family != "brat" {
			continue
		}
		for k := range r.Sets[i].Splits {
			files := r.Sets[i].Splits[k].Files
			for n := range files {
				other := ""
				if stem, ok := strings.CutSuffix(files[n].Path, ".txt"); ok {
					other = stem + ".ann"
				} else if stem, ok := strings.CutSuffix(files[n].Path, ".ann"); ok {
					other = stem + ".txt"
				}
				if other != "" && pattern(other) && !slices.Contains(files[n].Also, other) {
					files[n].Also = append(files[n].Also, other)
				}
			}
		}
	}
}

// readDataset reads one file. It does not lint.
func readDataset(fsys fs.FS, name string) (*Dataset, error) {
	r := &Dataset{File: name}
	if err := decode(fsys, name, r); err != nil {
		return nil, err
	}
	r.Text = cmp.Or(r.Text, NeverText)
	return r, nil
}

// Find returns the dataset with an id.
func Find(ds []*Dataset, id string) (*Dataset, error) {
	i := slices.IndexFunc(ds, func(r *Dataset) bool { return r.ID == id })
	if i < 0 {
		var ids []string
		for _, r := range ds {
			ids = append(ids, r.ID)
		}
		return nil, fmt.Errorf("dataset %q: unknown%s", id, ner.DidYouMean(id, ids))
	}
	return ds[i], nil
}

// decode reads a TOML file into v and rejects keys that v does not have.
func decode(fsys fs.FS, name string, v any) error { return strict.ReadTOML(fsys, name, v) }
