package llamacpp

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
)

// part is the name of the first of several files that hold one model.
var part = regexp.MustCompile(`^(.*)-00001-of-(\d{5})\.gguf$`)

// parts are the files of a model: one, or all that a first part speaks of.
func parts(file string) []string {
	m := part.FindStringSubmatch(file)
	if m == nil {
		return []string{file}
	}
	n, _ := strconv.Atoi(m[2]) // five digits
	files := make([]string, n)
	for i := range files {
		files[i] = fmt.Sprintf("%s-%05d-of-%s.gguf", m[1], i+1, m[2])
	}
	return files
}

// Digest is the SHA-256, in hexadecimal, of the bytes of a model's file, or of all
// its files one after the other.
func Digest(ctx context.Context, file string) (string, error) {
	h := sha256.New()
	for _, name := range parts(file) {
		if err := hashFile(ctx, h, name); err != nil {
			return "", fmt.Errorf("llamacpp: digest: %w", err)
		}
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

func hashFile(ctx context.Context, h io.Writer, name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		if _, err := io.CopyN(h, f, 64<<20); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// ModelName is how runs call the model of a file: its folder and its name, which
// together say more than either ("model-f16.gguf") and hold no path of a machine.
func ModelName(file string) string {
	if full, err := filepath.Abs(file); err == nil {
		file = full
	}
	return "gguf/" + filepath.Base(filepath.Dir(file)) + "/" + filepath.Base(file)
}
