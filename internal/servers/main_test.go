//go:build unix

package servers

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"nerbench/internal/reference"
)

// nerbench is the path of the program, built from this checkout.
var nerbench string

// TestMain builds the program once for all tests.
func TestMain(m *testing.M) {
	if reference.Root() == "" {
		os.Exit(m.Run()) // every test skips
	}
	dir, err := os.MkdirTemp("", "nerbench")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	nerbench = filepath.Join(dir, "nerbench")
	code := 1
	if out, err := exec.Command("go", "build", "-o", nerbench, "nerbench/cmd/nerbench").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build: %v\n%s", err, out)
	} else {
		code = m.Run()
	}
	os.RemoveAll(dir)
	os.Exit(code)
}
