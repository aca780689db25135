package llamacpp

import (
	"context"
	"fmt"
	"regexp"
	"strconv"

	"nerbench/internal/checksum"
	"nerbench/runners"
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

// ModelName is the name of a model in runs: "gguf/" and the file, as [runners.FileName]
// has it. A shortened path keeps the folder, because the file name alone is often not
// unique ("model-f16.gguf").
func ModelName(file string) string { return "gguf/" + runners.FileName(file, 2) }

// FormerName is the name that older versions of this program gave the model in runs.
func FormerName(file string) string { return "gguf/" + runners.ShortName(file, 2) }
