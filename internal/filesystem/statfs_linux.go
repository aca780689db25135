package filesystem

import "syscall"

func of(path string) Kind {
	var s syscall.Statfs_t
	if err := syscall.Statfs(path, &s); err != nil {
		return Kind{}
	}
	return byNumber(uint32(s.Type))
}
