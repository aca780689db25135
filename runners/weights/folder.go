package weights

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"nerbench/internal/checksum"
	"nerbench/internal/parallel"
)

// ofFolder is the digest of the model in a folder.
func (r *Resolver) ofFolder(ctx context.Context, folder string) (string, error) {
	var names []string
	for _, pattern := range []string{".", "additional_chat_templates"} {
		entries, err := os.ReadDir(filepath.Join(folder, pattern))
		if errors.Is(err, fs.ErrNotExist) && pattern != "." {
			continue
		} else if err != nil {
			return "", fmt.Errorf("weights: %w", err)
		}
		for _, e := range entries {
			name := filepath.ToSlash(filepath.Join(pattern, e.Name()))
			info, err := os.Stat(filepath.Join(folder, pattern, e.Name())) // the cache of the hub has links
			if !Counts(name) || err == nil && info.IsDir() {
				continue
			}
			if err != nil {
				return "", fmt.Errorf("weights: %w", err)
			}
			names = append(names, name)
		}
	}
	sums, err := r.ofFiles(ctx, folder, names)
	if err != nil {
		return "", err
	}
	digest, err := digestOf(sums)
	if err != nil {
		return "", fmt.Errorf("weights: %s: %w", folder, err)
	}
	return digest, nil
}

// ofFiles returns the checksums of files of a folder by their names. Those that are not in
// the cache are read, several at once.
func (r *Resolver) ofFiles(ctx context.Context, folder string, names []string) (map[string]string, error) {
	files := make([]file, len(names))
	var open []int
	var bytes int64
	for i, name := range names {
		f, err := r.stat(filepath.Join(folder, filepath.FromSlash(name)))
		if err != nil {
			return nil, fmt.Errorf("weights: %w", err)
		}
		if files[i] = f; f.SHA256 == "" {
			open, bytes = append(open, i), bytes+f.Bytes
		}
	}
	if bytes > told && r.Observe != nil {
		r.Observe(fmt.Sprintf("computing the checksums of %d files of weights, %.1f GB, once", len(open), float64(bytes)/1e9))
	}
	faults := make([]error, len(open))
	parallel.Each(len(open), func(i int) { faults[i] = r.read(ctx, &files[open[i]]) })
	if err := errors.Join(faults...); err != nil {
		return nil, fmt.Errorf("weights: %w", err)
	}
	sums := map[string]string{}
	for i, name := range names {
		sums[name] = files[i].SHA256
	}
	return sums, nil
}

// told is the size of files, in bytes, from which reading them takes seconds.
const told = 1 << 30

// file is a file with its checksum. It is what the cache keeps.
type file struct {
	Path   string
	Bytes  int64
	Time   time.Time
	SHA256 string // empty: not known
}

// stat describes a file, with its checksum if it is in the cache.
func (r *Resolver) stat(name string) (file, error) {
	real, err := filepath.EvalSymlinks(name)
	if err != nil {
		return file{}, err
	}
	if real, err = filepath.Abs(real); err != nil {
		return file{}, err
	}
	info, err := os.Stat(real)
	if err != nil {
		return file{}, err
	}
	if !info.Mode().IsRegular() {
		return file{}, fmt.Errorf("%s: is not a file", name)
	}
	f := file{Path: real, Bytes: info.Size(), Time: info.ModTime().UTC()}
	var kept file
	if r.cached(real, &kept) && kept.Path == f.Path && kept.Bytes == f.Bytes && kept.Time.Equal(f.Time) {
		f.SHA256 = kept.SHA256
	}
	return f, nil
}

// settled is the time after which a change of a file is seen in its time on any file
// system.
const settled = 3 * time.Second

// read computes the checksum of a file, and keeps it in the cache.
func (r *Resolver) read(ctx context.Context, f *file) error {
	sum, err := checksum.Files(ctx, f.Path)
	if err != nil {
		return err
	}
	now, err := os.Stat(f.Path)
	if err != nil {
		return err
	}
	if now.Size() != f.Bytes || !now.ModTime().Equal(f.Time) {
		return fmt.Errorf("%s: changed while it was read", f.Path)
	}
	if f.SHA256 = sum; time.Since(f.Time) > settled {
		r.keep(f.Path, f)
	}
	return nil
}
