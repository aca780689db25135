// Package corpus reads the texts of a corpus: JSON Lines, plain text and Parquet files,
// each also compressed (.gz, .zst), and folders of them. Names decide how a file is read.
package corpus

import (
	"bufio"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/klauspost/compress/zstd"

	"nerbench/internal/checksum"
)

// Text is one text of a corpus.
type Text struct {
	ID     string
	Text   string
	Source string // the part of the corpus: its field "source", else the name of its file
	Place  string // file and line, for errors
}

// Options say which fields of JSON Lines and Parquet files hold what.
type Options struct {
	Field string // of the text; empty: text
	ID    string // of the id; empty: id, if there is one
}

// File is a file that was read.
type File struct {
	Name   string `json:"name" toml:"name"` // below the folder that was named; a file without its folder
	SHA256 string `json:"sha256" toml:"sha256"`
	Bytes  int64  `json:"bytes" toml:"bytes"`
	Texts  int    `json:"texts" toml:"texts"`
	// Faulty is the number of texts that cannot be read, and are left out. Where the rest of
	// a file that is compressed as a whole is lost, it counts as one: how many texts it held
	// is unknown. Of a Parquet file, all rows that are lost count.
	Faulty int `json:"faulty,omitempty" toml:"faulty,omitempty"`
}

// Fault is a text that cannot be read, or the first of several that are lost together.
type Fault struct {
	File string
	At   string // "line 7", "row 7", "byte 4096"
	Err  error
}

func (f *Fault) Error() string { return fmt.Sprintf("%s: %s: %v", f.File, f.At, f.Err) }

func (f *Fault) Unwrap() error { return f.Err }

// Report says what was read.
type Report struct {
	Files []File
	// Faults are the first faults; Faulty is the number of all.
	Faults []*Fault
	Faulty int
	Texts  int
}

// faultsKept is the number of faults that a report names.
const faultsKept = 5

// textsBefore is the number of texts after which too many faults end the reading early.
const textsBefore = 1000

// tooMany reports whether more than one text of a hundred is faulty.
func (r *Report) tooMany() bool { return r.Faulty*100 > r.Texts+r.Faulty }

// Read calls f with each text of files and folders, in the order of the paths and then of
// the names. Links to files are followed, and links to folders only where they are named:
// a folder may have a link to itself. Faulty texts are left out and counted; if they are more than 1 % of all, the
// first is the error. That ids differ is not checked: a corpus may have any size.
func Read(ctx context.Context, paths []string, o Options, f func(Text) error) (Report, error) {
	if o.Field == "" {
		o.Field = "text"
	}
	r := &reader{Options: o, ctx: ctx, visit: f}
	files, err := list(paths)
	if err != nil {
		return r.report, err
	}
	for _, file := range files {
		if err := r.file(file); err != nil {
			return r.report, err
		}
	}
	if r.report.tooMany() {
		return r.report, r.tooManyFaults()
	}
	if r.report.Texts == 0 {
		return r.report, fmt.Errorf("corpus: %s: it has no text", strings.Join(paths, ", "))
	}
	return r.report, nil
}

// endings are those of the names of files that can be read, without compression.
var endings = []string{".jsonl", ".ndjson", ".json", ".txt", ".text", ".md", ".parquet"}

// plain cuts the ending of a compressed file off a name.
func plain(name string) (inner, compression string) {
	for _, c := range []string{".gz", ".zst"} {
		if inner, ok := strings.CutSuffix(name, c); ok {
			return inner, c
		}
	}
	return name, ""
}

// named is a file and its name in ids and errors.
type named struct{ path, name string }

// list returns the files of paths: those that are named, and the readable ones of folders.
func list(paths []string) (files []named, err error) {
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return nil, fmt.Errorf("corpus: %w", err)
		}
		if !info.IsDir() {
			files = append(files, named{path, filepath.Base(path)})
			continue
		}
		root, err := filepath.EvalSymlinks(path) // WalkDir follows no links
		if err != nil {
			return nil, fmt.Errorf("corpus: %w", err)
		}
		before := len(files)
		err = filepath.WalkDir(root, func(name string, e fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if hidden := strings.HasPrefix(e.Name(), ".") && name != root; hidden {
				if e.IsDir() {
					return fs.SkipDir
				}
				return nil
			}
			inner, _ := plain(e.Name())
			if !slices.Contains(endings, strings.ToLower(filepath.Ext(inner))) {
				return nil
			}
			info, err := os.Stat(name) // of what a link leads to
			if err != nil || !info.Mode().IsRegular() {
				return err
			}
			below, err := filepath.Rel(root, name)
			if err != nil {
				return err
			}
			files = append(files, named{name, filepath.ToSlash(below)})
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("corpus: %w", err)
		}
		if len(files) == before {
			return nil, fmt.Errorf("corpus: %s: no file ends in %s (or these with .gz or .zst)", path, strings.Join(endings, ", "))
		}
	}
	return files, nil
}

type reader struct {
	Options
	ctx    context.Context
	visit  func(Text) error
	report Report

	name   string // of the file
	source string
	texts  int
	faults int
}

// file reads one file.
func (r *reader) file(file named) (err error) {
	in, err := os.Open(file.path)
	if err != nil {
		return fmt.Errorf("corpus: %w", err)
	}
	defer in.Close()
	r.name, r.texts, r.faults = file.name, 0, 0
	inner, compression := plain(r.name)
	ending := strings.ToLower(filepath.Ext(inner))
	r.source = strings.TrimSuffix(inner, filepath.Ext(inner))
	counted := &counter{in: in, hash: sha256.New()}
	switch ending {
	case ".parquet":
		if compression != "" {
			return fmt.Errorf("corpus: %s: unpack it first: Parquet files are compressed inside", r.name)
		}
		err = r.parquet(in)
	case ".jsonl", ".ndjson", ".json", ".txt", ".text", ".md":
		err = r.stream(counted, compression, ending)
	default:
		return fmt.Errorf("corpus: %s: want a file that ends in %s (or these with .gz or .zst)", r.name, strings.Join(endings, ", "))
	}
	if err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, counted); err != nil { // what a parser left, for the checksum
		return fmt.Errorf("corpus: %s: %w", r.name, err)
	}
	r.report.Files = append(r.report.Files, File{
		Name: r.name, SHA256: hex.EncodeToString(counted.hash.Sum(nil)), Bytes: counted.n, Texts: r.texts, Faulty: r.faults,
	})
	return nil
}

// counter hashes and counts what is read.
type counter struct {
	in   io.Reader
	hash hash.Hash
	n    int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.in.Read(p)
	c.hash.Write(p[:n])
	c.n += int64(n)
	return n, err
}

// stream reads a file that is text. Where its compression is broken, the file ends.
func (r *reader) stream(in *counter, compression, ending string) error {
	text, end, err := unpack(in, compression)
	if err != nil {
		return r.fault("byte 0", 1, fmt.Errorf("%w: %w", errUnpack, err))
	}
	defer end()
	if ending == ".txt" || ending == ".text" || ending == ".md" {
		return r.wholeText(text)
	}
	return r.lines(bufio.NewReaderSize(text, 1<<20))
}

var errUnpack = errors.New("it cannot be unpacked")

// unpacked adds to the errors of a decompressor that they are about the compressed data.
type unpacked struct{ in io.Reader }

func (u unpacked) Read(p []byte) (int, error) {
	n, err := u.in.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = fmt.Errorf("%w: %w", errUnpack, err)
	}
	return n, err
}

func unpack(in io.Reader, compression string) (text io.Reader, end func(), err error) {
	switch compression {
	case ".gz":
		z, err := gzip.NewReader(in)
		return unpacked{z}, func() {}, err
	case ".zst":
		z, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(256<<20))
		if err != nil {
			return nil, nil, err
		}
		return unpacked{z}, z.Close, nil
	}
	return in, func() {}, nil
}

// add hands on a text.
func (r *reader) add(id, text, source, at string) error {
	if err := r.ctx.Err(); err != nil {
		return err
	}
	if id == "" {
		id = r.name + ":" + strings.TrimPrefix(strings.TrimPrefix(at, "line "), "row ")
	}
	if source == "" {
		source = r.source
	}
	r.texts++
	r.report.Texts++
	return r.visit(Text{ID: id, Text: text, Source: source, Place: r.name + ": " + at})
}

// shown cuts a text for an error.
func shown(s string) string {
	if len(s) > 60 {
		return s[:60] + "…"
	}
	return s
}

// fault counts n texts that cannot be read for the same reason.
func (r *reader) fault(at string, n int, err error) error {
	r.faults += n
	r.report.Faulty += n
	if len(r.report.Faults) < faultsKept {
		r.report.Faults = append(r.report.Faults, &Fault{r.name, at, err})
	}
	if r.report.Texts+r.report.Faulty > textsBefore && r.report.tooMany() {
		return r.tooManyFaults()
	}
	return nil
}

func (r *reader) tooManyFaults() error {
	return fmt.Errorf("corpus: %d of %d texts cannot be read, more than 1 %%; the first: %w", r.report.Faulty, r.report.Texts+r.report.Faulty, r.report.Faults[0])
}

var errLong = errors.New("it is longer than 64 MiB")

// longest is the largest size of a text, in bytes.
const longest = 64 << 20

// List names the files that [Read] would read, with their sizes; with sums, also their
// checksums. It reads no texts.
func List(ctx context.Context, paths []string, sums bool) ([]File, error) {
	found, err := list(paths)
	if err != nil {
		return nil, err
	}
	var files []File
	for _, one := range found {
		f := File{Name: one.name}
		info, err := os.Stat(one.path)
		if err == nil {
			f.Bytes = info.Size()
		}
		if err == nil && sums {
			f.SHA256, err = checksum.Files(ctx, one.path)
		}
		if err != nil {
			return nil, fmt.Errorf("corpus: %s: %w", one.name, err)
		}
		files = append(files, f)
	}
	return files, nil
}
