// Package atomicfile replaces a file in one step, so that no other process reads a
// partial file and a failed write leaves the previous file unchanged.
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

// Write creates or replaces the file at path with the bytes that write produces. It
// writes a new file in the same folder and renames it at the end; on failure it
// removes the new file. It creates missing folders.
func Write(path string, write func(io.Writer) error) (err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	f, err := createInFolderOf(path)
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

// createInFolderOf creates a new file in the folder of path. It does not use
// os.CreateTemp, since only the owner could then read the renamed file.
func createInFolderOf(path string) (*os.File, error) {
	for {
		name := fmt.Sprintf("%s.new-%08x", path, rand.Uint32())
		f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		if !errors.Is(err, fs.ErrExist) {
			return f, err
		}
	}
}
