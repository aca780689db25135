package loaders

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"time"
)

// packed is the content of an archive: regular files by name. It is a file
// system, so that what reads a folder reads an archive.
type packed map[string][]byte

// largestArchive bounds what an archive may hold, in bytes.
const largestArchive = 1 << 30

var errArchive = fmt.Errorf("an archive of more than %d MiB", largestArchive>>20)

// isArchive reports whether a name is that of an archive.
func isArchive(name string) bool {
	return strings.HasSuffix(name, ".tar.gz") || strings.HasSuffix(name, ".tgz")
}

// unpack reads a tar archive. Hidden files are passed over (formats.md §1).
func unpack(data fs.FS, name string) (packed, error) {
	f, err := open(data, name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	p := packed{}
	size := int64(0)
	for archive := tar.NewReader(f); ; {
		head, err := archive.Next()
		if err == io.EOF {
			return p, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path.Base(name), err)
		}
		base := path.Base(head.Name)
		if head.Typeflag != tar.TypeReg || strings.HasPrefix(base, ".") || strings.Contains(head.Name, "__MACOSX") {
			continue
		}
		b, err := io.ReadAll(io.LimitReader(archive, largestArchive-size+1))
		if size += int64(len(b)); err == nil && size > largestArchive {
			err = errArchive
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %s: %w", path.Base(name), head.Name, err)
		}
		p[path.Clean(head.Name)] = b
	}
}

// names lists the files in byte order.
func (p packed) names() []string { return slices.Sorted(maps.Keys(p)) }

// Open implements [fs.FS].
func (p packed) Open(name string) (fs.File, error) {
	b, ok := p[name]
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return &packedFile{bytes.NewReader(b), name}, nil
}

type packedFile struct {
	*bytes.Reader
	name string
}

func (f *packedFile) Stat() (fs.FileInfo, error) { return packedInfo{f}, nil }

func (f *packedFile) Close() error { return nil }

type packedInfo struct{ f *packedFile }

func (i packedInfo) Name() string       { return path.Base(i.f.name) }
func (i packedInfo) Size() int64        { return i.f.Size() }
func (i packedInfo) Mode() fs.FileMode  { return 0o444 }
func (i packedInfo) ModTime() time.Time { return time.Time{} }
func (i packedInfo) IsDir() bool        { return false }
func (i packedInfo) Sys() any           { return nil }
