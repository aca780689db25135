// Package lock keeps two processes from doing the same work in one folder. The system
// holds the locks, so that the lock of a killed process ends with it.
package lock

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

// retry is the time between two tries.
const retry = 100 * time.Millisecond

// Lock is a held lock.
type Lock struct {
	file *flock.Flock
	// Exclusive is false if the file system has no locks: the caller then works without
	// one, and must not remove the files of others.
	Exclusive bool
}

// Take takes the lock of a file, which is created if it is missing, and its folders
// with it. If another process, or another call in this process, holds the lock, Take
// calls waiting once and waits. The error is that of the context, or of the file.
func Take(ctx context.Context, path string, waiting func()) (*Lock, error) {
	for waited := false; ; {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		l, err := try(path)
		if l != nil || err != nil {
			return l, err
		}
		if !waited {
			waited = true
			waiting()
		}
		select {
		case <-ctx.Done():
		case <-time.After(retry):
		}
	}
}

// try takes the lock if it is free; otherwise the lock is nil.
func try(path string) (*Lock, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDONLY, 0o600)
	if err != nil {
		return nil, err
	}
	if err := file.Close(); err != nil {
		return nil, err
	}
	l := &Lock{file: flock.New(path, flock.SetPermissions(0o600))}
	locked, err := l.file.TryLock()
	switch {
	case err != nil:
		// The file can be opened: it is a file system without locks.
		return l, nil
	case !locked || !l.current():
		return nil, l.file.Close()
	}
	l.Exclusive = true
	return l, nil
}

// current reports whether the locked file still has its name: its last owner may have
// removed it.
func (l *Lock) current() bool {
	locked, err := l.file.Stat()
	if err != nil {
		return false
	}
	named, err := os.Stat(l.file.Path())
	return err == nil && os.SameFile(locked, named)
}

// Release ends the lock and removes its file.
func (l *Lock) Release() error {
	if l.Exclusive {
		_ = os.Remove(l.file.Path()) // some systems cannot, while the file is open
	}
	return l.file.Close()
}
