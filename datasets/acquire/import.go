package acquire

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"nerbench/datasets"
	"nerbench/datasets/verify"
	"nerbench/internal/atomicfile"
	"nerbench/internal/checksum"
	"nerbench/internal/fault"
	"nerbench/loaders"
	"nerbench/ner"
)

// ImportOptions are the options of [Acquirer.Import].
type ImportOptions struct {
	// Set and Split name the only set and split that the source contains. Files that
	// neither their checksum nor their name identifies are then taken if they can be
	// read as this set.
	Set   string
	Split ner.Split
	// Folder is the only folder of the source that contains files; empty: all.
	Folder string
	// Accept imports files that do not match the recorded checksums and counts.
	Accept bool
}

// Imported is the result of an import.
type Imported struct {
	Dataset string `json:"row"`
	// Taken is false if the files do not match the recorded checksums and counts; the
	// data folder is then unchanged.
	Taken bool           `json:"taken"`
	Files []ImportedFile `json:"files"`
	// Kept are the other files of the same sets in the data folder, from an earlier
	// import.
	Kept []string `json:"kept,omitempty"`
	// Left are files of the source that were left out, with the reasons.
	Left []string `json:"left,omitempty"`
	// Splits were verified before the files were moved to the data folder.
	Splits []verify.Split `json:"splits"`
}

// ImportedFile is one file of an import.
type ImportedFile struct {
	From string `json:"from"` // in the source
	To   string `json:"to"`   // in the data folder
	By   string `json:"by"`   // how it was recognized: by checksum, name, or content
	// Replaces is set if the data folder has other content under this name.
	Replaces bool `json:"replaces,omitempty"`
}

// Import imports a dataset's files from a folder, an archive or a single file.
//
// The result contains the files that were found, even if there is an error. A
// [fault.DataError] reports that they do not match the recorded checksums and counts,
// a [fault.UsageError] that an option must decide between several files.
func (a *Acquirer) Import(ctx context.Context, dataset *datasets.Dataset, source string, o ImportOptions) (Imported, error) {
	if !loaders.Supported(dataset, "") {
		return Imported{}, Unsupported(dataset)
	}
	if _, err := dataset.Set(o.Set); err != nil {
		return Imported{}, fault.Usagef("datasets import: %v", err)
	}
	return a.importFrom(ctx, dataset, source, o)
}

func (a *Acquirer) importFrom(ctx context.Context, dataset *datasets.Dataset, source string, o ImportOptions) (Imported, error) {
	a.importing.Lock()
	defer a.importing.Unlock()
	s, err := a.openStage(ctx, dataset)
	if err != nil {
		return Imported{}, err
	}
	defer s.close()
	im := &importer{ctx: ctx, dataset: dataset, only: o, stage: s.files, found: map[string]candidate{}}
	if err := im.find(source); err != nil {
		return Imported{}, err
	}
	out, err := im.imported(a.dataFS())
	if err != nil {
		return Imported{}, err
	}
	matches, err := im.verify(a.dataFS(), &out)
	if err != nil {
		return Imported{}, err
	}
	if out.Taken = matches || o.Accept; out.Taken {
		if err := a.take(s, source, dataset, out); err != nil {
			return Imported{}, fmt.Errorf("datasets import: %w", err)
		}
	}
	differs := fmt.Errorf("datasets import: %s: does not match the recorded %s of dataset %s", source, im.recorded(), dataset.ID)
	switch {
	case !out.Taken && unreadable(out.Splits) != nil:
		v := unreadable(out.Splits)
		return out, &fault.DataError{Err: &fault.Hint{
			Err:    fmt.Errorf("datasets import: %s: %s %s cannot be read: %s; nothing was imported", source, v.Set, v.Split, v.Differences[0]),
			Advice: cmp.Or(v.Hint, "compare the files with the form of the family in docs/formats.md"),
		}}
	case !out.Taken:
		return out, &fault.DataError{Err: &fault.Hint{
			Err:    fmt.Errorf("%w; nothing was imported", differs),
			Advice: "import another release with --accept (its runs get a different fingerprint), or describe it in a custom dataset file (docs/add-a-dataset.md)",
		}}
	case !matches:
		return out, &fault.DataError{Err: fmt.Errorf("%w; it was imported, and its runs get a different fingerprint", differs)}
	}
	return out, nil
}

// recorded names the values that an import is compared with.
func (im *importer) recorded() string {
	for _, set := range im.dataset.Sets {
		for _, p := range set.Splits {
			if p.Lock != nil || slices.ContainsFunc(p.Files, func(f datasets.File) bool { return f.SHA256 != "" }) {
				return "checksums"
			}
		}
	}
	return "counts"
}

// find stages the files of the dataset: by checksum and name, or else by content.
func (im *importer) find(source string) error {
	base, err := placeOf(source)
	if err != nil {
		return fmt.Errorf("datasets import: %s: %w", source, err)
	}
	members, err := im.list(source, base)
	if err != nil {
		return fmt.Errorf("datasets import: %s: %w", source, err)
	}
	if len(members) == 0 && im.only.Folder != "" {
		return fault.Usagef("datasets import: --folder %s: %s has no such folder with files", im.only.Folder, source)
	}
	c := &chooser{
		dataset: im.dataset, targets: targets(im.dataset, im.only),
		base: path.Join(append(base, im.only.Folder)...), asked: im.only.Folder != "",
	}
	chosen, err := c.choose(members)
	if err != nil {
		return err
	}
	im.left = append(im.left, c.left...)
	if err := im.stageChosen(source, chosen); err != nil {
		return fmt.Errorf("datasets import: %s: %w", source, err)
	}
	if len(im.found) == 0 {
		if err := im.findByContent(source); err != nil {
			return err
		}
	}
	if len(im.found) == 0 {
		return &fault.DataError{Err: &fault.Hint{
			Err:    fmt.Errorf("datasets import: %s: contains no file of dataset %s%s", source, im.dataset.ID, im.leftText()),
			Advice: "expected files are " + strings.Join(expectedNames(im.dataset), ", ") + "; rename your files, or choose another folder",
		}}
	}
	return nil
}

// leftText lists the first files that were left out.
func (im *importer) leftText() string {
	const few = 8
	text := ""
	for _, line := range im.left[:min(few, len(im.left))] {
		text += "\n  " + line
	}
	return text
}

// expectedNames lists the names of the files that an import expects.
func expectedNames(dataset *datasets.Dataset) []string {
	var names []string
	for _, job := range verify.Jobs([]*datasets.Dataset{dataset}) {
		for _, f := range job.Part.Files {
			names = append(names, f.Path)
		}
	}
	return names
}

// imported lists the staged files, and those of the same sets that are in the data
// folder.
func (im *importer) imported(data fs.FS) (Imported, error) {
	out := Imported{Dataset: im.dataset.ID, Splits: []verify.Split{}, Left: im.left}
	staged := map[string]bool{}
	for _, want := range slices.Sorted(maps.Keys(im.found)) {
		c := im.found[want]
		f := ImportedFile{From: c.from, To: path.Join(im.dataset.DataDir, want), By: c.by}
		same, err := sameContent(im.ctx, im.stage.FS(), data, f.To)
		if err != nil {
			return out, fmt.Errorf("datasets import: %w", err)
		}
		f.Replaces = !same
		staged[f.To] = true
		out.Files = append(out.Files, f)
	}
	for i := range im.dataset.Sets {
		set := &im.dataset.Sets[i]
		there, here := im.resolve(set, im.stage.FS()), im.resolve(set, data)
		if len(there) == 0 {
			continue
		}
		for _, name := range here {
			if !staged[name] && !slices.Contains(out.Kept, name) {
				out.Kept = append(out.Kept, name)
			}
		}
	}
	return out, nil
}

// resolve lists the files of a set that a data folder has.
func (im *importer) resolve(set *datasets.Set, data fs.FS) []string {
	var names []string
	for i := range set.Splits {
		for k := range set.Splits[i].Files {
			found, err := loaders.Resolve(im.ctx, data, im.dataset, &set.Splits[i].Files[k])
			if err == nil {
				names = append(names, found...)
			}
		}
	}
	return names
}

// sameContent reports whether a file of two folders has the same content, or is
// missing from the second one.
func sameContent(ctx context.Context, a, b fs.FS, name string) (bool, error) {
	one, err := sumOf(ctx, a, name)
	if err != nil {
		return false, err
	}
	other, err := sumOf(ctx, b, name)
	if errors.Is(err, fs.ErrNotExist) {
		return true, nil
	}
	return one == other, err
}

func sumOf(ctx context.Context, fsys fs.FS, name string) (string, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	return checksum.Of(ctx, f)
}

// verify reads the staged files, and the files of the data folder for those not
// staged. It reports whether they match the recorded checksums.
func (im *importer) verify(data fs.FS, out *Imported) (matches bool, err error) {
	matches = true
	files := overlay{im.stage.FS(), data}
	for _, job := range verify.Jobs([]*datasets.Dataset{im.dataset}) {
		v, err := job.Verify(im.ctx, files)
		if im.ctx.Err() != nil {
			return false, im.ctx.Err()
		}
		if err != nil && v.State != loaders.StateUnreadable {
			return false, err
		}
		if v.State != loaders.StateMissing {
			out.Splits = append(out.Splits, v)
			matches = matches && !v.State.Fails()
		}
	}
	return matches, nil
}

// unreadable returns the first split that cannot be read; nil if there is none.
func unreadable(splits []verify.Split) *verify.Split {
	for i := range splits {
		if splits[i].State == loaders.StateUnreadable {
			return &splits[i]
		}
	}
	return nil
}

// overlay is a data folder in which the files of the stage come first.
type overlay struct{ top, under fs.FS }

// Open implements [fs.FS]. The mark of an interrupted import is hidden: this import
// replaces it.
func (o overlay) Open(name string) (fs.File, error) {
	if path.Base(name) == loaders.UnfinishedImport {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	f, err := o.top.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return o.under.Open(name)
	}
	return f, err
}

// ReadDir implements [fs.ReadDirFS]: a folder has the files of both.
func (o overlay) ReadDir(name string) ([]fs.DirEntry, error) {
	top, err := fs.ReadDir(o.top, name)
	under, underErr := fs.ReadDir(o.under, name)
	if err != nil && underErr != nil {
		return nil, err
	}
	for _, e := range under {
		if !slices.ContainsFunc(top, func(t fs.DirEntry) bool { return t.Name() == e.Name() }) {
			top = append(top, e)
		}
	}
	slices.SortFunc(top, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return top, nil
}

// take moves staged files to the data folder and records their origin. Meanwhile the
// folder has a mark, so that a part of the files is not read as the whole.
func (a *Acquirer) take(s *stage, source string, dataset *datasets.Dataset, out Imported) error {
	folder, linked, err := a.openFolder(s.data, dataset.DataDir)
	if err != nil {
		return err
	}
	defer folder.Close()
	if err := writeFile(folder, loaders.UnfinishedImport, strings.NewReader(dataset.ID+"\n")); err != nil {
		return err
	}
	atomicfile.SyncFolder(folder, ".")
	for _, f := range out.Files {
		name, err := filepath.Rel(filepath.FromSlash(dataset.DataDir), filepath.FromSlash(f.To))
		if err != nil {
			return err
		}
		if linked {
			err = copyInto(folder, name, s.files, f.To)
		} else {
			err = s.move(f.To)
		}
		if err != nil {
			return err
		}
	}
	if err := recordOrigin(folder, source, dataset, out); err != nil {
		return err
	}
	return folder.Remove(loaders.UnfinishedImport)
}

// openFolder opens a dataset's folder in the data folder, and creates it if it is
// missing. linked is true if it is a link of the user's own that leads elsewhere; files
// are then copied to its target.
func (a *Acquirer) openFolder(data *os.Root, dataDir string) (folder *os.Root, linked bool, err error) {
	dataDir = filepath.FromSlash(dataDir)
	if err := data.MkdirAll(dataDir, 0o700); err == nil {
		folder, err := data.OpenRoot(dataDir)
		return folder, false, err
	}
	folder, err = os.OpenRoot(filepath.Join(a.Data, dataDir))
	return folder, true, err
}

// move moves a file to its final path in one step. A file that is replaced keeps its
// permissions.
func (s *stage) move(name string) error {
	name = filepath.FromSlash(name)
	staged := filepath.Join(s.name, name)
	if info, err := s.data.Stat(name); err == nil {
		if err := s.data.Chmod(staged, info.Mode().Perm()); err != nil {
			return err
		}
	}
	if err := s.data.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return err
	}
	if err := s.data.Rename(staged, name); err != nil {
		return err
	}
	atomicfile.SyncFolder(s.data, filepath.Dir(name))
	return nil
}

// originFile records the imports of a dataset's folder, one JSON object per line.
const originFile = ".nerbench-import.jsonl"

// origin is one import.
type origin struct {
	Dataset string         `json:"row"`
	Time    string         `json:"time"`
	From    string         `json:"from"` // last part of the source's path; the rest is private
	Files   []ImportedFile `json:"files"`
	Splits  []verify.Split `json:"splits"` // with their fingerprints
}

// recordOrigin records the origin of files in their folder.
func recordOrigin(folder *os.Root, source string, dataset *datasets.Dataset, out Imported) error {
	line, err := json.Marshal(origin{dataset.ID, time.Now().UTC().Format(time.RFC3339), filepath.Base(source), out.Files, out.Splits})
	if err != nil {
		return err
	}
	f, err := folder.OpenFile(originFile, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(append(line, '\n'))
	return errors.Join(err, f.Close())
}
