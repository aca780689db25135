package loaders

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"errors"
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
	return strings.HasSuffix(name, ".tar.gz") || strings.HasSuffix(name, ".tgz") || strings.HasSuffix(name, ".zip")
}

// unpack reads an archive. Hidden files, links and folders are passed over
// (docs/spec/formats.md §1).
func unpack(data fs.FS, name string) (packed, error) {
	p := &unpacking{files: packed{}}
	read := p.tar
	if strings.HasSuffix(name, ".zip") {
		read = p.zip
	}
	if err := read(data, name); err != nil {
		return nil, fmt.Errorf("%s: %w", path.Base(name), err)
	}
	return p.files, nil
}

// unpacking is an archive while it is read.
type unpacking struct {
	files packed
	size  int64
}

func (p *unpacking) member(name string, content io.Reader) error {
	if hidden(name) {
		return nil
	}
	b, err := io.ReadAll(io.LimitReader(content, largestArchive-p.size+1))
	if p.size += int64(len(b)); err == nil && p.size > largestArchive {
		err = errArchive
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	p.files[strings.TrimPrefix(path.Clean("/"+name), "/")] = b
	return nil
}

func (p *unpacking) tar(data fs.FS, name string) error {
	f, err := open(data, name)
	if err != nil {
		return err
	}
	defer f.Close()
	for archive := tar.NewReader(f); ; {
		head, err := archive.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if head.Typeflag == tar.TypeReg {
			if err := p.member(head.Name, archive); err != nil {
				return err
			}
		}
	}
}

func (p *unpacking) zip(data fs.FS, name string) error {
	in, size, err := randomAccess(data, name)
	if err != nil {
		return err
	}
	defer in.Close()
	archive, err := zip.NewReader(in, size)
	if err != nil {
		return err
	}
	for _, m := range archive.File {
		if !m.Mode().IsRegular() {
			continue
		}
		content, err := m.Open()
		if err != nil {
			return fmt.Errorf("%s: %w", m.Name, err)
		}
		if err := errors.Join(p.member(m.Name, content), content.Close()); err != nil {
			return err
		}
	}
	return nil
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
