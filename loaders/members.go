package loaders

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"nerbench/internal/archive"
)

// largestArchive limits the unpacked bytes of an archive.
const largestArchive = 1 << 30

// each reads the wanted files of the split, in order. For a folder it reads the
// files below it, for an archive the members, in byte order of their names. While a
// member is read, the archive is the data folder.
func (r *reading) each(wanted func(name string) bool, read func(name string) error) error {
	for i := range r.part.Files {
		f := &r.part.Files[i]
		names, err := Resolve(r.ctx, r.data, r.dataset, f)
		if err != nil {
			return err
		}
		for _, name := range names {
			if err := r.within(name, counted(f.Members, wanted), read); err != nil {
				return err
			}
		}
	}
	return nil
}

// counted also requires that the names of files match a pattern.
func counted(pattern string, wanted func(name string) bool) func(name string) bool {
	if pattern == "" {
		return wanted
	}
	n := strings.Count(pattern, "/") + 1
	return func(name string) bool {
		ok, err := path.Match(pattern, lastElements(name, n))
		return archive.Is(name) || err == nil && ok && wanted(name)
	}
}

// within reads the wanted files of a file, a folder or an archive.
func (r *reading) within(name string, wanted func(name string) bool, read func(name string) error) error {
	switch {
	case archive.Is(name):
		return r.archive(name, wanted, read)
	case r.isFolder(name):
		return r.folder(name, wanted, read)
	case wanted(name):
		return read(name)
	}
	return nil
}

func (r *reading) archive(name string, wanted func(string) bool, read func(string) error) error {
	inside, ok := r.archives[name]
	if !ok {
		var err error
		if inside, err = r.unpack(name); err != nil {
			return fmt.Errorf("%s: %w", path.Base(name), err)
		}
		r.archives[name] = inside
	}
	outside := r.data
	r.data = inside
	defer func() { r.data = outside }()
	for _, member := range inside.Names() {
		if wanted(member) {
			if err := read(member); err != nil {
				return err
			}
		}
	}
	return nil
}

// unpack opens an archive. Hidden files, links and folders are skipped
// (docs/spec/formats.md §1).
func (r *reading) unpack(name string) (files *archive.Files, err error) {
	file, err := r.data.Open(name)
	if err != nil {
		return nil, err
	}
	limits := archive.DefaultLimits
	limits.Bytes = largestArchive
	files, err = archive.Open(r.ctx, file, name, limits)
	return files, errors.Join(err, file.Close())
}

// closeArchives removes the temporary files of the archives.
func (r *reading) closeArchives() error {
	var err error
	for _, files := range r.archives {
		err = errors.Join(err, files.Close())
	}
	return err
}

func (r *reading) isFolder(name string) bool {
	info, err := fs.Stat(r.data, name)
	return err == nil && info.IsDir()
}

func (r *reading) folder(name string, wanted func(string) bool, read func(string) error) error {
	var members []string
	err := fs.WalkDir(r.data, name, func(member string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && !archive.Hidden(member) && wanted(member) {
			members = append(members, member)
		}
		return err
	})
	if err != nil {
		return err
	}
	slices.Sort(members)
	for _, member := range members {
		if err := read(member); err != nil {
			return err
		}
	}
	return nil
}

// member is a file of a split, in a folder or in an archive.
type member struct {
	data fs.FS
	name string
}

// stem is the member's name without folders and without an ending.
func (m member) stem(ending string) string { return strings.TrimSuffix(path.Base(m.name), ending) }

// all lists the wanted files of the split, in order, for families whose documents
// consist of several files.
func (r *reading) all(wanted func(name string) bool) ([]member, error) {
	var members []member
	err := r.each(wanted, func(name string) error {
		members = append(members, member{r.data, name})
		return nil
	})
	return members, err
}

// at reads with the member's folder or archive as the data folder.
func (r *reading) at(m member, read func(name string) error) error {
	outside := r.data
	r.data = m.data
	defer func() { r.data = outside }()
	return read(m.name)
}

// wholeOf reads a small member.
func (r *reading) wholeOf(m member) (text []byte, err error) {
	err = r.at(m, func(name string) error {
		text, err = r.whole(name)
		return err
	})
	return text, err
}

// withSuffix selects files by the suffix of their names, without ".gz".
func withSuffix(suffix string) func(string) bool {
	return func(name string) bool { return strings.HasSuffix(strings.TrimSuffix(name, ".gz"), suffix) }
}
