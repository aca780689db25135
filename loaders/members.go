package loaders

import (
	"io/fs"
	"path"
	"slices"
	"strings"
)

// each reads the files of the split that are wanted, in order. A folder stands
// for the files in it and below it, an archive for its members, in byte order of
// their names; while a member is read, the archive is the data.
func (r *reading) each(wanted func(name string) bool, read func(name string) error) error {
	names, err := r.files()
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := r.within(name, wanted, read); err != nil {
			return err
		}
	}
	return nil
}

// within reads those files that a file, a folder or an archive stands for.
func (r *reading) within(name string, wanted func(name string) bool, read func(name string) error) error {
	switch {
	case isArchive(name):
		return r.archive(name, wanted, read)
	case r.isFolder(name):
		return r.folder(name, wanted, read)
	case wanted(name):
		return read(name)
	}
	return nil
}

func (r *reading) archive(name string, wanted func(string) bool, read func(string) error) error {
	inside, err := unpack(r.data, name)
	if err != nil {
		return err
	}
	outside := r.data
	r.data = inside
	defer func() { r.data = outside }()
	for _, member := range inside.names() {
		if wanted(member) {
			if err := read(member); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *reading) isFolder(name string) bool {
	info, err := fs.Stat(r.data, name)
	return err == nil && info.IsDir()
}

func (r *reading) folder(name string, wanted func(string) bool, read func(string) error) error {
	var members []string
	err := fs.WalkDir(r.data, name, func(member string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && !hidden(member) && wanted(member) {
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

// hidden reports whether a name is one that archives of some systems add.
func hidden(name string) bool {
	return strings.HasPrefix(path.Base(name), ".") || strings.Contains(name, "__MACOSX")
}

// withSuffix wants the files whose names, without ".gz", end so.
func withSuffix(suffix string) func(string) bool {
	return func(name string) bool { return strings.HasSuffix(strings.TrimSuffix(name, ".gz"), suffix) }
}
