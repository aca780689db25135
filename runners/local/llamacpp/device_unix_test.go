//go:build unix

package llamacpp

import (
	"errors"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"nerbench/internal/fault"
)

// TestPipe: a pipe, which nobody writes to, is an error at once.
func TestPipe(t *testing.T) {
	file := filepath.Join(t.TempDir(), "model.gguf")
	if err := syscall.Mkfifo(file, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Inspect(file); err == nil || !strings.HasSuffix(err.Error(), "model.gguf: not a file") || !errors.As(err, new(*fault.Hint)) {
		t.Errorf("error %v", err)
	}
}
