// Package checksum computes SHA-256 checksums of files, in hexadecimal.
package checksum

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
)

// Of is the checksum of everything that can be read from the readers, one after
// the other. Hashing a large file takes seconds, so the end of the context ends it.
func Of(ctx context.Context, readers ...io.Reader) (string, error) {
	h := sha256.New()
	for _, r := range readers {
		if _, err := io.Copy(h, untilDone{ctx, r}); err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// Files is the checksum of the contents of files, one after the other.
func Files(ctx context.Context, names ...string) (string, error) {
	h := sha256.New()
	for _, name := range names {
		f, err := os.Open(name)
		if err != nil {
			return "", err
		}
		_, err = io.Copy(h, untilDone{ctx, f})
		f.Close()
		if err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// untilDone reads until its context ends.
type untilDone struct {
	ctx context.Context
	in  io.Reader
}

func (u untilDone) Read(p []byte) (int, error) {
	if err := u.ctx.Err(); err != nil {
		return 0, err
	}
	return u.in.Read(p)
}
