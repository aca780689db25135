package filesystem

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

func TestOf(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if known := Of(dir).Name != ""; known != (runtime.GOOS == "linux") {
		t.Errorf("the kind of %s is known: %v", dir, known)
	}
	if Of(dir) != Of(file) {
		t.Errorf("a folder is on %v, its file on %v", Of(dir), Of(file))
	}
	if k := Of(filepath.Join(dir, "missing")); k != (Kind{}) {
		t.Errorf("a missing file is on %v", k)
	}
	if runtime.GOOS == "linux" && Of("/proc").Name != "number 0x9fa0" {
		t.Errorf("/proc is on %v", Of("/proc"))
	}
}

func TestByNumber(t *testing.T) {
	for number, want := range map[uint32]Kind{0xEF53: {"ext4", false}, 0x6969: {"nfs", true}, 0x0BD00BD0: {"lustre", true}, 1: {"number 0x1", false}} {
		if got := byNumber(number); got != want {
			t.Errorf("%#x: %v, want %v", number, got, want)
		}
	}
}
