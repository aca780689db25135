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
	stage   string               // a temporary data folder
	found   map[string]candidate // by the path of the file in the dataset
}

// candidate is a staged member that may be a file of the dataset.
type candidate struct {
	from, by string
	rank     int // how well its name fits, see [slot]
}

// place is a file of the dataset that a member can be used for.
type place struct {
	file *datasets.File
	want string // its path in the dataset's folder
	rank int    // see [slot]
}

// look stages a member if it can be one of the dataset's files. The file is chosen
// by checksum, or else by the best fit of the name.
func (im *importer) look(name string, size int64, content io.Reader) error {
	places := im.places(name, size)
	if len(places) == 0 {
		return nil
	}
	temp, sum, err := im.copy(content)
	if err != nil {
		return err
	}
	best, by := places[0], "name"
	for _, p := range places {
		if p.file.SHA256 != "" && p.file.SHA256 == sum {
			best, by = p, "checksum"
			break
		}
		if p.rank > best.rank {
			best = p
		}
	}
	if before, found := im.found[best.want]; by == "name" && (best.rank == 0 || found && best.rank <= before.rank) {
		return os.Remove(temp)
	}
	im.found[best.want] = candidate{name, by, best.rank}
	return moveFile(temp, filepath.Join(im.stage, filepath.FromSlash(path.Join(im.dataset.DataDir, best.want))))
}

// places lists the files that a member can be used for, by its name and size.
func (im *importer) places(name string, size int64) []place {
	var places []place
	for i := range im.dataset.Sets {
		for k := range im.dataset.Sets[i].Splits {
			files := im.dataset.Sets[i].Splits[k].Files
			for n := range files {
				want, rank := slot(&files[n], name)
				if im.wants(&files[n], want, rank, size) {
					places = append(places, place{&files[n], want, rank})
				}
			}
		}
	}
	return places
}

// wants reports whether a member can be used for a file, and is better than the
// member found before.
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

// slot returns the name under which a member would be imported as the file f, and
// how well its name fits: 2 for the whole path, 1 for its last part, 0 for neither.
// Files of a pattern keep their names below the pattern's folder.
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
			return of, 2 // the folder is an archive
		case whole:
			return want, 2
		case path.Base(name) == path.Base(of):
			rank = 1
		}
	}
	return want, rank
}

// insidePattern finds the end of a member's name that matches a pattern.
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
