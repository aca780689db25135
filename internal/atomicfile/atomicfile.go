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
func Write(path string, write func(io.Writer) error) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	return replace(system{}, path, 0o666, write)
}

// WriteIn is [Write] for a name below a folder. It never writes outside the folder,
// also if the folder contains links. Only the user can read new folders and files; a
// file that is replaced keeps its permissions.
func WriteIn(folder *os.Root, name string, write func(io.Writer) error) error {
	if err := folder.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return err
	}
	mode := fs.FileMode(0o600)
	info, err := folder.Stat(name)
	if err == nil {
		mode = info.Mode().Perm()
	}
	return replace(folder, name, mode, write)
}

// SyncFolder makes renames in a folder below another one durable, on systems that can.
func SyncFolder(folder *os.Root, name string) {
	if f, err := folder.Open(name); err == nil {
		_ = f.Sync() // some systems cannot
		_ = f.Close()
	}
}

// files are the operations on files that a replacement needs: those of the system, or
// those below a folder.
type files interface {
	OpenFile(name string, flag int, mode fs.FileMode) (*os.File, error)
	Rename(from, to string) error
	Remove(name string) error
}

type system struct{}

func (system) OpenFile(name string, flag int, mode fs.FileMode) (*os.File, error) {
	return os.OpenFile(name, flag, mode)
}
func (system) Rename(from, to string) error { return os.Rename(from, to) }
func (system) Remove(name string) error     { return os.Remove(name) }

func replace(in files, path string, mode fs.FileMode, write func(io.Writer) error) error {
	name, f, err := createBeside(in, path, mode)
	if err != nil {
		return err
	}
	renamed := false
	defer func() {
		if !renamed { // also if write panics
			_ = f.Close()
			_ = in.Remove(name)
		}
	}()
	w := bufio.NewWriter(f)
	if err := write(w); err != nil {
		return err
	}
	if err := errors.Join(w.Flush(), f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := in.Rename(name, path); err != nil {
		return err
	}
	renamed = true
	return nil
}

// createBeside creates a new file in the folder of path. It does not use
// os.CreateTemp, since only the owner could then read the renamed file.
func createBeside(in files, path string, mode fs.FileMode) (string, *os.File, error) {
	for {
		name := fmt.Sprintf("%s.new-%08x", path, rand.Uint32())
		f, err := in.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
		if !errors.Is(err, fs.ErrExist) {
			return name, f, err
		}
	}
}
