package checksum

import (
	"os"
	"slices"
)

// Stamp shows whether files were replaced or changed, without reading them: by their
// sizes, their times of change, and whether they are the same files of the file system. A
// program that changes the bytes of a file and resets its time is not noticed.
type Stamp []os.FileInfo

// StampOf is the stamp of files, as they are now.
func StampOf(names ...string) (Stamp, error) {
	var s Stamp
	for _, name := range names {
		info, err := os.Stat(name)
		if err != nil {
			return nil, err
		}
		s = append(s, info)
	}
	return s, nil
}

// Equal reports whether two stamps are those of the same files with the same content.
func (s Stamp) Equal(other Stamp) bool {
	return slices.EqualFunc(s, other, func(a, b os.FileInfo) bool {
		return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
	})
}
