package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"nerbench/datasets"
	"nerbench/loaders"
	"nerbench/runners"
)

// imported is what an import did.
type imported struct {
	Row   string         `json:"row"`
	Taken bool           `json:"taken"` // false: the files are not what the row says, nothing changed
	Files []importedFile `json:"files"`
	// Splits are what was found in the files before they were taken over.
	Splits []verified `json:"splits"`
}

type importedFile struct {
	From string `json:"from"` // in the folder or archive
	To   string `json:"to"`   // in the data folder
	By   string `json:"by"`   // checksum, or name
}

// importDataset takes a row's files out of a folder, an archive or a single
// file, and puts them where the loaders look. They are copied beside the data
// folder's content and verified there; only files that are what the row says are
// moved to their places. Nothing is written under a name that an archive chose.
func (env *environment) importDataset(c *cli.Context) error {
	row, err := env.oneRow(c, "datasets import", 1)
	if err != nil {
		return err
	}
	if !loaders.Supported(row, "") {
		return adviseNoReader(row)
	}
	if err := os.MkdirAll(env.data, 0o755); err != nil {
		return fmt.Errorf("datasets import: data folder: %w", err)
	}
	stage, err := os.MkdirTemp(env.data, ".import-*")
	if err != nil {
		return fmt.Errorf("datasets import: data folder: %w", err)
	}
	defer os.RemoveAll(stage)
	return env.importRow(c.Context, row, c.Args().Get(1), stage)
}

func (env *environment) importRow(ctx context.Context, row *datasets.Row, source, stage string) error {
	im := &importer{ctx: ctx, row: row, stage: stage, found: map[string]candidate{}}
	if err := eachMember(ctx, source, im.look); err != nil {
		return fmt.Errorf("datasets import: %s: %w", source, err)
	}
	if len(im.found) == 0 {
		return dataError(&runners.Hint{
			Err:    fmt.Errorf("datasets import: %s: holds none of the files of row %s", source, row.ID),
			Advice: "wanted are " + strings.Join(wantedNames(row), ", ") + "; rename your files so, or name the right folder",
		})
	}
	out := imported{Row: row.ID, Taken: true, Splits: []verified{}}
	for _, want := range sortedKeys(im.found) {
		c := im.found[want]
		out.Files = append(out.Files, importedFile{c.from, path.Join(row.DataDir, want), c.by})
	}
	data := overlay{os.DirFS(stage), env.dataFS()}
	for _, job := range verifyJobs([]*datasets.Row{row}) {
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
	if out.Taken {
		for _, f := range out.Files {
			if err := place(filepath.Join(stage, filepath.FromSlash(f.To)), filepath.Join(env.data, filepath.FromSlash(f.To))); err != nil {
				return fmt.Errorf("datasets import: %w", err)
			}
		}
	}
	if err := env.printImported(out); err != nil {
		return err
	}
	if !out.Taken {
		return dataError(&runners.Hint{
			Err:    fmt.Errorf("datasets import: %s: not what row %s says; nothing was imported", source, row.ID),
			Advice: "another release is another row: describe it in a row of your own (--rows, docs/dataset.md)",
		})
	}
	return nil
}

func (env *environment) printImported(out imported) error {
	if env.json {
		return env.printJSON(out)
	}
	if out.Taken {
		for _, f := range out.Files {
			fmt.Fprintf(env.stdout, "%s → %s (known by its %s)\n", f.From, f.To, f.By)
		}
	}
	return env.printVerified(out.Splits)
}

// wantedNames are the files that an import looks for.
func wantedNames(row *datasets.Row) []string {
	var names []string
	for _, job := range verifyJobs([]*datasets.Row{row}) {
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

// importer finds the files of a row among the members of a folder or archive.
type importer struct {
	ctx   context.Context
	row   *datasets.Row
	stage string               // a data folder of its own
	found map[string]candidate // by path of the row's file
}

// candidate is a member that may be a wanted file; it lies in the stage.
type candidate struct{ from, by string }

// look stages a member if it may be one of the wanted files.
func (im *importer) look(name string, size int64, content io.Reader) error {
	for i := range im.row.Sets {
		for k := range im.row.Sets[i].Splits {
			for _, f := range im.row.Sets[i].Splits[k].Files {
				if !im.wants(&f, name, size) {
					continue
				}
				if content == nil {
					return nil // a member is one file
				}
				if err := im.stageMember(&f, name, content); err != nil {
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
func (im *importer) wants(f *datasets.File, name string, size int64) bool {
	before, found := im.found[f.Path]
	rank, sameSize := nameRank(f, name), f.SHA256 != "" && f.Bytes == size
	switch {
	case before.by == "checksum" || rank == 0 && !sameSize:
		return false
	case found && !sameSize:
		return rank > nameRank(f, before.from)
	}
	return true
}

// nameRank says how well a member's name fits: 2 for the whole path of a file, 1
// for its last part, 0 for neither.
func nameRank(f *datasets.File, name string) int {
	rank := 0
	for _, want := range append([]string{f.Path}, f.Also...) {
		switch {
		case name == want || strings.HasSuffix(name, "/"+want):
			return 2
		case path.Base(name) == path.Base(want):
			rank = 1
		}
	}
	return rank
}

func (im *importer) stageMember(f *datasets.File, name string, content io.Reader) error {
	temp, sum, err := im.copy(content)
	if err != nil {
		return err
	}
	by := "name"
	before, found := im.found[f.Path]
	switch rank := nameRank(f, name); {
	case sum == f.SHA256:
		by = "checksum"
	case rank == 0 || found && rank <= nameRank(f, before.from):
		return os.Remove(temp)
	}
	im.found[f.Path] = candidate{name, by}
	return place(temp, filepath.Join(im.stage, filepath.FromSlash(path.Join(im.row.DataDir, f.Path))))
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
