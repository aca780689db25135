package results

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"

	"nerbench/internal/atomicfile"
	"nerbench/internal/lock"
)

// unfinished is the ending of a store that is being copied.
const unfinished = ".unfinished"

// fullCopyError reports that there is no room for the copy of a store.
type fullCopyError struct{}

func (fullCopyError) Error() string { return "disk full: no copy was made" }

// Is makes the error an [ErrFull].
func (fullCopyError) Is(target error) bool { return target == ErrFull }

// publish creates the store at path in one step: write fills a file beside it, which then
// gets the name. The store must not exist, unless it is to be replaced: then the new one
// gets its permissions. A process that is killed leaves no part of a store at path; the
// next call removes what it left.
func publish(ctx context.Context, path string, replace bool, write func(path string) error) error {
	fail := func(err error) error {
		if errors.Is(err, ErrFull) {
			err = fullCopyError{}
		}
		return fault(path, err)
	}
	mustNotExist := mustNotExist
	if replace {
		mustNotExist = func(string) error { return nil }
	}
	if err := mustNotExist(path); err != nil {
		return fail(err)
	}
	if _, err := os.Stat(filepath.Dir(path)); err != nil { // the lock would create the folder
		return fail(fmt.Errorf("%w: %w", ErrNoFolder, errors.Unwrap(err)))
	}
	held, err := lock.Take(ctx, path+".lock", func() {})
	if err != nil {
		return fail(err)
	}
	defer func() { _ = held.Release() }()
	if err := mustNotExist(path); err != nil { // another process may have made it meanwhile
		return fail(err)
	}
	part := path + unfinished
	if !held.Exclusive {
		part = fmt.Sprintf("%s-%08x", part, rand.Uint32())
	}
	removeStore(part)
	if err := write(part); err != nil {
		removeStore(part)
		return fail(err)
	}
	if err := place(part, path, replace); err != nil {
		removeStore(part)
		return fail(err)
	}
	if folder, err := os.OpenRoot(filepath.Dir(path)); err == nil {
		atomicfile.SyncFolder(folder, ".")
		_ = folder.Close()
	}
	return nil
}

// place gives a file its name when all of it is on the disk.
func place(part, path string, replace bool) error {
	if err := toDisk(part); err != nil {
		return err
	}
	if former, err := os.Stat(path); replace && err == nil {
		_ = os.Chmod(part, former.Mode().Perm()) // others may use it, too
	}
	return os.Rename(part, path)
}

// toDisk writes a file to the disk.
func toDisk(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

func mustNotExist(path string) error {
	if _, err := os.Lstat(path); err == nil {
		return fs.ErrExist
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// removeStore removes an unfinished store.
func removeStore(path string) {
	for _, suffix := range []string{"", "-wal", "-shm", "-journal"} {
		_ = os.Remove(path + suffix)
	}
}
