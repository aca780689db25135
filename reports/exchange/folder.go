package exchange

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"nerbench/internal/atomicfile"
	"nerbench/internal/fault"
	"nerbench/internal/names"
)

// folder collects the files of an export. They are written below a hidden folder, and
// moved to their places when all of them are there.
type folder struct {
	root  *os.Root
	stage string   // name of the hidden folder
	files []string // in the order in which they were written
}

// stagePrefix begins the name of the hidden folder.
const stagePrefix = ".nerbench-export-"

// inFolder lets write write files below a folder. Either all of them are moved to their
// places or none. A file that exists with other content is never replaced: the error
// names it. The result lists the files, with slashes, relative to the folder.
func inFolder(dir string, write func(*folder) error) (files []string, err error) {
	_, absent := os.Stat(dir)
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	stage, err := os.MkdirTemp(dir, stagePrefix)
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, errors.Join(err, os.Remove(stage))
	}
	f := &folder{root: root, stage: filepath.Base(stage)}
	defer func() {
		err = errors.Join(err, root.RemoveAll(f.stage), root.Close())
		if err != nil && absent != nil {
			_ = os.Remove(dir) // it is empty
		}
	}()
	if err := write(f); err != nil {
		return nil, err
	}
	return f.files, f.publish(dir)
}

// create writes a file. The name has slashes, and is relative to the folder.
func (f *folder) create(name string, write func(io.Writer) error) error {
	name, err := names.Local(name)
	if err != nil {
		return err
	}
	for _, other := range f.files {
		if other == name {
			return fmt.Errorf("%s: two runs have this file", name)
		}
	}
	staged := path.Join(f.stage, name)
	if err := f.root.MkdirAll(path.Dir(staged), 0o777); err != nil {
		return err
	}
	out, err := f.root.OpenFile(staged, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(out)
	if err := errors.Join(write(w), w.Flush(), out.Sync(), out.Close()); err != nil {
		return err
	}
	f.files = append(f.files, name)
	return nil
}

// publish moves the files to their places, after it has compared them with what is there.
func (f *folder) publish(dir string) error {
	for _, name := range f.files {
		same, err := f.same(name)
		if err != nil {
			return err
		}
		if !same {
			return &fault.Hint{
				Err:    fmt.Errorf("%s: exists and differs; nothing was written", filepath.Join(dir, filepath.FromSlash(name))),
				Advice: "remove the file, or name another folder with --out",
			}
		}
	}
	for _, name := range f.files {
		if err := f.root.MkdirAll(path.Dir(name), 0o777); err != nil {
			return err
		}
		if err := f.root.Rename(path.Join(f.stage, name), name); err != nil {
			return err
		}
		atomicfile.SyncFolder(f.root, path.Dir(name))
	}
	return nil
}

// same reports whether the place of a file is free, or has the same content.
func (f *folder) same(name string) (bool, error) {
	there, err := f.root.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return true, nil
	} else if err != nil {
		return false, err
	}
	defer there.Close()
	if info, err := there.Stat(); err != nil || !info.Mode().IsRegular() {
		return false, err
	}
	staged, err := f.root.Open(path.Join(f.stage, name))
	if err != nil {
		return false, err
	}
	defer staged.Close()
	return equal(there, staged)
}

// equal reports whether two files have the same content.
func equal(a, b io.Reader) (bool, error) {
	x, y := make([]byte, 1<<16), make([]byte, 1<<16)
	for {
		n, errA := io.ReadFull(a, x)
		m, errB := io.ReadFull(b, y)
		if n != m || !bytes.Equal(x[:n], y[:m]) {
			return false, nil
		}
		switch done := errors.Is(errA, io.EOF) || errors.Is(errA, io.ErrUnexpectedEOF); {
		case done:
			return true, nil
		case errA != nil || errB != nil:
			return false, errors.Join(errA, errB)
		}
	}
}
