// Package atomicfile replaces a file in one step, so that a reader never sees half
// of it and a failed write leaves the former file as it was.
package atomicfile

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
)

// Write creates or replaces the file at path with the bytes that write produces. The
// bytes go to a new file in the same folder, which is renamed at the end; it is
// removed if anything fails. Missing folders are created.
func Write(path string, write func(io.Writer) error) (err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	f, err := createBeside(path)
	if err != nil {
		return err
	}
	renamed := false
	defer func() {
		if !renamed { // also if write panics
			_ = f.Close()
			_ = os.Remove(f.Name())
		}
	}()
	w := bufio.NewWriter(f)
	if err := write(w); err != nil {
		return err
	}
	if err := errors.Join(w.Flush(), f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	renamed = true
	return nil
}

// createBeside creates a new file in the folder of path. os.CreateTemp would make it
// readable by its owner only, and the renamed file would stay so.
func createBeside(path string) (*os.File, error) {
	for {
		name := fmt.Sprintf("%s.new-%08x", path, rand.Uint32())
		f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		if !errors.Is(err, fs.ErrExist) {
			return f, err
		}
	}
}
