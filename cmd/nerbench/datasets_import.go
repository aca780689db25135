package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"nerbench/datasets"
	"nerbench/internal/fault"
	"nerbench/loaders"
	"nerbench/ner"
)

// imported is what an import did.
type imported struct {
	Dataset string         `json:"row"`
	Taken   bool           `json:"taken"` // false: the files are not what the dataset says, nothing changed
	Files   []importedFile `json:"files"`
	// Splits are what was found in the files before they were taken over.
	Splits []verified `json:"splits"`
}

type importedFile struct {
	From string `json:"from"` // in the folder or archive
	To   string `json:"to"`   // in the data folder
	By   string `json:"by"`   // checksum, name, or content
}

// importDataset takes a dataset's files out of a folder, an archive or a single
// file, and puts them where the loaders look. They are copied beside the data
// folder's content and verified there; only files that are what the dataset says are
// moved to their places. Nothing is written under a name that an archive chose.
func (env *environment) importDataset(c *cli.Context) error {
	dataset, err := env.oneDataset(c, "datasets import", 1)
	if err != nil {
		return err
	}
	if !loaders.Supported(dataset, "") {
		return adviseNoReader(dataset)
	}
	if err := os.MkdirAll(env.data, 0o755); err != nil {
		return fmt.Errorf("datasets import: data folder: %w", err)
	}
	stage, err := os.MkdirTemp(env.data, ".import-*")
	if err != nil {
		return fmt.Errorf("datasets import: data folder: %w", err)
	}
	defer os.RemoveAll(stage)
	only := wanted{c.String("set"), ner.Split(c.String("split"))}
	if _, err := dataset.Set(only.set); err != nil {
		return fault.Usagef("datasets import: %v", err)
	}
	return env.importFrom(c.Context, dataset, c.Args().Get(1), stage, only, c.Bool("accept"))
}

func (env *environment) importFrom(ctx context.Context, dataset *datasets.Dataset, source, stage string, only wanted, accept bool) error {
	im := &importer{ctx: ctx, dataset: dataset, stage: stage, found: map[string]candidate{}}
	if only == (wanted{}) {
		if err := eachMember(ctx, source, im.look); err != nil {
			return fmt.Errorf("datasets import: %s: %w", source, err)
		}
	}
	if len(im.found) == 0 {
		if err := im.findByContent(ctx, source, only); err != nil {
			return err
		}
	}
	if len(im.found) == 0 {
		return &fault.DataError{Err: &fault.Hint{
			Err:    fmt.Errorf("datasets import: %s: holds none of the files of dataset %s", source, dataset.ID),
			Advice: "wanted are " + strings.Join(wantedNames(dataset), ", ") + "; rename your files so, or name the right folder",
		}}
	}
	out := imported{Dataset: dataset.ID, Taken: true, Splits: []verified{}}
	for _, want := range sortedKeys(im.found) {
		c := im.found[want]
		out.Files = append(out.Files, importedFile{c.from, path.Join(dataset.DataDir, want), c.by})
	}
	data := overlay{os.DirFS(stage), env.dataFS()}
	for _, job := range verifyJobs([]*datasets.Dataset{dataset}) {
		v, err := verifySplit(ctx, data, job)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			v.State, v.Differences = loaders.StateDiffers, []string{err.Error()}
		}
		if v.State != loaders.StateMissing {
			out.Splits = append(out.Splits, v)
			out.Taken = out.Taken && v.State != loaders.StateDiffers
		}
	}
	differs := !out.Taken
	if out.Taken = out.Taken || accept; out.Taken {
		for _, f := range out.Files {
			if err := place(filepath.Join(stage, filepath.FromSlash(f.To)), filepath.Join(env.data, filepath.FromSlash(f.To))); err != nil {
				return fmt.Errorf("datasets import: %w", err)
			}
		}
		if err := env.recordOrigin(source, dataset, out); err != nil {
			return err
		}
	}
	if err := env.printImported(out); err != nil {
		return err
	}
	switch {
	case !out.Taken:
		return &fault.DataError{Err: &fault.Hint{
			Err:    fmt.Errorf("datasets import: %s: not the locked data of dataset %s; nothing was imported", source, dataset.ID),
			Advice: "another release can be taken with --accept: runs on it carry a fingerprint of their own; or describe it in a row of your own (docs/add-a-dataset.md)",
		}}
	case differs:
		return &fault.DataError{Err: fmt.Errorf("datasets import: %s: not the locked data of dataset %s; it was imported, and runs on it carry a fingerprint of their own", source, dataset.ID)}
	}
	return nil
}

// originFile holds where the files of a dataset's folder came from, an import a line.
const originFile = ".nerbench-import.jsonl"

// origin is one import.
type origin struct {
	Dataset string         `json:"row"`
	Time    string         `json:"time"`
	From    string         `json:"from"` // the last part of the source's name: the rest is the user's own
	Files   []importedFile `json:"files"`
	Splits  []verified     `json:"splits"` // with the fingerprints of what was found
}

// recordOrigin keeps where the files came from, beside them.
func (env *environment) recordOrigin(source string, dataset *datasets.Dataset, out imported) error {
	line, err := json.Marshal(origin{dataset.ID, time.Now().UTC().Format(time.RFC3339), filepath.Base(source), out.Files, out.Splits})
	if err != nil {
		return err
	}
	f, err := os.OpenFile(filepath.Join(env.data, dataset.DataDir, originFile), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("datasets import: %w", err)
	}
	_, err = f.Write(append(line, '\n'))
	return errors.Join(err, f.Close())
}

func (env *environment) printImported(out imported) error {
	if env.json {
		return env.printJSON(out)
	}
	if out.Taken {
		for _, line := range importLines(out.Files) {
			fmt.Fprintln(env.stdout, line)
		}
	}
	return env.printVerified(out.Splits)
}

// importLines says what was taken: each file, or, of a folder of many, how many.
func importLines(files []importedFile) []string {
	const few = 4
	type folder struct{ from, to, by string }
	count := map[folder]int{}
	of := func(f importedFile) folder { return folder{path.Dir(f.From), path.Dir(f.To), f.By} }
	for _, f := range files {
		count[of(f)]++
	}
	var lines []string
	for _, f := range files {
		switch n := count[of(f)]; {
		case n <= few:
			lines = append(lines, fmt.Sprintf("%s → %s (known by its %s)", f.From, f.To, f.By))
		default:
			line := fmt.Sprintf("%s: %d files → %s (known by their %s)", path.Dir(f.From), n, path.Dir(f.To), f.By)
			if !slices.Contains(lines, line) {
				lines = append(lines, line)
			}
		}
	}
	return lines
}

// wantedNames are the files that an import looks for.
func wantedNames(dataset *datasets.Dataset) []string {
	var names []string
	for _, job := range verifyJobs([]*datasets.Dataset{dataset}) {
		for _, f := range job.part.Files {
			names = append(names, f.Path)
		}
	}
	return names
}

// place moves a file to its place, in one step.
func place(from, to string) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	if err := os.Chmod(from, 0o644); err != nil {
		return err
	}
	return os.Rename(from, to)
}

// overlay is a data folder in which the files of another one count first.
type overlay struct{ top, under fs.FS }

func (o overlay) Open(name string) (fs.File, error) {
	f, err := o.top.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return o.under.Open(name)
	}
	return f, err
}

// importer finds the files of a dataset among the members of a folder or archive.
type importer struct {
	ctx     context.Context
	dataset *datasets.Dataset
	stage   string               // a data folder of its own
	found   map[string]candidate // by path of the dataset's file
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

// slot says under which name of the dataset a member would be taken for a file, and
// how well its own name fits: 2 for the whole path, 1 for its last part, 0 for
// neither. Files of a pattern keep the names that they have below its folder.
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

// insidePattern finds the end of a member's name that a pattern stands for.
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
	return place(temp, filepath.Join(im.stage, filepath.FromSlash(path.Join(im.dataset.DataDir, want))))
}

// copy writes a member to a new file of the stage.
func (im *importer) copy(content io.Reader) (name, sum string, err error) {
	f, err := os.CreateTemp(im.stage, "member-*")
	if err != nil {
		return "", "", err
	}
	h := newHash()
	_, err = io.Copy(io.MultiWriter(f, h), contextReader{im.ctx, content})
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return "", "", err
	}
	return f.Name(), h.hex(), nil
}
