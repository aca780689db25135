package results

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Creatable checks, for a path without a file, that a store can be created there: it
// creates nothing. The error is one of [Open], about the permissions of the folder, or wraps
// [ErrNoFolder], if there is no folder.
func Creatable(path string) error {
	folder := filepath.Dir(path)
	info, err := os.Stat(folder)
	switch {
	case err != nil:
		return fmt.Errorf("store: %s: %w: %w", path, ErrNoFolder, errors.Unwrap(err))
	case !info.IsDir():
		return fmt.Errorf("store: %s: %w: %s is a file", path, ErrNoFolder, folder)
	case !mayCreate(folder):
		return fault(path, ErrReadOnly)
	}
	return nil
}
