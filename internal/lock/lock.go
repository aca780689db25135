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
	if err == nil && !locked {
		waiting()
		locked, err = l.file.TryLockContext(ctx, retry)
	}
	if ctx.Err() != nil {
		_ = l.Release()
		return nil, ctx.Err()
	}
	// The file could be opened: an error is that of a file system without locks.
	l.Exclusive = locked && err == nil
	return l, nil
}

// Release ends the lock. The file remains: another process may wait for it.
func (l *Lock) Release() error { return l.file.Close() }
