//go:build unix

package onnx_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"nerbench/internal/fault"
	"nerbench/runners/local/onnx"
)

// TestPipes: a pipe, which nobody writes to, is an error at once, wherever it is.
func TestPipes(t *testing.T) {
	for _, name := range []string{"model.onnx", "config.json", "tokenizer.json", "more"} {
		dir := folder(t)
		file := filepath.Join(dir, name)
		if err := os.Remove(file); err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		if err := syscall.Mkfifo(file, 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := onnx.Open(t.Context(), onnx.Config{Folder: dir, Types: types})
		if err == nil || !strings.Contains(err.Error(), "file") || !errors.As(err, new(*fault.Hint)) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}
