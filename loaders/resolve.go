package loaders

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"nerbench/datasets"
	"nerbench/internal/archive"
)

// Resolve finds a file of a dataset in the dataset's folder below the data folder.
// It searches for its name and the other names under which it is published, each
// also without its folders, and with or without ".gz"; then, if the checksum is recorded, by
// content. A pattern returns all matching files, in byte order; a folder may be an
// archive of the same name. The returned names are relative to the data folder. If
// there is no file, the error is a [MissingError].
func Resolve(ctx context.Context, data fs.FS, dataset *datasets.Dataset, f *datasets.File) ([]string, error) {
	wanted := append([]string{f.Path}, f.Also...)
	for _, name := range wanted {
		names, err := matches(data, dataset.DataDir, name, f.Except)
		if err != nil {
			return nil, fmt.Errorf("dataset %s: pattern %s: %w", dataset.ID, name, err)
		}
		if len(names) > 0 {
			return names, nil
		}
	}
	for _, name := range wanted {
		for _, other := range otherForms(name) {
			full := path.Join(dataset.DataDir, other)
			if info, err := fs.Stat(data, full); err == nil && info.Mode().IsRegular() {
				return []string{full}, nil
			}
		}
	}
	name, err := findByContent(ctx, data, dataset.DataDir, f)
	if err != nil {
		return nil, fmt.Errorf("dataset %s: file %s: search by checksum: %w", dataset.ID, f.Path, err)
	}
	if name != "" {
		return []string{name}, nil
	}
	return nil, &MissingError{Dataset: dataset.ID, Path: path.Join(dataset.DataDir, f.Path)}
}

// otherForms are other names under which a file or folder may exist: packed or
// unpacked, and without the folders of its release.
func otherForms(name string) []string {
	if stem, ok := strings.CutSuffix(name, "/*"); ok || path.Ext(name) == "" {
		return []string{stem + ".tar.gz", stem + ".tgz", stem + ".zip"}
	}
	forms := []string{name + ".gz", path.Base(name), path.Base(name) + ".gz"}
	if plain, ok := strings.CutSuffix(name, ".gz"); ok && !archive.Is(name) {
		forms = append(forms, plain, path.Base(plain))
	}
	return forms
}

// matches are the files that a name or a pattern selects, in byte order.
func matches(data fs.FS, dir, name string, except []string) ([]string, error) {
	full := path.Join(dir, name)
	if !isPattern(name) {
		if _, err := fs.Stat(data, full); err != nil {
			return nil, nil
		}
		return []string{full}, nil
	}
	before, after, deep := strings.Cut(full, "/**/")
	if !deep {
		names, err := fs.Glob(data, full)
		names = slices.DeleteFunc(names, func(n string) bool { return archive.Hidden(n) || below(n, except) })
		slices.Sort(names)
		return names, err
	}
	var names []string
	if _, err := fs.Stat(data, before); err != nil {
		return nil, nil
	}
	err := fs.WalkDir(data, before, func(member string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || archive.Hidden(member) || below(member, except) {
			return err
		}
		ok, err := path.Match(after, lastElements(member, strings.Count(after, "/")+1))
		if ok {
			names = append(names, member)
		}
		return err
	})
	slices.Sort(names)
	return names, err
}

// isPattern reports whether a name is a pattern for several files.
func isPattern(name string) bool { return strings.ContainsAny(name, "*?[") }

// lastElements returns the last n elements of a path.
func lastElements(name string, n int) string {
	parts := strings.Split(name, "/")
	return strings.Join(parts[max(0, len(parts)-n):], "/")
}

// below reports whether a name is in one of the folders.
func below(name string, folders []string) bool {
	return slices.ContainsFunc(strings.Split(path.Dir(name), "/"), func(elem string) bool { return slices.Contains(folders, elem) })
}
