package strict

import (
	"errors"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
)

// Folder holds the items that were read from the TOML files of a folder. A
// malformed file does not prevent reading the others.
type Folder[T any] struct {
	Items []T // in order of the file names
	// Faults are the errors of items that could not be read, by file name without
	// ".toml", or by the name of their folder.
	Faults map[string]error
}

// ReadFolder calls read for each file *.toml at the root of fsys.
func ReadFolder[T any](fsys fs.FS, read func(fsys fs.FS, name string) (T, error)) (Folder[T], error) {
	folder := Folder[T]{Faults: map[string]error{}}
	names, err := fs.Glob(fsys, "*.toml")
	if err != nil {
		return folder, err
	}
	for _, name := range names {
		item, err := read(fsys, name)
		if err != nil {
			folder.Faults[strings.TrimSuffix(path.Base(name), ".toml")] = err
			continue
		}
		folder.Items = append(folder.Items, item)
	}
	return folder, nil
}

// Err joins the errors of all files, in order of their names.
func (f Folder[T]) Err() error {
	var all []error
	for _, name := range slices.Sorted(maps.Keys(f.Faults)) {
		all = append(all, f.Faults[name])
	}
	return errors.Join(all...)
}
