package site

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"nerbench/internal/fault"
	"nerbench/internal/lock"
)

// file is one file of the site; its path has slashes.
type file struct {
	path    string
	content []byte
}

// listName is the file of a site that lists the others. It tells a later build which
// files the program wrote.
const listName = "site.json"

// list is the content of that file.
type list struct {
	Format  string            `json:"format"`
	Program string            `json:"program"`
	Models  int               `json:"models"`
	Runs    int               `json:"runs"`
	Files   map[string]string `json:"files"` // path: SHA-256
}

const listFormat = "nerbench site 1"

// folder is a site that is being written, beside the one that it replaces.
type folder struct {
	final, temporary string
	lock             *lock.Lock
	root             *os.Root
	max              int64     // bytes; 0: no limit
	time             time.Time // of the files; zero: now

	mu    sync.Mutex
	list  list
	bytes int64
}

// newFolder begins a folder that will replace dir. It fails if dir holds a file that a
// build did not write, or that was changed since. A second build of the same folder waits
// for the first. What killed builds left is removed.
func newFolder(ctx context.Context, dir string, of list, modified time.Time) (_ *folder, err error) {
	if dir, err = filepath.Abs(dir); err != nil {
		return nil, fmt.Errorf("site: %w", err)
	}
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real
	}
	if err := replaceable(dir); err != nil {
		return nil, fmt.Errorf("site: %s: %w", dir, err)
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o777); err != nil {
		return nil, fmt.Errorf("site: %w", err)
	}
	held, err := lock.Take(ctx, dir+".lock", func() {})
	if err != nil {
		return nil, fmt.Errorf("site: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, held.Release())
		}
	}()
	if err := removeLeft(dir, held); err != nil {
		return nil, fmt.Errorf("site: %w", err)
	}
	f := &folder{final: dir, lock: held, time: modified, list: of}
	for {
		f.temporary = fmt.Sprintf("%s.new-%08x", dir, rand.Uint32())
		err := os.Mkdir(f.temporary, 0o777)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("site: %w", err)
		}
		break
	}
	if f.root, err = os.OpenRoot(f.temporary); err != nil {
		return nil, errors.Join(fmt.Errorf("site: %w", err), os.RemoveAll(f.temporary))
	}
	return f, nil
}

// ListSum returns the checksum of the list of files of a site, which has the checksums of
// all others.
func ListSum(dir string) ([sha256.Size]byte, error) {
	text, err := os.ReadFile(filepath.Join(dir, listName))
	return sha256.Sum256(text), err
}

// Existing describes the site in a folder; ok is false unless all its files are as a build
// wrote them, and no others are there.
func Existing(dir string) (built Built, ok bool) {
	if replaceable(dir) != nil {
		return Built{}, false
	}
	text, err := os.ReadFile(filepath.Join(dir, listName))
	var l list
	if err != nil || json.Unmarshal(text, &l) != nil {
		return Built{}, false
	}
	built = Built{Files: len(l.Files) + 1, Bytes: int64(len(text)), Models: l.Models, Runs: l.Runs, List: sha256.Sum256(text), Unchanged: true}
	for name := range l.Files {
		info, err := os.Lstat(filepath.Join(dir, filepath.FromSlash(name)))
		if err != nil {
			return Built{}, false
		}
		built.Bytes += info.Size()
	}
	return built, true
}

// left are the names of folders that a killed build leaves beside its own.
const left = ".new-[0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]"

// removeLeft removes what killed builds of a folder left.
func removeLeft(dir string, held *lock.Lock) error {
	if !held.Exclusive { // they may be those of another process
		return nil
	}
	entries, err := os.ReadDir(filepath.Dir(dir))
	if err != nil {
		return err
	}
	for _, entry := range entries {
		suffix, ok := strings.CutPrefix(strings.TrimSuffix(entry.Name(), ".old"), filepath.Base(dir))
		if is, err := path.Match(left, suffix); ok && is && err == nil && entry.IsDir() {
			if err := os.RemoveAll(filepath.Join(filepath.Dir(dir), entry.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

// replaceable returns an error unless dir is missing, empty, or a site as it was built.
func replaceable(dir string) error {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	}
	here, err := os.Getwd()
	if err == nil {
		if rel, err := filepath.Rel(dir, here); err == nil && filepath.IsLocal(rel) {
			return errors.New("the current folder cannot be replaced")
		}
	}
	if len(entries) == 0 {
		return nil
	}
	refused := func(name, why string) error {
		return &fault.Hint{Err: fmt.Errorf("%s %s: the folder is not replaced", name, why), Advice: "choose another folder with --out, or empty this one"}
	}
	text, err := os.ReadFile(filepath.Join(dir, listName))
	var old list
	if err != nil || json.Unmarshal(text, &old) != nil || old.Format != listFormat {
		return refused(entries[0].Name(), "was not written by site build")
	}
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		name := filepath.ToSlash(rel)
		if name == listName {
			return nil
		}
		want, ok := old.Files[name]
		if !ok || !d.Type().IsRegular() {
			return refused(name, "was not written by site build")
		}
		if sum, err := checksum(path); err != nil {
			return err
		} else if sum != want {
			return refused(name, "was changed after site build wrote it")
		}
		return nil
	})
}

func checksum(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// add writes one file. It may be called from several goroutines.
func (f *folder) add(file file) error {
	sum := sha256.Sum256(file.content)
	if err := f.register(file, hex.EncodeToString(sum[:])); err != nil {
		return err
	}
	if err := f.write(file); err != nil {
		return fmt.Errorf("site: %s: %w", file.path, err)
	}
	return nil
}

// register adds a file to the list, before it is written.
func (f *folder) register(file file, sum string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, ok := f.list.Files[file.path]; ok {
		return fmt.Errorf("site: %s: written twice", file.path)
	}
	f.list.Files[file.path] = sum
	if f.bytes += int64(len(file.content)); f.max > 0 && f.bytes > f.max {
		return &fault.Hint{
			Err:    fmt.Errorf("site: the folder is larger than %s bytes", commas(f.max)),
			Advice: "--answers errors or none writes fewer answers, --max-size permits more bytes",
		}
	}
	return nil
}

func (f *folder) write(file file) error {
	name := filepath.FromSlash(file.path)
	if !filepath.IsLocal(name) {
		return errors.New("outside the folder")
	}
	if err := f.root.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		return err
	}
	out, err := f.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	if _, err := out.Write(file.content); err != nil {
		return errors.Join(err, out.Close())
	}
	if err := out.Close(); err != nil {
		return err
	}
	if !f.time.IsZero() {
		return f.root.Chtimes(name, f.time, f.time)
	}
	return nil
}

// finish replaces the old folder by the new one, and returns its list.
func (f *folder) finish() ([]byte, error) {
	text, err := json.MarshalIndent(f.list, "", " ")
	if err != nil {
		return nil, fmt.Errorf("site: %w", err)
	}
	text = append(text, '\n')
	f.bytes += int64(len(text))
	if err := f.write(file{listName, text}); err != nil {
		return nil, fmt.Errorf("site: %s: %w", listName, err)
	}
	if err := f.root.Close(); err != nil {
		return nil, fmt.Errorf("site: %w", err)
	}
	if err := replaceable(f.final); err != nil { // it may have changed meanwhile
		return nil, fmt.Errorf("site: %s: %w", f.final, err)
	}
	if err := swap(f.temporary, f.final); err != nil {
		return nil, fmt.Errorf("site: %w", err)
	}
	return text, nil
}

// abandon removes what was written, if finish was not called, and ends the work.
func (f *folder) abandon() {
	_ = f.root.Close()
	_ = os.RemoveAll(f.temporary)
	_ = f.lock.Release()
}

// swap puts the folder fresh at final, and removes what was there.
func swap(fresh, final string) error {
	if _, err := os.Lstat(final); errors.Is(err, fs.ErrNotExist) {
		return os.Rename(fresh, final)
	}
	if exchange(fresh, final) == nil {
		return os.RemoveAll(fresh) // the old one
	}
	// Without an exchange in one step, the folder is missing for a moment.
	old := fresh + ".old"
	if err := os.Rename(final, old); err != nil {
		return err
	}
	if err := os.Rename(fresh, final); err != nil {
		return errors.Join(err, os.Rename(old, final))
	}
	return os.RemoveAll(old)
}
