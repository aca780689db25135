package main

import (
	"archive/tar"
	"archive/zip"
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
)

// Limits on what an archive may hold: a bomb is refused before the disk is full.
const (
	mostMembers   = 200_000
	mostUnpacked  = 16 << 30 // bytes in all
	mostExpansion = 200      // bytes for each byte of the archive, beyond the first 64 MiB
)

// otherPackers are the endings of archives that are not read.
var otherPackers = []string{".7z", ".bz2", ".rar", ".xz", ".zst"}

// visit is told of each regular file of a folder or archive: its name with
// slashes, its size, and its content, which it need not read.
type visit func(name string, size int64, content io.Reader) error

// eachMember visits the regular files of a folder, an archive (zip, tar, tar.gz,
// tgz), or a single file. Links and hidden files are passed over.
func eachMember(ctx context.Context, source string, f visit) error {
	info, err := os.Stat(source)
	if err != nil {
		return errors.Unwrap(err)
	}
	counted := func(name string, size int64, content io.Reader) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		if strings.HasPrefix(filepath.Base(name), ".") || strings.Contains(name, "__MACOSX") {
			return nil
		}
		return f(name, size, content)
	}
	switch name := strings.ToLower(source); {
	case info.IsDir():
		return eachInFolder(source, counted)
	case strings.HasSuffix(name, ".zip"):
		return eachInZip(source, info.Size(), counted)
	case slices.Contains(otherPackers, filepath.Ext(name)):
		return fmt.Errorf("refused: unpack it first (folders, .zip, .tar, .tar.gz and .tgz are read)")
	case strings.HasSuffix(name, ".tar"), strings.HasSuffix(name, ".tar.gz"), strings.HasSuffix(name, ".tgz"):
		return eachInTar(source, info.Size(), counted)
	}
	return eachFile(source, filepath.Base(source), counted)
}

func eachFile(source, name string, f visit) error {
	file, err := os.Open(source)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	return f(name, info.Size(), file)
}

func eachInFolder(root string, f visit) error {
	root, err := filepath.EvalSymlinks(root)
	if err != nil {
		return err
	}
	return filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != root && strings.HasPrefix(d.Name(), "."):
			return fs.SkipDir // the history of a repository holds none of its files
		case !d.Type().IsRegular():
			return nil
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		return eachFile(name, filepath.ToSlash(rel), f)
	})
}

// budget bounds what is unpacked.
type budget struct {
	members  int
	unpacked int64
	limit    int64
}

func newBudget(archive int64) *budget {
	return &budget{limit: min(mostUnpacked, 64<<20+archive*mostExpansion)}
}

var errBomb = errors.New("refused: it unpacks to far more than it is, or holds too many files")

func (b *budget) member() error {
	if b.members++; b.members > mostMembers {
		return errBomb
	}
	return nil
}

// reader counts what is read of a member against the budget.
func (b *budget) reader(r io.Reader) io.Reader { return budgetReader{r, b} }

type budgetReader struct {
	io.Reader
	b *budget
}

func (r budgetReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if r.b.unpacked += int64(n); r.b.unpacked > r.b.limit {
		return n, errBomb
	}
	return n, err
}

func eachInZip(source string, size int64, f visit) error {
	archive, err := zip.OpenReader(source)
	if err != nil {
		return err
	}
	defer archive.Close()
	b := newBudget(size)
	for _, m := range archive.File {
		if err := b.member(); err != nil {
			return err
		}
		if !m.Mode().IsRegular() {
			continue
		}
		content, err := m.Open()
		if err != nil {
			return fmt.Errorf("%s: %w", m.Name, err)
		}
		err = f(m.Name, int64(m.UncompressedSize64), b.reader(content))
		if err = errors.Join(err, content.Close()); err != nil {
			return fmt.Errorf("%s: %w", m.Name, err)
		}
	}
	return nil
}

func eachInTar(source string, size int64, f visit) error {
	file, err := os.Open(source)
	if err != nil {
		return err
	}
	defer file.Close()
	b := newBudget(size)
	var in io.Reader = bufio.NewReader(file)
	if !strings.HasSuffix(strings.ToLower(source), ".tar") {
		if in, err = gzip.NewReader(in); err != nil {
			return fmt.Errorf("gzip: %w", err)
		}
	}
	for archive := tar.NewReader(b.reader(in)); ; {
		m, err := archive.Next()
		if err == io.EOF {
			return nil
		}
		if err == nil {
			err = b.member()
		}
		if err != nil {
			return err
		}
		if m.Typeflag != tar.TypeReg {
			continue
		}
		if err := f(m.Name, m.Size, archive); err != nil {
			return fmt.Errorf("%s: %w", m.Name, err)
		}
	}
}

// contextReader stops reading when the context ends.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (r contextReader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.r.Read(p)
}

// fileHash is a SHA-256 in the making.
type fileHash struct{ hash.Hash }

func newHash() fileHash { return fileHash{sha256.New()} }

func (h fileHash) hex() string { return hex.EncodeToString(h.Sum(nil)) }
