package acquire

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"nerbench/internal/archive"
)

// unsupported are the endings of archives that cannot be read.
var unsupported = []string{".7z", ".bz2", ".rar", ".xz", ".zst"}

var errPacker = errors.New("refused: unpack it first (folders, .zip, .tar, .tar.gz and .tgz are supported)")

var errSpecial = errors.New("refused: neither a file nor a folder (copy it to a file first)")

// eachMember visits the regular files of a folder, an archive, or a single file. It
// skips links and hidden files.
func eachMember(ctx context.Context, source string, visit archive.Visit) error {
	info, err := os.Stat(source)
	switch {
	case err != nil:
		return errors.Unwrap(err) // the caller adds the source to the error
	case info.IsDir():
		return eachInFolder(ctx, source, visit)
	case !info.Mode().IsRegular():
		return errSpecial // it may be endless, and cannot be read twice
	case slices.Contains(unsupported, strings.ToLower(filepath.Ext(source))):
		return errPacker
	}
	file, err := os.Open(source)
	if err != nil {
		return err
	}
	defer file.Close()
	if archive.Is(source) {
		return archive.Each(ctx, file, source, archive.DefaultLimits, visit)
	}
	return eachFile(ctx, file, filepath.Base(source), visit)
}

func eachFile(ctx context.Context, file *os.File, name string, visit archive.Visit) error {
	if archive.Hidden(name) {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	info, err := file.Stat()
	if err != nil {
		return err
	}
	return visit(name, info.Size(), contextReader{ctx, file})
}

func eachInFolder(ctx context.Context, root string, visit archive.Visit) error {
	root, err := filepath.EvalSymlinks(root)
	if err != nil {
		return err
	}
	return filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != root && strings.HasPrefix(d.Name(), "."):
			return fs.SkipDir // such as the history of a repository
		case !d.Type().IsRegular():
			return nil
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		file, err := os.Open(name)
		if err != nil {
			return err
		}
		return errors.Join(eachFile(ctx, file, filepath.ToSlash(rel), visit), file.Close())
	})
}

// contextReader stops when the context ends.
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
