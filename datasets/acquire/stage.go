package acquire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"nerbench/datasets"
	"nerbench/internal/archive"
	"nerbench/internal/atomicfile"
	"nerbench/internal/checksum"
	"nerbench/internal/lock"
	"nerbench/internal/names"
)

// importer finds the files of a dataset in a source, and puts them into the stage.
type importer struct {
	ctx     context.Context
	dataset *datasets.Dataset
	only    ImportOptions
	stage   *os.Root             // a temporary data folder
	found   map[string]candidate // by the path of the file in the dataset
	left    []string             // files that were left out, with the reasons
}

// candidate is a staged file of the dataset.
type candidate struct{ from, by string }

// placeOf returns the elements of a source's path. An archive counts as a folder; a
// single file is in its folder.
func placeOf(source string) ([]string, error) {
	full, err := filepath.Abs(source)
	if err != nil {
		return nil, err
	}
	if resolved, err := filepath.EvalSymlinks(full); err == nil {
		if info, err := os.Stat(resolved); err == nil && info.IsDir() {
			full = resolved
		}
	}
	elements := strings.FieldsFunc(filepath.ToSlash(full), func(c rune) bool { return c == '/' })
	last := len(elements) - 1
	switch info, err := os.Stat(source); {
	case err != nil || last < 0 || info.IsDir(): // a missing source is an error of the listing
	case archive.Is(source):
		elements[last] = withoutEnding(elements[last])
	default:
		elements = elements[:last]
	}
	return elements, nil
}

// withoutEnding is the name of an archive without its ending.
func withoutEnding(name string) string {
	name = strings.TrimSuffix(name, path.Ext(name))
	return strings.TrimSuffix(name, ".tar")
}

// list lists the members of a source, and a source that is an archive itself. It
// computes the checksums of those that can be files of the dataset.
func (im *importer) list(source string, base []string) ([]member, error) {
	all := targets(im.dataset, im.only)
	var members []member
	add := func(m member, content io.Reader) error {
		if possible(all, &m) {
			var err error
			if m.sum, err = checksum.Of(im.ctx, content); err != nil {
				return err
			}
		}
		members = append(members, m)
		return nil
	}
	err := im.eachMember(source, func(name string, size int64, content io.Reader) error {
		place := append(append([]string{}, base...), strings.Split(name, "/")...)
		return add(member{name: name, place: place, size: size}, content)
	})
	if err != nil {
		return nil, err
	}
	if info, err := os.Stat(source); err != nil || info.IsDir() || !archive.Is(source) || im.only.Folder != "" {
		return members, err
	}
	file, err := os.Open(source)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	self := member{name: filepath.Base(source), size: info.Size(), self: true}
	self.place = append(append([]string{}, base[:len(base)-1]...), self.name)
	return members, add(self, file)
}

// eachMember is [eachMember] for the folder of the source that was chosen. Members of
// a folder with names that cannot be used are left out.
func (im *importer) eachMember(source string, visit archive.Visit) error {
	folder := path.Clean("/" + filepath.ToSlash(im.only.Folder))[1:]
	return eachMember(im.ctx, source, func(name string, size int64, content io.Reader) error {
		if folder != "" && !strings.HasPrefix(name, folder+"/") {
			return nil
		}
		if _, err := names.Local(name); err != nil {
			if line := fmt.Sprintf("left out: %v", err); !slices.Contains(im.left, line) {
				im.left = append(im.left, line)
			}
			return nil
		}
		return visit(name, size, content)
	})
}

// possible reports whether a member can be a file of the dataset, by its name or its
// size.
func possible(all []target, m *member) bool {
	for _, t := range all {
		if t.file.SHA256 != "" && t.file.Bytes == m.size {
			return true
		}
		if _, ok := matchName(t.file, m); ok {
			return true
		}
	}
	return false
}

// stageChosen copies the chosen members into the stage.
func (im *importer) stageChosen(source string, chosen map[string]match) error {
	wants, own := map[string][]string{}, []string{}
	for want, one := range chosen {
		im.found[want] = candidate{one.member.name, one.by(im.dataset)}
		if one.member.self {
			own = append(own, want)
			continue
		}
		wants[one.member.name] = append(wants[one.member.name], want)
	}
	if len(wants) > 0 {
		err := im.eachMember(source, func(name string, _ int64, content io.Reader) error { return im.copyTo(wants[name], content) })
		if err != nil {
			return err
		}
	}
	if len(own) == 0 {
		return nil
	}
	file, err := os.Open(source)
	if err != nil {
		return err
	}
	return errors.Join(im.copyTo(own, file), file.Close())
}

// by returns the evidence as users see it.
func (m match) by(dataset *datasets.Dataset) string {
	switch {
	case m.checksum:
		return "checksum"
	case m.shared == 1 && !ownFolder(dataset, m.root):
		return "its file name alone"
	case m.missing > 0:
		return "part of its path"
	}
	return "name"
}

// copyTo writes a member to its paths in the dataset's folder.
func (im *importer) copyTo(wants []string, content io.Reader) error {
	if len(wants) == 0 {
		return nil
	}
	first, err := im.staged(wants[0])
	if err != nil {
		return err
	}
	if err := writeFile(im.stage, first, content); err != nil {
		return err
	}
	for _, want := range wants[1:] {
		other, err := im.staged(want)
		if err != nil {
			return err
		}
		if err := copyInto(im.stage, other, im.stage, first); err != nil {
			return err
		}
	}
	return nil
}

// staged is the path in the stage of a file of the dataset.
func (im *importer) staged(want string) (string, error) {
	name, err := names.Local(path.Join(im.dataset.DataDir, want))
	if err == nil {
		_, err = names.Local(want) // the folder of the dataset is its limit
	}
	return name, err
}

// stage is the temporary folder of an import, in the data folder.
type stage struct {
	data  *os.Root // the data folder
	name  string   // in the data folder
	files *os.Root // a data folder itself
	held  *lock.Lock
}

// openStage waits for other imports into the data folder, removes what killed ones
// left, and creates a temporary folder.
func (a *Acquirer) openStage(ctx context.Context, dataset *datasets.Dataset) (*stage, error) {
	if err := a.create(); err != nil {
		return nil, fmt.Errorf("datasets import: %w", err)
	}
	held, err := lock.Take(ctx, filepath.Join(a.Data, importLock), func() { a.notify(Waiting{dataset.ID, "imports into the data folder"}) })
	if err != nil {
		return nil, fmt.Errorf("datasets import: data folder: %w", err)
	}
	s := &stage{held: held}
	if err := s.open(a.Data); err != nil {
		s.close()
		return nil, fmt.Errorf("datasets import: data folder: %w", err)
	}
	return s, nil
}

func (s *stage) open(data string) (err error) {
	if s.data, err = os.OpenRoot(data); err != nil {
		return err
	}
	if s.held.Exclusive {
		_, left := Unfinished(s.data.FS())
		for _, name := range left {
			if err := s.data.RemoveAll(name); err != nil {
				return err
			}
		}
	}
	name := fmt.Sprintf("%s%08x", stagePrefix, rand.Uint32())
	if err := s.data.Mkdir(name, 0o700); err != nil {
		return err
	}
	s.name = name
	s.files, err = s.data.OpenRoot(name)
	return err
}

// close removes the temporary folder.
func (s *stage) close() {
	if s.files != nil {
		_ = s.files.Close()
	}
	if s.name != "" {
		_ = s.data.RemoveAll(s.name) // otherwise the next import removes it
	}
	if s.data != nil {
		_ = s.data.Close()
	}
	_ = s.held.Release()
}

// writeFile writes a file below a folder. When it returns, the file is on the disk.
func writeFile(folder *os.Root, name string, content io.Reader) error {
	name = filepath.FromSlash(name)
	if err := folder.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return err
	}
	f, err := folder.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, content)
	return errors.Join(err, f.Sync(), f.Close())
}

// copyInto copies a file below a folder to a name below another one, in one step.
func copyInto(folder *os.Root, name string, from *os.Root, source string) error {
	in, err := from.Open(filepath.FromSlash(source))
	if err != nil {
		return err
	}
	defer in.Close()
	return replaceFile(folder, name, in)
}

func replaceFile(folder *os.Root, name string, content io.Reader) error {
	return atomicfile.WriteIn(folder, filepath.FromSlash(name), func(w io.Writer) error { _, err := io.Copy(w, content); return err })
}
