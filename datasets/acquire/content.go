package acquire

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"nerbench/datasets"
	"nerbench/internal/archive"
	"nerbench/internal/fault"
	"nerbench/loaders"
	"nerbench/ner"
)

// readable is a part of a source that can be read as a set of the dataset: a file,
// or a folder for sets with one folder per split.
type readable struct {
	set  *datasets.Set
	path string // in the source
	lock datasets.Lock
}

// fit is how well a readable fits a split; a higher value is better.
type fit int

const (
	fitNot   fit = iota
	fitAlone     // the set has only one split
	fitName      // its name is that of the split
	fitTable     // its number of documents is that of Table 6
	fitLock      // it matches the recorded checksums
)

// by returns the evidence as users see it.
func (f fit) by() string {
	switch f {
	case fitLock:
		return "content: recorded checksums"
	case fitTable:
		return "content: number of documents in Table 6"
	case fitName:
		return "content and name"
	}
	return "content"
}

// splitWords are the words in file names that mean a split.
var splitWords = map[ner.Split][]string{
	ner.Train: {"train", "training"},
	ner.Dev:   {"dev", "devel", "development", "val", "valid", "validation", "testa"},
	ner.Test:  {"test", "testing", "eval", "evaluation", "testb", "gold"},
}

// findByContent finds the dataset's files in a source by reading them; it is used
// if their names do not identify them. A candidate is a file that can be read as a
// set. Its split is chosen by checksums, or else by the number of documents. Without
// either, nothing shows that it is a file of this dataset; it is used only if the
// options name the set or the split.
func (im *importer) findByContent(source string) error {
	if err := im.stage.Mkdir(contentFolder, 0o700); err != nil {
		return err
	}
	tree, err := im.stage.OpenRoot(contentFolder)
	if err != nil {
		return err
	}
	defer tree.Close()
	if err := im.copyTree(source, tree); err != nil {
		return fmt.Errorf("datasets import: %s: %w", source, err)
	}
	found := im.readables(tree.FS())
	if len(found) == 0 {
		return nil
	}
	chosen, err := im.choose(source, found)
	if err != nil {
		return err
	}
	for _, c := range chosen {
		if err := im.takeReadable(tree.FS(), c); err != nil {
			return err
		}
	}
	return nil
}

// contentFolder is the folder of the stage with all members of a source.
const contentFolder = ".content"

// copyTree writes the members of a source below a folder.
func (im *importer) copyTree(source string, tree *os.Root) error {
	return im.eachMember(source, func(name string, _ int64, content io.Reader) error { return writeFile(tree, name, content) })
}

// readables tries to read every file or folder as each set of the dataset.
func (im *importer) readables(tree fs.FS) []readable {
	var found []readable
	for i := range im.dataset.Sets {
		set := &im.dataset.Sets[i]
		if im.only.Set != "" && set.Name != im.only.Set {
			continue
		}
		folders, ok := ofFolders(set)
		if !ok || !loaders.Supported(im.dataset, set.Name) {
			continue
		}
		_ = fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() != folders || im.ctx.Err() != nil || folders && !holdsFiles(tree, name) {
				return err
			}
			if lock, ok := im.reads(tree, set, name, folders); ok {
				found = append(found, readable{set, name, lock})
			}
			return nil
		})
	}
	return found
}

// holdsFiles reports whether a folder directly contains files.
func holdsFiles(tree fs.FS, folder string) bool {
	entries, err := fs.ReadDir(tree, folder)
	return err == nil && slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return e.Type().IsRegular() })
}

// ofFolders reports whether each split of a set is one folder (true) or one file
// (false); ok is false if a split has more than one.
func ofFolders(set *datasets.Set) (folders, ok bool) {
	for i, p := range set.Splits {
		if len(p.Files) != 1 || p.End > 0 {
			return false, false
		}
		pattern := strings.ContainsAny(p.Files[0].Path, "*?[") && path.Ext(p.Files[0].Path) != ".parquet"
		if i > 0 && pattern != folders {
			return false, false
		}
		folders = pattern
	}
	return folders, true
}

// reads tries to read a file or folder completely as a set. The result must have
// mentions.
func (im *importer) reads(tree fs.FS, set *datasets.Set, name string, folder bool) (datasets.Lock, bool) {
	as := *set
	file := datasets.File{Path: name}
	if folder {
		file.Path = path.Join(name, "*")
	}
	as.Primary, as.Splits = true, []datasets.Part{{Name: "candidate", Files: []datasets.File{file}}}
	dataset := *im.dataset
	dataset.DataDir, dataset.Sets = ".", []datasets.Set{as}
	docs, _, err := loaders.Documents(im.ctx, tree, &dataset, loaders.Options{Split: "candidate"})
	if err != nil {
		return datasets.Lock{}, false
	}
	fingerprint := loaders.NewFingerprint()
	for d, err := range docs {
		if err != nil {
			return datasets.Lock{}, false
		}
		fingerprint.Add(d)
	}
	lock := fingerprint.Lock()
	return lock, lock.Documents > 0 && lock.Spans > 0
}

// placed is a candidate with its split of the dataset.
type placed struct {
	readable
	part *datasets.Part
	fit  fit
}

// choose assigns splits to the candidates. It is an error if two candidates fit one
// split equally well, or if no split can be assigned.
func (im *importer) choose(source string, found []readable) ([]placed, error) {
	best := map[*datasets.Part][]placed{}
	unplaced := []readable{}
	for _, r := range found {
		p, ok := im.assign(r)
		if !ok {
			unplaced = append(unplaced, r)
			continue
		}
		switch before := best[p.part]; {
		case len(before) == 0 || p.fit > before[0].fit:
			best[p.part] = []placed{p}
		case p.fit == before[0].fit:
			best[p.part] = append(before, p)
		}
	}
	var chosen []placed
	taken := map[string]bool{}
	for _, set := range im.dataset.Sets {
		for i := range set.Splits {
			for part, candidates := range best {
				if part.Name != set.Splits[i].Name || candidates[0].set.Name != set.Name || taken[candidates[0].path] {
					continue
				}
				if len(candidates) > 1 {
					return nil, im.ambiguous(source, candidates)
				}
				chosen = append(chosen, candidates[0])
				taken[candidates[0].path] = true
			}
		}
	}
	if len(chosen) == 0 && len(unplaced) > 0 {
		return nil, unknownSplit(unplaced)
	}
	return im.proven(source, chosen)
}

// proven leaves out candidates that nothing but a name connects with the dataset,
// unless the options name the set or the split. It is an error if all are left out.
func (im *importer) proven(source string, chosen []placed) ([]placed, error) {
	if im.only.Set != "" || im.only.Split != "" {
		return chosen, nil
	}
	kept := slices.DeleteFunc(slices.Clone(chosen), func(c placed) bool { return c.fit < fitTable })
	if len(kept) == 0 && len(chosen) > 0 {
		return nil, im.unproven(source, chosen)
	}
	return kept, nil
}

// assign finds the split that a candidate fits best.
func (im *importer) assign(r readable) (placed, bool) {
	out := placed{readable: r}
	for i := range r.set.Splits {
		part := &r.set.Splits[i]
		if im.only.Split != "" && part.Name != im.only.Split {
			continue
		}
		f := im.fits(r, part)
		if im.only.Split != "" && f == fitNot {
			f = fitAlone
		}
		if f > out.fit {
			out.part, out.fit = part, f
		}
	}
	return out, out.part != nil
}

func (im *importer) fits(r readable, part *datasets.Part) fit {
	published, ok := viewedCount(im.dataset, part.Name)
	switch {
	case part.Lock != nil && part.Lock.TextsSHA256 == r.lock.TextsSHA256 && part.Lock.SpansSHA256 == r.lock.SpansSHA256:
		return fitLock
	case ok && published > 0 && r.set.Primary && r.lock.Documents == published:
		return fitTable
	case namesSplit(r.path, part.Name):
		return fitName
	case len(r.set.Splits) == 1:
		return fitAlone
	}
	return fitNot
}

// viewedCount is the number of documents that a file of the split must have so that
// its view has the count of Table 6, if the view shows it.
func viewedCount(dataset *datasets.Dataset, split ner.Split) (n int, ok bool) {
	n, ok = dataset.Table6.Count(split)
	switch dataset.CountRule.View[split] {
	case datasets.ViewAll:
	case datasets.ViewAllButLast:
		n++
	default:
		ok = false
	}
	return n, ok && n > 0 && dataset.CountRule.Cut == ""
}

// namesSplit reports whether the path names this split. If several elements name a
// split, the last one is used.
func namesSplit(name string, split ner.Split) bool {
	words := strings.FieldsFunc(strings.ToLower(name), func(c rune) bool { return !('a' <= c && c <= 'z') })
	for _, w := range slices.Backward(words) {
		for of, names := range splitWords {
			if slices.Contains(names, w) {
				return of == split
			}
		}
	}
	return false
}

func (im *importer) ambiguous(source string, candidates []placed) error {
	c := candidates[0]
	return fault.Usagef("datasets import: several files fit split %s of set %s; choose one:%s", c.part.Name, c.set.Name, im.commands(source, candidates))
}

func (im *importer) unproven(source string, found []placed) error {
	return fault.Usagef("datasets import: no file has a name, checksum or count of dataset %s; if these are its files, import each with its set and split:%s",
		im.dataset.ID, im.commands(source, found))
}

// commands are the commands that import one file each.
func (im *importer) commands(source string, files []placed) string {
	var lines strings.Builder
	for _, c := range files {
		from := quoteArg(source)
		switch info, err := os.Stat(source); {
		case err == nil && info.IsDir():
			from = quoteArg(filepath.Join(source, filepath.FromSlash(c.path)))
		case archive.Is(source):
			from += " --folder " + quoteArg(path.Dir(c.path))
		}
		fmt.Fprintf(&lines, "\n  nerbench datasets import %s %s --set %s --split %s  (%d documents, %d spans)",
			im.dataset.ID, from, quoteArg(c.set.Name), c.part.Name, c.lock.Documents, c.lock.Spans)
	}
	return lines.String()
}

func unknownSplit(found []readable) error {
	var names []string
	for _, r := range found {
		names = append(names, fmt.Sprintf("%s (as set %s: %d documents, %d spans)", r.path, r.set.Name, r.lock.Documents, r.lock.Spans))
	}
	return fault.Usagef("datasets import: the split of %s is unknown: set it with --split, and --set if several sets fit", strings.Join(names, ", "))
}

// takeReadable moves a file, or the files of a folder, to their paths in the stage.
func (im *importer) takeReadable(tree fs.FS, c placed) error {
	want := c.part.Files[0].Path
	if folders, _ := ofFolders(c.set); !folders {
		if strings.ContainsAny(want, "*?[") { // one file of a pattern, such as parquet
			want = path.Join(path.Dir(want), path.Base(c.path))
		}
		switch packed := strings.HasSuffix(c.path, ".gz"); {
		case packed && !strings.HasSuffix(want, ".gz"):
			want += ".gz"
		case !packed:
			want = strings.TrimSuffix(want, ".gz")
		}
		return im.takeFile(c.path, want, c.fit)
	}
	entries, err := fs.ReadDir(tree, c.path)
	if err != nil {
		return err
	}
	folder := patternFolder(want)
	for _, e := range entries {
		if e.Type().IsRegular() {
			if err := im.takeFile(path.Join(c.path, e.Name()), path.Join(folder, e.Name()), c.fit); err != nil {
				return err
			}
		}
	}
	return nil
}

// patternFolder is a folder whose files match a pattern. It is without wildcards:
// "**" also matches no folder.
func patternFolder(pattern string) string {
	return path.Dir(strings.Replace(pattern, "/**/", "/", 1))
}

// takeFile moves a file of the content folder.
func (im *importer) takeFile(name, want string, f fit) error {
	to, err := im.staged(want)
	if err != nil {
		return err
	}
	if err := im.stage.MkdirAll(filepath.Dir(filepath.FromSlash(to)), 0o700); err != nil {
		return err
	}
	im.found[want] = candidate{name, f.by()}
	return im.stage.Rename(filepath.Join(contentFolder, filepath.FromSlash(name)), filepath.FromSlash(to))
}
