// Package archive reads archives (zip, tar, tar.gz, tgz) within size limits, since
// archives are untrusted. [Each] streams the members, and [Open] makes them
// readable in any order.
package archive

import (
	"archive/tar"
	"archive/zip"
	"bufio"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"

	"nerbench/internal/names"
)

// Limits bound the number and the size of the files that are read from an archive.
type Limits struct {
	Members int   // of any kind
	Bytes   int64 // unpacked, of all members together
	// Ratio is the number of bytes that may be unpacked for each byte of the
	// archive. The first Free bytes are exempt.
	Ratio, Free int64
}

// DefaultLimits permit every dataset that is published as an archive.
var DefaultLimits = Limits{Members: 200_000, Bytes: 16 << 30, Ratio: 200, Free: 64 << 20}

// ErrLimit is wrapped by the error of an archive that exceeds its [Limits].
var ErrLimit = errors.New("refused: it unpacks to far more than its size or contains too many files")

// Is reports whether this package can read a file as an archive, by its name.
func Is(name string) bool { return isZip(name) || isTar(name) || isTarGzip(name) }

func isZip(name string) bool { return hasSuffix(name, ".zip") }

func isTar(name string) bool { return hasSuffix(name, ".tar") }

func isTarGzip(name string) bool { return hasSuffix(name, ".tar.gz") || hasSuffix(name, ".tgz") }

func hasSuffix(name, suffix string) bool { return strings.HasSuffix(strings.ToLower(name), suffix) }

// Hidden reports whether a name belongs to a file that programs create for
// themselves: a name with a leading dot, or macOS metadata.
func Hidden(name string) bool {
	base := path.Base(name)
	return strings.HasPrefix(base, ".") || base == "Icon\r" || strings.Contains(name, "__MACOSX")
}

// Visit is called with one regular file: its local and clean name with slashes, its
// size according to the archive, and its content, which the function may ignore.
type Visit func(name string, size int64, content io.Reader) error

// Each calls visit for each regular file of an archive, in the order of the
// archive. It skips folders, links, devices and [Hidden] files. A name that
// [names.Local] refuses is an error. The format of the
// archive is derived from its name. Errors of visit are returned with the name of
// the member.
func Each(ctx context.Context, file fs.File, name string, limits Limits, visit Visit) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	w := &walk{ctx: ctx, limits: limits, visit: visit}
	w.limits.Bytes = min(limits.Bytes, limits.Free+min(info.Size(), limits.Bytes)*limits.Ratio)
	switch {
	case isZip(name):
		return w.zip(file, info.Size())
	case isTarGzip(name):
		in, err := gzip.NewReader(bufio.NewReader(file))
		if err != nil {
			return fmt.Errorf("gzip: %w", err)
		}
		if err := w.tar(in); err != nil {
			return err
		}
		// The checksum of the gzip is behind the end of the tar. Other bytes there do no harm.
		if _, err := io.Copy(io.Discard, &countedReader{w, in, &w.stream}); errors.Is(err, gzip.ErrChecksum) {
			return err
		}
		return nil
	case isTar(name):
		return w.tar(bufio.NewReader(file))
	}
	return fmt.Errorf("%s: not an archive", name)
}

// walk is one pass through an archive.
type walk struct {
	ctx     context.Context
	limits  Limits
	visit   Visit
	members int
	stream  int64 // bytes of the unpacked stream of a tar archive
	content int64 // bytes of members
}

// member visits one member, unless it is skipped.
func (w *walk) member(name string, regular bool, size int64, open func() (io.ReadCloser, error)) error {
	if w.members++; w.members > w.limits.Members {
		return ErrLimit
	}
	if err := w.ctx.Err(); err != nil {
		return err
	}
	local, ok, err := localFile(name, regular)
	if err != nil || !ok {
		return err
	}
	content, err := open()
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	// A sparse file of a tar archive has more bytes than the stream, so that the
	// bytes of members are counted separately.
	err = w.visit(local, size, &countedReader{w, content, &w.content})
	if closing := content.Close(); err == nil {
		err = closing // else it is the same error, or a consequence
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// localFile returns the name under which a member may be written below a folder. ok
// is false for members that are skipped: those that are not regular files, and hidden
// files.
func localFile(name string, regular bool) (local string, ok bool, err error) {
	if !regular {
		return "", false, nil
	}
	local, err = names.Local(name)
	switch {
	case errors.Is(err, names.ErrUnusable) && Hidden(name), err == nil && Hidden(local):
		return "", false, nil
	case err != nil:
		return "", false, fmt.Errorf("member %w", err)
	}
	return local, true, nil
}

// countedReader counts the bytes against the limit, and stops when the context
// ends.
type countedReader struct {
	w     *walk
	r     io.Reader
	count *int64
}

func (r *countedReader) Read(p []byte) (int, error) {
	if err := r.w.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := r.r.Read(p)
	if *r.count += int64(n); *r.count > r.w.limits.Bytes {
		return 0, ErrLimit
	}
	return n, err
}

func (w *walk) zip(file fs.File, size int64) error {
	at, ok := file.(io.ReaderAt)
	if !ok {
		copied, err := w.copy(file)
		if err != nil {
			return err
		}
		defer copied.Close()
		at, size = copied.file, copied.size
	}
	directory := &boundedAt{at, mostDirectory, false}
	archive, err := zip.NewReader(directory, size)
	if err != nil {
		return err
	}
	directory.open = true
	for _, m := range archive.File {
		if err := w.member(m.Name, m.Mode().IsRegular(), int64(min(m.UncompressedSize64, 1<<62)), m.Open); err != nil {
			return err
		}
	}
	return nil
}

// mostDirectory is the largest directory of a zip, in bytes. It is kept in memory, where
// an entry has some 300 bytes; it has at least 46 in the file. Published datasets have less
// than a tenth.
const mostDirectory = 32 << 20

// boundedAt reads a number of bytes, until it is open.
type boundedAt struct {
	io.ReaderAt
	left int64
	open bool
}

func (b *boundedAt) ReadAt(p []byte, at int64) (int, error) {
	if !b.open {
		if b.left -= int64(len(p)); b.left < 0 {
			return 0, ErrLimit
		}
	}
	return b.ReaderAt.ReadAt(p, at)
}

// copy copies an archive that is not an io.ReaderAt to a temporary file.
func (w *walk) copy(file fs.File) (*spool, error) {
	s, err := newSpool()
	if err != nil {
		return nil, err
	}
	var size int64
	_, err = io.Copy(s, &countedReader{w, file, &size})
	if err == nil {
		err = s.flush()
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (w *walk) tar(in io.Reader) error {
	for archive := tar.NewReader(&countedReader{w, in, &w.stream}); ; {
		m, err := archive.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		open := func() (io.ReadCloser, error) { return io.NopCloser(archive), nil }
		if err := w.member(m.Name, m.Typeflag == tar.TypeReg, m.Size, open); err != nil {
			return err
		}
	}
}
