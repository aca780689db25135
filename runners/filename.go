package runners

import (
	"path/filepath"
	"strings"
)

// FileName is the name of a model in a file or folder: the path as it was given, if it
// leads to a place below the working folder. Any other path is shortened to its last
// elements, so that the name contains no path of this machine.
func FileName(path string, elements int) string {
	if clean := filepath.Clean(path); filepath.IsLocal(path) && clean != "." {
		return filepath.ToSlash(clean)
	}
	return ShortName(path, elements)
}

// ShortName is the last elements of a path, whatever the working folder is.
func ShortName(path string, elements int) string {
	if full, err := filepath.Abs(path); err == nil {
		path = full
	}
	parts := strings.Split(strings.Trim(filepath.ToSlash(path), "/"), "/")
	return strings.Join(parts[max(0, len(parts)-elements):], "/")
}
