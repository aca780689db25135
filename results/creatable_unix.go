//go:build linux || darwin

package results

import "syscall"

// mayCreate reports whether this process may create files in a folder, of which the file
// system may be read-only.
func mayCreate(folder string) bool {
	const write, search = 2, 1
	return syscall.Access(folder, write|search) == nil
}
