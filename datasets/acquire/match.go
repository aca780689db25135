package acquire

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"nerbench/datasets"
)

// importer finds the files of a dataset among the members of a source.
type importer struct {
	ctx     context.Context
	dataset *datasets.Dataset
	only    ImportOptions
	stage   string               // a data folder of its own
	found   map[string]candidate // by the path of the dataset's file
}

// candidate is a member that may be a wanted file; it lies in the stage.
type candidate struct {
	from, by string
	rank     int // of its name, see [slot]
}

// look stages a member if it may be one of the wanted files.
func (im *importer) look(name string, size int64, content io.Reader) error {
	for i := range im.dataset.Sets {
		for k := range im.dataset.Sets[i].Splits {
			for _, f := range im.dataset.Sets[i].Splits[k].Files {
				want, rank := slot(&f, name)
				if !im.wants(&f, want, rank, size) {
					continue
				}
				if content == nil {
					return nil // a member is one file
				}
				if err := im.stageMember(&f, want, rank, name, content); err != nil {
					return err
				}
				content = nil
			}
		}
	}
	return nil
}

// wants reports whether a member may be a file, and a better one than what was
// found before.
func (im *importer) wants(f *datasets.File, want string, rank int, size int64) bool {
	before, found := im.found[want]
	sameSize := f.SHA256 != "" && f.Bytes == size
	switch {
	case before.by == "checksum" || rank == 0 && !sameSize:
		return false
	case found && !sameSize:
		return rank > before.rank
	}
	return true
}

// slot returns the name under which a member would be imported as the file f, and how
// well its own name fits: 2 for the whole path, 1 for its last part, 0 for neither.
// Files of a pattern keep the names that they have below its folder.
func slot(f *datasets.File, name string) (want string, rank int) {
	want = f.Path
	for _, of := range append([]string{f.Path}, f.Also...) {
		if strings.ContainsAny(of, "*?[") {
			if inside, ok := insidePattern(of, name, f.Except); ok {
				return inside, 2
			}
			continue
		}
		whole := name == of || strings.HasSuffix(name, "/"+of)
		switch {
		case whole && strings.ContainsAny(f.Path, "*?["):
			return of, 2 // the folder as an archive
		case whole:
			return want, 2
		case path.Base(name) == path.Base(of):
			rank = 1
		}
	}
	return want, rank
}

// insidePattern finds the end of a member's name that a pattern matches.
func insidePattern(pattern, name string, except []string) (inside string, ok bool) {
	elements := strings.Split(name, "/")
	if slices.ContainsFunc(elements, func(e string) bool { return slices.Contains(except, e) }) {
		return "", false
	}
	before, after, deep := strings.Cut(pattern, "/**/")
	for i := range elements {
		rest := strings.Join(elements[i:], "/")
		if !deep {
			if ok, err := path.Match(pattern, rest); err == nil && ok {
				return rest, true
			}
			continue
		}
		tail := strings.Join(elements[max(i, len(elements)-1-strings.Count(after, "/")):], "/")
		if ok, err := path.Match(after, tail); err == nil && ok && strings.HasPrefix(rest, before+"/") {
			return rest, true
		}
	}
	return "", false
}

func (im *importer) stageMember(f *datasets.File, want string, rank int, name string, content io.Reader) error {
	temp, sum, err := im.copy(content)
	if err != nil {
		return err
	}
	by := "name"
	before, found := im.found[want]
	switch {
	case f.SHA256 != "" && sum == f.SHA256:
		by = "checksum"
	case rank == 0 || found && rank <= before.rank:
		return os.Remove(temp)
	}
	im.found[want] = candidate{name, by, rank}
	return moveFile(temp, filepath.Join(im.stage, filepath.FromSlash(path.Join(im.dataset.DataDir, want))))
}

// copy writes a member to a new file of the stage, and returns its name and SHA-256.
func (im *importer) copy(content io.Reader) (name, sum string, err error) {
	f, err := os.CreateTemp(im.stage, "member-*")
	if err != nil {
		return "", "", err
	}
	h := sha256.New()
	_, err = io.Copy(io.MultiWriter(f, h), content)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return "", "", err
	}
	return f.Name(), hex.EncodeToString(h.Sum(nil)), nil
}
