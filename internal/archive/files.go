package archive

import (
	"bufio"
	"context"
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"time"
)

// Files are the members of an archive, unpacked to one temporary file so that they
// can be read in any order. They form an [fs.FS] of names without folders. The
// caller must close Files.
type Files struct {
	unpacked *spool
	at       map[string]extent
}

// extent is the position of a member in the temporary file.
type extent struct{ start, size int64 }

// Open unpacks an archive by the same rules as [Each]. If two members have the same
// name, the later one is used.
func Open(ctx context.Context, file fs.File, name string, limits Limits) (*Files, error) {
	unpacked, err := newSpool()
	if err != nil {
		return nil, err
	}
	f := &Files{unpacked, map[string]extent{}}
	err = Each(ctx, file, name, limits, func(name string, _ int64, content io.Reader) error {
		start := unpacked.size
		n, err := io.Copy(unpacked, content)
		f.at[name] = extent{start, n}
		return err
	})
	if err == nil {
		err = unpacked.flush()
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// Close removes the temporary file.
func (f *Files) Close() error { return f.unpacked.Close() }

// Names lists the files in byte order.
func (f *Files) Names() []string { return slices.Sorted(maps.Keys(f.at)) }

// Open implements [fs.FS].
func (f *Files) Open(name string) (fs.File, error) {
	e, ok := f.at[name]
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return &member{io.NewSectionReader(f.unpacked.file, e.start, e.size), name}, nil
}

// member is an open file.
type member struct {
	*io.SectionReader
	name string
}

func (m *member) Stat() (fs.FileInfo, error) { return memberInfo{m}, nil }

func (m *member) Close() error { return nil }

type memberInfo struct{ m *member }

func (i memberInfo) Name() string       { return path.Base(i.m.name) }
func (i memberInfo) Size() int64        { return i.m.Size() }
func (i memberInfo) Mode() fs.FileMode  { return 0o444 }
func (i memberInfo) ModTime() time.Time { return time.Time{} }
func (i memberInfo) IsDir() bool        { return false }
func (i memberInfo) Sys() any           { return nil }

// spool is a temporary file that is written once and then read at any offset.
type spool struct {
	file    *os.File
	removed bool
	out     *bufio.Writer
	size    int64
}

func newSpool() (*spool, error) {
	f, err := os.CreateTemp("", "nerbench-archive-*")
	if err != nil {
		return nil, err
	}
	// If the system permits it, the name is removed while the file is open, so that
	// a killed process leaves no file.
	removed := os.Remove(f.Name()) == nil
	// The struct hides the ReadFrom method of the file, which would write each
	// member separately.
	return &spool{file: f, removed: removed, out: bufio.NewWriterSize(struct{ io.Writer }{f}, 1<<16)}, nil
}

func (s *spool) Write(p []byte) (int, error) {
	n, err := s.out.Write(p)
	s.size += int64(n)
	return n, err
}

// ReadFrom implements [io.ReaderFrom], so that [io.Copy] needs no buffer.
func (s *spool) ReadFrom(r io.Reader) (int64, error) {
	n, err := s.out.ReadFrom(r)
	s.size += n
	return n, err
}

func (s *spool) flush() error { return s.out.Flush() }

func (s *spool) Close() error {
	err := s.file.Close()
	if !s.removed {
		err = errors.Join(err, os.Remove(s.file.Name()))
	}
	return err
}
