package llamacpp

import (
	"context"
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"

	"nerbench/internal/checksum"
)

// part matches the name of the first file of a model that is split into several files.
var part = regexp.MustCompile(`^(.*)-00001-of-(\d{5})\.gguf$`)

// parts are the files of a model: one, or all parts if file is the first part.
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

// Digest is the SHA-256, in hexadecimal, of the file of a model, or of all its files in
// order.
func Digest(ctx context.Context, file string) (string, error) {
	sum, err := checksum.Files(ctx, parts(file)...)
	if err != nil {
		return "", fmt.Errorf("llamacpp: digest: %w", err)
	}
	return sum, nil
}

// ModelName is the name of a model in runs: its folder and its file, because the file
// name alone is often not unique ("model-f16.gguf"). It contains no path of this machine.
func ModelName(file string) string {
	if full, err := filepath.Abs(file); err == nil {
		file = full
	}
	return "gguf/" + filepath.Base(filepath.Dir(file)) + "/" + filepath.Base(file)
}
