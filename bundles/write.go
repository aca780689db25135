package bundles

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"os"

	"github.com/klauspost/compress/zstd"
)

// Writer collects the content of a bundle. Answers are kept in a temporary file, since a
// zip has their sizes before them. The caller must close it.
type Writer struct {
	file    *os.File
	size    int64
	answers []member
	sums    []sum
}

// NewWriter returns an empty bundle.
func NewWriter() (*Writer, error) {
	file, err := os.CreateTemp("", "nerbench-bundle-*")
	if err != nil {
		return nil, err
	}
	return &Writer{file: file}, nil
}

// Close removes the temporary file.
func (w *Writer) Close() error { return errors.Join(w.file.Close(), os.Remove(w.file.Name())) }

// Lines writes the lines of a run.
type Lines struct {
	w     *Writer
	run   *Run
	zip   *zstd.Encoder
	hash  hash.Hash
	place int
	start int64
}

// Begin begins the lines of a run, whose keys, mode and metrics are set. Runs are written
// one after the other, in the order of the manifest.
func (w *Writer) Begin(r *Run) (*Lines, error) {
	l := &Lines{w: w, run: r, hash: sha256.New(), start: w.size}
	var err error
	// One thread, so that the same lines give the same bytes.
	l.zip, err = zstd.NewWriter(w, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedBetterCompression), zstd.WithWindowSize(window/2))
	return l, err
}

// Write appends to the temporary file.
func (w *Writer) Write(p []byte) (int, error) {
	n, err := w.file.WriteAt(p, w.size)
	w.size += int64(n)
	return n, err
}

// Add writes the next line.
func (l *Lines) Add(p *Passage) error {
	if err := p.check(l.place, l.run); err != nil {
		return err
	}
	line, err := encodeLine(p)
	if err != nil {
		return err
	}
	if len(line) > maxLine {
		return fmt.Errorf("passage %d: its line has %d bytes, more than %d", p.Index, len(line), maxLine)
	}
	l.place++
	l.hash.Write(line)
	l.run.Answers.Bytes += int64(len(line))
	if l.run.Answers.Bytes > MaxUnpacked {
		return fmt.Errorf("its answers have more than %d bytes", int64(MaxUnpacked))
	}
	_, err = l.zip.Write(line)
	return err
}

// End ends the lines, and sets their size and checksum in the run.
func (l *Lines) End() error {
	if err := l.zip.Close(); err != nil {
		return err
	}
	l.run.Answers.SHA256 = hex.EncodeToString(l.hash.Sum(nil))
	w, start, size := l.w, l.start, l.w.size-l.start
	if size > MaxMember {
		return fmt.Errorf("its answers have %d bytes when compressed, more than %d", size, MaxMember)
	}
	if err := checkRatio(size, l.run.Answers.Bytes); err != nil {
		return err
	}
	name := answersName(l.run.Dataset())
	open := func() (io.Reader, error) { return io.NewSectionReader(w.file, start, size), nil }
	sums, check := sha256.New(), crc32.NewIEEE()
	content, err := open()
	if err == nil {
		_, err = io.Copy(io.MultiWriter(sums, check), content)
	}
	w.answers = append(w.answers, member{name: name, size: size, crc: check.Sum32(), open: open})
	w.sums = append(w.sums, sum{name, hex.EncodeToString(sums.Sum(nil))})
	return err
}

// WriteTo writes the bundle. sign signs the checksums; nil: the bundle is not signed.
func (w *Writer) WriteTo(out io.Writer, m *Manifest, sign func(sums []byte) (signature []byte, err error)) error {
	if err := m.Check(); err != nil {
		return err
	}
	manifest, err := encodeManifest(m)
	if err != nil {
		return err
	}
	first := sha256.Sum256(manifest)
	sums := encodeSums(append([]sum{{manifestName, hex.EncodeToString(first[:])}}, w.sums...))
	members := append([]member{newMember(manifestName, manifest)}, w.answers...)
	members = append(members, newMember(sumsName, sums))
	if sign != nil {
		signature, err := sign(sums)
		if err != nil {
			return err
		}
		members = append(members, newMember(signatureName, signature))
	}
	return writeZip(out, members)
}
