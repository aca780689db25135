package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"nerbench/datasets"
	"nerbench/loaders"
	"nerbench/runners"
)

func (env *environment) importDataset(c *cli.Context) error {
	row, err := env.oneRow(c, "datasets import", 1)
	if err != nil {
		return err
	}
	return env.importRow(c.Context, row, c.Args().Get(1))
}

// imported is what an import did.
type imported struct {
	Row   string         `json:"row"`
	Files []importedFile `json:"files"`
	// Splits are verified after the import.
	Splits []verified `json:"splits"`
}

type importedFile struct {
	From string `json:"from"` // in the folder or archive
	To   string `json:"to"`   // in the data folder
	By   string `json:"by"`   // checksum, or name
}

// importRow takes a row's files out of a folder, an archive or single file, and
// puts them where the loaders look. A file is known by its checksum, or by one of
// the names under which it is published. Nothing is written under a name that
// the archive chose.
func (env *environment) importRow(ctx context.Context, row *datasets.Row, source string) error {
	if !loaders.Supported(row, "") {
		return adviseNoReader(row)
	}
	target := filepath.Join(env.data, filepath.FromSlash(row.DataDir))
	if err := os.MkdirAll(target, 0o755); err != nil {
		return fmt.Errorf("datasets import: data folder: %w", err)
	}
	im := &importer{ctx: ctx, row: row, target: target, found: map[string]candidate{}}
	defer im.clean()
	if err := eachMember(ctx, source, im.look); err != nil {
		return fmt.Errorf("datasets import: %s: %w", source, err)
	}
	out := imported{Row: row.ID}
	var err error
	if out.Files, err = im.take(); err != nil {
		return fmt.Errorf("datasets import: %w", err)
	}
	if len(out.Files) == 0 {
		return dataError(&runners.Hint{
			Err:    fmt.Errorf("datasets import: %s: holds none of the files of row %s", source, row.ID),
			Advice: "wanted are " + strings.Join(wantedNames(row), ", ") + "; rename your files so, or name the right folder",
		})
	}
	bad := 0
	for _, job := range verifyJobs([]*datasets.Row{row}) {
		v, err := env.verifySplit(ctx, job)
		if err != nil {
			v.State, v.Differences = loaders.StateDiffers, []string{err.Error()}
		}
		if v.State == loaders.StateDiffers {
			bad++
		}
		if v.State != loaders.StateMissing {
			out.Splits = append(out.Splits, v)
		}
	}
	if err := env.printImported(out); err != nil {
		return err
	}
	if bad > 0 {
		return dataError(fmt.Errorf("row %s: %d splits differ from what the lock says (the files were imported)", row.ID, bad))
	}
	return nil
}

func (env *environment) printImported(out imported) error {
	if env.json {
		return env.printJSON(out)
	}
	for _, f := range out.Files {
		fmt.Fprintf(env.stdout, "%s → %s (known by its %s)\n", f.From, f.To, f.By)
	}
	return env.printVerified(out.Splits)
}

func wantedNames(row *datasets.Row) []string {
	var names []string
	for _, s := range row.Sets {
		if !loaders.Supported(row, s.Name) {
			continue
		}
		for _, p := range s.Splits {
			for _, f := range p.Files {
				names = append(names, f.Path)
			}
		}
	}
	return names
}

// importer finds the files of a row among the members of a folder or archive.
type importer struct {
	ctx    context.Context
	row    *datasets.Row
	target string
	found  map[string]candidate // by path of the row's file
}

// candidate is a member that may be a wanted file, copied beside its place.
type candidate struct {
	from, temp, by string
}

func (im *importer) clean() {
	for _, c := range im.found {
		os.Remove(c.temp)
	}
}

// look copies a member if it may be one of the wanted files.
func (im *importer) look(name string, size int64, content io.Reader) error {
	for _, s := range im.row.Sets {
		for _, p := range s.Splits {
			for i := range p.Files {
				if err := im.lookFor(&p.Files[i], name, size, &content); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (im *importer) lookFor(f *datasets.File, name string, size int64, content *io.Reader) error {
	rank := nameRank(f, name)
	sameSize := f.SHA256 != "" && f.Bytes == size
	if *content == nil || rank == 0 && !sameSize || im.found[f.Path].by == "checksum" {
		return nil
	}
	if before, ok := im.found[f.Path]; ok && !sameSize && nameRank(f, before.from) >= rank {
		return nil
	}
	temp, sum, err := im.copy(*content)
	if err != nil {
		return err
	}
	*content = nil // read; a member is one file
	by := "name"
	if sum == f.SHA256 {
		by = "checksum"
	} else if rank == 0 {
		return os.Remove(temp)
	}
	if before, ok := im.found[f.Path]; ok {
		os.Remove(before.temp)
	}
	im.found[f.Path] = candidate{name, temp, by}
	return nil
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

// copy writes a member to a temporary file in the row's folder.
func (im *importer) copy(content io.Reader) (name, sum string, err error) {
	f, err := os.CreateTemp(im.target, ".import-*")
	if err != nil {
		return "", "", err
	}
	h := newHash()
	_, err = io.Copy(io.MultiWriter(f, h), contextReader{im.ctx, content})
	if err = errors.Join(err, f.Close()); err != nil {
		os.Remove(f.Name())
		return "", "", err
	}
	return f.Name(), h.hex(), nil
}

// take moves what was found to its place.
func (im *importer) take() ([]importedFile, error) {
	var files []importedFile
	for _, want := range sortedKeys(im.found) {
		c := im.found[want]
		to := filepath.Join(im.target, filepath.FromSlash(want))
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return nil, err
		}
		if err := os.Chmod(c.temp, 0o644); err != nil {
			return nil, err
		}
		if err := os.Rename(c.temp, to); err != nil {
			return nil, err
		}
		files = append(files, importedFile{c.from, path.Join(im.row.DataDir, want), c.by})
	}
	return files, nil
}
