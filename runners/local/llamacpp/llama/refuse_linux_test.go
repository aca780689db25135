package llama_test

import (
	"nerbench/runners/local/llamacpp/llama"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestOpenRefuses: the error about a wrong library is one line.
func TestOpenRefuses(t *testing.T) {
	dir := folder(t)
	write := func(t *testing.T, to, name string, content []byte) {
		if err := os.WriteFile(filepath.Join(to, name), content, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	read := func(t *testing.T, name string) []byte {
		content, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return content
	}
	for _, tc := range []struct {
		name  string
		files func(t *testing.T, to string)
		text  string
	}{
		{"empty folder", func(*testing.T, string) {}, "cannot be loaded"},
		{"no library", func(t *testing.T, to string) { write(t, to, "libggml-base.so", []byte("hello")) }, "cannot be loaded"},
		{"another library", func(t *testing.T, to string) {
			write(t, to, "libggml-base.so", read(t, "libggml-base.so"))
			write(t, to, "libggml.so", read(t, "libggml.so"))
			write(t, to, "libllama.so", read(t, "libggml.so"))
		}, "is another build"},
		{"another version", func(t *testing.T, to string) {
			content := strings.ReplaceAll(string(read(t, "libggml-base.so")), "0ad4a86", "1234567")
			write(t, to, "libggml-base.so", []byte(content))
		}, "is another build: ggml 0.25.1 1234567, want 0.25.1 0ad4a86"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			to := t.TempDir()
			tc.files(t, to)
			_, err := llama.Open(to)
			if err == nil || !strings.Contains(err.Error(), tc.text) || strings.Contains(err.Error(), "\n") {
				t.Errorf("error %v, want %q", err, tc.text)
			}
		})
	}
}
