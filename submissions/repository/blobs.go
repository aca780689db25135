package repository

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"nerbench/bundles"
	"nerbench/datasets/fetch"
	"nerbench/internal/atomicfile"
	"nerbench/internal/checksum"
	"nerbench/internal/lock"
)

// Blobs says where answers are that a repository does not have itself: in a folder of the
// user, to which they are downloaded from the addresses of board.toml.
type Blobs struct {
	// Cache is a folder with files SHA256.zst; empty: only the repository is read.
	Cache string
	// HTTP, Tries, Wait and Stall are those of a [fetch.Client].
	HTTP        *http.Client
	Tries       int // 0: 3
	Wait, Stall time.Duration
	// Longest is the longest time for one file; 0: 10 minutes.
	Longest time.Duration
}

// blobReader opens the answers of runs. Its methods may be called from several goroutines.
type blobReader struct {
	Blobs
	folder    *os.Root // of the repository
	addresses []string

	downloading sync.Mutex      // one at a time: an address that does not respond is asked once
	silent      map[string]bool // such addresses
}

func newBlobReader(b Blobs, folder *os.Root, addresses []string) *blobReader {
	r := &blobReader{Blobs: b, folder: folder, silent: map[string]bool{}}
	for _, address := range addresses {
		r.addresses = append(r.addresses, strings.TrimSuffix(address, "/"))
	}
	return r
}

// missingBlob says why answers are missing here.
type missingBlob struct{ err error }

func (e missingBlob) Error() string { return "the answers are missing: " + e.err.Error() }

func (e missingBlob) Is(target error) bool { return target == fs.ErrNotExist }

// open opens the answers of a run: those of the repository, else those that were
// downloaded before, else those at the addresses. The error is [fs.ErrNotExist] if they
// are missing here; other bytes than those that the submission names are another error.
func (b *blobReader) open(ctx context.Context, s *Submission) (*os.File, error) {
	f, err := b.folder.Open(s.blob())
	if !errors.Is(err, fs.ErrNotExist) || b.Cache == "" {
		return f, err
	}
	name := s.Blob + ".zst"
	if f, err := b.cached(ctx, name, s.Blob); f != nil || err != nil {
		return f, err
	}
	if len(b.addresses) == 0 {
		return nil, missingBlob{err}
	}
	if err := b.download(ctx, s); err != nil {
		return nil, err
	}
	if f, err := b.cached(ctx, name, s.Blob); f != nil || err != nil {
		return f, err
	}
	return nil, missingBlob{fmt.Errorf("%s: was removed", name)}
}

// cached opens a file of the cache. One that is damaged, or no file, is like a missing
// one: nil.
func (b *blobReader) cached(ctx context.Context, name, sum string) (*os.File, error) {
	path := filepath.Join(b.Cache, name)
	if info, err := os.Lstat(path); err != nil || !info.Mode().IsRegular() {
		return nil, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, nil
	}
	got, err := checksum.Of(ctx, f)
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err == nil && got == sum {
		return f, nil
	}
	return nil, errors.Join(f.Close(), ctx.Err())
}

// download takes a file from the first address that has it.
func (b *blobReader) download(ctx context.Context, s *Submission) error {
	b.downloading.Lock()
	defer b.downloading.Unlock()
	held, err := lock.Take(ctx, filepath.Join(b.Cache, s.Blob+".lock"), func() {})
	if err != nil {
		return err
	}
	defer func() { _ = held.Release() }()
	cache, err := os.OpenRoot(b.Cache)
	if err != nil {
		return err
	}
	defer cache.Close()
	client := fetch.Client{Folder: cache, HTTP: b.HTTP, Tries: b.Tries, Wait: b.Wait, Stall: b.Stall, Largest: bundles.MaxMember}
	if client.Tries == 0 {
		client.Tries = 3
	}
	longest := b.Longest
	if longest == 0 {
		longest = 10 * time.Minute
	}
	var absent, wrong []error
	for _, address := range b.addresses {
		if b.silent[address] {
			absent = append(absent, fmt.Errorf("%s does not respond", address))
			continue
		}
		limited, stop := context.WithTimeout(ctx, longest)
		err := client.Fetch(limited, fetch.File{URL: address + "/" + s.blob(), To: s.Blob + ".zst", SHA256: s.Blob})
		stop()
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil || errors.Is(err, fetch.ErrLocal):
			return err
		case errors.Is(err, fetch.ErrMismatch) || errors.Is(err, fetch.ErrTooLarge):
			wrong = append(wrong, err)
		case errors.Is(err, context.DeadlineExceeded):
			err = fmt.Errorf("%s: not complete after %s", address, longest)
			fallthrough
		default:
			b.silent[address] = !errors.As(err, new(*fetch.StatusError))
			absent = append(absent, err)
		}
	}
	if len(wrong) > 0 {
		return errors.Join(wrong...)
	}
	return missingBlob{errors.Join(absent...)}
}

// bundle opens a run of one submission. signer is that of its signature.
func (b *blobReader) bundle(ctx context.Context, s *Submission, signer *bundles.Signer) (*bundles.Bundle, error) {
	blob, err := b.open(ctx, s)
	if err != nil {
		return nil, err
	}
	return s.Open(ctx, signer, blob)
}

// keep writes the answers of a run into the cache.
func (b *Blobs) keep(name string, write func(io.Writer) error) (path string, err error) {
	path = filepath.Join(b.Cache, name)
	if err := os.MkdirAll(b.Cache, 0o700); err != nil {
		return path, err
	}
	return path, atomicfile.Write(path, write)
}
