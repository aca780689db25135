package checksum_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"nerbench/internal/checksum"
)

// TestStamp: a stamp differs after each way to change one of its files.
func TestStamp(t *testing.T) {
	for name, change := range map[string]func(file string) error{
		"longer": func(file string) error { return os.WriteFile(file, []byte("abcd"), 0o600) },
		"written again": func(file string) error {
			if err := os.WriteFile(file, []byte("xyz"), 0o600); err != nil {
				return err
			}
			return os.Chtimes(file, time.Time{}, time.Now().Add(time.Second)) // also on a coarse clock
		},
		"replaced by one of the same size and time": func(file string) error {
			info, err := os.Stat(file)
			if err != nil {
				return err
			}
			other := file + ".new"
			if err := os.WriteFile(other, []byte("xyz"), 0o600); err != nil {
				return err
			}
			if err := os.Chtimes(other, info.ModTime(), info.ModTime()); err != nil {
				return err
			}
			return os.Rename(other, file)
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			names := []string{filepath.Join(dir, "one"), filepath.Join(dir, "two")}
			for _, n := range names {
				if err := os.WriteFile(n, []byte("abc"), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			before, again := stamp(t, names...), stamp(t, names...)
			if !before.Equal(again) {
				t.Error("unchanged files have another stamp")
			}
			if before.Equal(stamp(t, names[0])) {
				t.Error("fewer files have the same stamp")
			}
			if err := change(names[1]); err != nil {
				t.Fatal(err)
			}
			if before.Equal(stamp(t, names...)) {
				t.Error("the stamp is the same")
			}
		})
	}
	if _, err := checksum.StampOf(filepath.Join(t.TempDir(), "nosuch")); err == nil {
		t.Error("a missing file has a stamp")
	}
}

func stamp(t *testing.T, names ...string) checksum.Stamp {
	t.Helper()
	s, err := checksum.StampOf(names...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
