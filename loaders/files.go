package loaders

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
	"unicode/utf8"

	"nerbench/datasets"
	"nerbench/internal/checksum"
)

// UnfinishedImport is a file in the folder of a dataset while files are moved there. If
// the import is interrupted, it stays, and the dataset cannot be read: some files may be
// missing, or those of another release.
const UnfinishedImport = ".nerbench-import.unfinished"

// unfinishedError is an [fs.ErrNotExist]: the dataset has to be imported again.
type unfinishedError struct{}

func (unfinishedError) Error() string {
	return "its files are incomplete: an import was interrupted, or is in progress"
}

func (unfinishedError) Is(target error) bool { return target == fs.ErrNotExist }

// files resolves the files of the split to names in the data folder, in order.
func (r *reading) files() ([]string, error) {
	if _, err := fs.Stat(r.data, path.Join(r.dataset.DataDir, UnfinishedImport)); err == nil {
		return nil, fmt.Errorf("dataset %s: %w", r.dataset.ID, unfinishedError{})
	}
	var names []string
	for i := range r.part.Files {
		found, err := Resolve(r.ctx, r.data, r.dataset, &r.part.Files[i])
		if err != nil {
			var missing *MissingError
			if errors.As(err, &missing) {
				missing.Set, missing.Split = r.set.Name, r.part.Name
			}
			return nil, err
		}
		names = append(names, found...)
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("dataset %s: %s: its files have no fixed names (%s)", r.dataset.ID, r.part.Name, r.part.Layout)
	}
	return names, nil
}

// findByContent searches for a file with the right size and checksum, under any
// name. The name is empty if there is no such file; the error is only that of the
// context.
func findByContent(ctx context.Context, data fs.FS, dir string, f *datasets.File) (found string, err error) {
	if f.SHA256 == "" || f.Bytes == 0 {
		return "", nil
	}
	err = fs.WalkDir(data, dir, func(name string, d fs.DirEntry, err error) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil || d.IsDir() {
			return nil // skip unreadable files
		}
		if info, err := d.Info(); err != nil || info.Size() != f.Bytes {
			return nil
		}
		if sum, err := fileSHA256(ctx, data, name, f); err == nil && sum == f.SHA256 {
			found = name
			return fs.SkipAll
		}
		return ctx.Err()
	})
	return found, err
}

// fileSHA256 is the SHA-256 of a file, in hexadecimal. If the dataset lists the
// file without ".gz" and it was found with it, this is the checksum of its unpacked
// content.
func fileSHA256(ctx context.Context, data fs.FS, name string, of *datasets.File) (string, error) {
	read := open
	if compressed(of.Path) {
		read = func(data fs.FS, name string) (io.ReadCloser, error) { return data.Open(name) }
	}
	f, err := read(data, name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	sum, err := checksum.Of(ctx, f)
	if err != nil {
		return "", fmt.Errorf("%s: %w", name, err)
	}
	return sum, nil
}

// compressed reports whether a name is that of a gzip file.
func compressed(name string) bool {
	return strings.HasSuffix(name, ".gz") || strings.HasSuffix(name, ".tgz")
}

// open opens a file, and unpacks it if it is a gzip file by its name.
func open(data fs.FS, name string) (io.ReadCloser, error) {
	f, err := data.Open(name)
	if err != nil {
		return nil, err
	}
	if !compressed(name) {
		return f, nil
	}
	z, err := gzip.NewReader(bufio.NewReader(f))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: gzip: %w", name, err), f.Close())
	}
	return struct {
		io.Reader
		io.Closer
	}{z, f}, nil
}

// openData opens a file whose documents are read. A read fails if there is no end of a
// document within [longestDocument] bytes, because a document is kept in memory.
func (r *reading) openData(name string) (io.ReadCloser, error) {
	f, err := open(r.data, name)
	if err != nil {
		return nil, err
	}
	return &documentReader{f, r}, nil
}

type documentReader struct {
	io.ReadCloser
	r *reading
}

// Read implements [io.Reader].
func (d *documentReader) Read(p []byte) (int, error) {
	if d.r.unended > longestDocument {
		return 0, fmt.Errorf("a document of more than %d MiB", longestDocument>>20)
	}
	n, err := d.ReadCloser.Read(p)
	d.r.unended += n
	return n, err
}

// shown is the name of a file in messages: relative to the dataset's folder.
func (r *reading) shown(name string) string { return strings.TrimPrefix(name, r.dataset.DataDir+"/") }

// longestLine limits the length of a line in bytes: a longer line is not text.
const longestLine = 64 << 20

// longestDocument limits the bytes of a document in its files. It is more than a line, so
// that a line that is too long is called so.
const longestDocument = longestLine + 1<<20

var bom = []byte("\uFEFF")

// lines calls f with each line of a file and its number, from 1. Lines end only at
// LF; one CR before it is removed, and so is a byte order mark
// (docs/spec/formats.md §1). The bytes are valid until f returns. Errors of f are
// returned as "file:line: why".
func (r *reading) lines(name string, f func(line []byte) error) error {
	file, err := r.openData(name)
	if err != nil {
		return err
	}
	defer file.Close()
	shown := r.shown(name)
	err = eachLine(&nulReader{in: file}, r.tally, func(number int, line []byte) error {
		err := f(line)
		if err == nil || err == errStopped || r.ctx.Err() != nil {
			return err
		}
		return fmt.Errorf("%s:%d: %w", shown, number, err)
	})
	if unread, ok := err.(*LineError); ok {
		return fmt.Errorf("%s:%d: %w", shown, unread.Line, unread.Err)
	}
	return err
}

// whole reads a text that fits in memory, and [reading.clean]s it.
func (r *reading) whole(name string) ([]byte, error) {
	b, err := r.raw(name)
	if err != nil {
		return nil, err
	}
	return r.clean(b), nil
}

// raw reads the bytes of a text that fits in memory.
func (r *reading) raw(name string) ([]byte, error) {
	f, err := r.openData(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, longestLine+1))
	switch {
	case err != nil:
	case len(b) > longestLine:
		err = fmt.Errorf("more than %d MiB", longestLine>>20)
	case bytes.IndexByte(b, 0) >= 0:
		return nil, fmt.Errorf("%s:%d: %w", r.shown(name), 1+bytes.Count(b[:bytes.IndexByte(b, 0)], []byte("\n")), errNUL)
	case !utf8.Valid(b):
		return nil, fmt.Errorf("%s:%d: %w", r.shown(name), 1+bytes.Count(b[:firstInvalid(b)], []byte("\n")), errUTF8)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", r.shown(name), err)
	}
	return b, nil
}

// firstInvalid is the position of the first byte that is not UTF-8.
func firstInvalid(b []byte) int {
	at := 0
	for at < len(b) {
		c, size := utf8.DecodeRune(b[at:])
		if c == utf8.RuneError && size <= 1 {
			break
		}
		at += size
	}
	return at
}

// clean removes a byte order mark, and one CR before each LF, as [reading.lines]
// does. It counts both, since offsets of most formats are those of the text without
// them.
func (r *reading) clean(b []byte) []byte {
	if rest, ok := bytes.CutPrefix(b, bom); ok {
		b = rest
		r.tally.Repairs["bom"]++
	}
	if n := bytes.Count(b, []byte("\r\n")); n > 0 {
		b = bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n"))
		r.tally.Repairs["carriage_returns"] += n
	}
	return b
}

// nulReader fails at a NUL byte, which occurs in most text in UTF-16 but in no
// UTF-8 text.
type nulReader struct {
	in  io.Reader
	met bool
}

// Read implements [io.Reader].
func (r *nulReader) Read(p []byte) (int, error) {
	if r.met {
		return 0, errNUL
	}
	n, err := r.in.Read(p)
	if at := bytes.IndexByte(p[:n], 0); at >= 0 {
		r.met = true
		return at, errNUL
	}
	return n, err
}

var (
	errUTF8 = errors.New("not valid UTF-8")
	errNUL  = errors.New("a NUL byte: want text in UTF-8")
	errLong = fmt.Errorf("a line of more than %d MiB", longestLine>>20)
)

// eachLine is [reading.lines] for any io.Reader.
func eachLine(file io.Reader, tally *Tally, f func(number int, line []byte) error) error {
	in := bufio.NewReaderSize(file, 1<<16)
	var long []byte
	for number := 1; ; number++ {
		line, err := in.ReadSlice('\n')
		if err == bufio.ErrBufferFull {
			if line, long, err = readLong(in, line, long[:0]); err == errLong {
				return f(number, nil)
			}
		}
		if err != nil && err != io.EOF {
			return &LineError{number, err}
		}
		end := err == io.EOF
		if end && len(line) == 0 {
			return nil
		}
		line = bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
		if number == 1 && bytes.HasPrefix(line, bom) {
			line = line[len(bom):]
			tally.Repairs["bom"]++
		}
		if err := f(number, line); err != nil || end {
			return err
		}
	}
}

// readLong reads the rest of a line that is longer than the buffer.
func readLong(in *bufio.Reader, first, into []byte) (line, buffer []byte, err error) {
	into = append(into, first...)
	for {
		part, err := in.ReadSlice('\n')
		into = append(into, part...)
		if err != bufio.ErrBufferFull {
			return into, into, err
		}
		if len(into) > longestLine {
			return nil, into, errLong
		}
	}
}

// checkUTF8 is the policy of all text formats: invalid UTF-8 stops the reading.
func checkUTF8(line []byte) error {
	if !utf8.Valid(line) {
		return errUTF8
	}
	return nil
}
