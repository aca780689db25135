package datasets

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"nerbench/internal/strict"
)

//go:embed rows/*.toml suites.toml
var embedded embed.FS

// Embedded returns the rows of the benchmark, sorted by id.
func Embedded() ([]*Row, error) {
	sub, err := fs.Sub(embedded, "rows")
	if err != nil {
		return nil, fmt.Errorf("embedded rows: %w", err)
	}
	return Read(sub)
}

// Read reads the row files (*.toml) at the root of fsys, sorted by id. Reading
// is strict: an unknown key is an error, and so is a row that does not pass
// [Lint]. The error joins all faults of all files; each names its file, and its
// line where there is one.
func Read(fsys fs.FS) ([]*Row, error) {
	names, err := fs.Glob(fsys, "*.toml")
	if err != nil {
		return nil, fmt.Errorf("read rows: %w", err)
	}
	var rows []*Row
	var faults []error
	for _, name := range names {
		r, err := ReadFile(fsys, name)
		if err != nil {
			faults = append(faults, err)
		}
		rows = append(rows, r)
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	slices.SortFunc(rows, func(a, b *Row) int { return strings.Compare(a.ID, b.ID) })
	return rows, nil
}

// ReadFile reads one row file, as strictly as [Read].
func ReadFile(fsys fs.FS, name string) (*Row, error) {
	r, err := readRow(fsys, name)
	if err != nil {
		return nil, err
	}
	var faults []error
	for _, fault := range Lint(r) {
		faults = append(faults, fmt.Errorf("%s: %w", name, fault))
	}
	return r, errors.Join(faults...)
}

// readRow reads one file. It does not lint.
func readRow(fsys fs.FS, name string) (*Row, error) {
	r := &Row{File: name}
	if err := decode(fsys, name, r); err != nil {
		return nil, err
	}
	return r, nil
}

// Find returns the row with an id.
func Find(rows []*Row, id string) (*Row, error) {
	i := slices.IndexFunc(rows, func(r *Row) bool { return r.ID == id })
	if i < 0 {
		return nil, fmt.Errorf("row %q: unknown%s", id, similar(rows, id))
	}
	return rows[i], nil
}

// similar suggests the ids that begin like a wrong one.
func similar(rows []*Row, id string) string {
	first, _, _ := strings.Cut(id, "-")
	var ids []string
	for _, r := range rows {
		if first != "" && strings.HasPrefix(r.ID, first) {
			ids = append(ids, r.ID)
		}
	}
	if len(ids) == 0 {
		return ""
	}
	return " (similar: " + strings.Join(ids, ", ") + ")"
}

// decode reads a TOML file into v and refuses keys that v does not have.
func decode(fsys fs.FS, name string, v any) error { return strict.ReadTOML(fsys, name, v) }
