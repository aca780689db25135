// Package filesystem tells on which kind of file system a file is. Locks and shared memory,
// which a store needs, often do not work on network file systems.
package filesystem

import "fmt"

// Kind is a kind of file system.
type Kind struct {
	// Name is its usual name, such as ext4 or nfs; empty: unknown.
	Name string
	// Network: other machines use it, too.
	Network bool
}

// Of returns the kind of file system of a file or folder. It is unknown if there is none,
// and on systems other than Linux.
func Of(path string) Kind { return of(path) }

// kinds are the kinds of file systems of Linux by the numbers of statfs(2).
var kinds = map[uint32]Kind{
	0xEF53: {Name: "ext4"}, 0x58465342: {Name: "xfs"}, 0x9123683E: {Name: "btrfs"}, 0x2FC12FC1: {Name: "zfs"}, 0xF2F52010: {Name: "f2fs"},
	0x01021994: {Name: "tmpfs"}, 0x858458F6: {Name: "ramfs"}, 0x794C7630: {Name: "overlay"}, 0x4D44: {Name: "vfat"}, 0x2011BAB0: {Name: "exfat"}, 0x7366746E: {Name: "ntfs3"},
	0x5346544E: {Name: "ntfs"}, 0xCA451A4E: {Name: "bcachefs"}, 0x61756673: {Name: "aufs"}, 0xF15F: {Name: "ecryptfs"}, 0x3434: {Name: "nilfs"}, 0x52654973: {Name: "reiserfs"},
	0x3153464A: {Name: "jfs"}, 0x73717368: {Name: "squashfs"},

	0x6969: {"nfs", true}, 0xFF534D42: {"cifs", true}, 0xFE534D42: {"smb2", true}, 0x517B: {"smb", true}, 0x0BD00BD0: {"lustre", true},
	0x00C36400: {"ceph", true}, 0x47504653: {"gpfs", true}, 0x19830326: {"beegfs", true}, 0x01161970: {"gfs2", true}, 0x7461636F: {"ocfs2", true},
	0x01021997: {"9p", true}, 0x5346414F: {"afs", true}, 0x6B414653: {"kafs", true}, 0x73757245: {"coda", true}, 0x20030528: {"orangefs", true},
	0xAAD7AAEA: {"panfs", true}, 0x013111A8: {"ibrix", true}, 0x65735546: {"fuse", true}, 0x6A656A63: {"virtiofs", true},
}

// byNumber is the kind of a number of statfs(2).
func byNumber(number uint32) Kind {
	if k, known := kinds[number]; known {
		return k
	}
	return Kind{Name: fmt.Sprintf("number %#x", number)}
}
