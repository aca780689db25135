package checksum_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nerbench/internal/checksum"
)

// The checksum of "abc" is a test vector of FIPS 180-4.
const abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

func TestOf(t *testing.T) {
	got, err := checksum.Of(t.Context(), strings.NewReader("a"), strings.NewReader("bc"))
	if err != nil || got != abc {
		t.Errorf("%s, %v", got, err)
	}
}

func TestFiles(t *testing.T) {
	dir := t.TempDir()
	var names []string
	for _, text := range []string{"ab", "c"} {
		name := filepath.Join(dir, text)
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	if got, err := checksum.Files(t.Context(), names...); err != nil || got != abc {
		t.Errorf("%s, %v", got, err)
	}
	if _, err := checksum.Files(t.Context(), filepath.Join(dir, "missing")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("error is %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := checksum.Files(ctx, names...); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v", err)
	}
}
