package datasets

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
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
func decode(fsys fs.FS, name string, v any) error {
	text, err := fs.ReadFile(fsys, name)
	if err != nil {
		return fmt.Errorf("read %s: %w", path.Base(name), err)
	}
	meta, err := toml.Decode(string(text), v)
	var parse toml.ParseError
	if errors.As(err, &parse) {
		return fmt.Errorf("%s:%d: %s", name, parse.Position.Line, parse.Message)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	var faults []error
	seen := map[string]bool{}
	for _, key := range meta.Undecoded() {
		if !seen[key.String()] {
			seen[key.String()] = true
			faults = append(faults, unknownKey(name, string(text), key)...)
		}
	}
	return errors.Join(faults...)
}

// unknownKey makes one error for each line that has the key: the decoder says
// which keys nobody wanted, but not where they stand.
func unknownKey(name, text string, key toml.Key) []error {
	var faults []error
	for _, line := range linesOf(text, key) {
		faults = append(faults, fmt.Errorf("%s:%d: key %q: unknown", name, line, key))
	}
	if len(faults) == 0 {
		faults = append(faults, fmt.Errorf("%s: key %q: unknown", name, key))
	}
	return faults
}

// linesOf finds the lines, from 1, that set a key below its table's header.
func linesOf(text string, key toml.Key) []int {
	last := key[len(key)-1]
	var found []int
	table := ""
	for i, line := range strings.Split(text, "\n") {
		trimmed := strings.TrimSpace(line)
		if strings.HasPrefix(trimmed, "[") && strings.HasSuffix(trimmed, "]") && !strings.ContainsAny(trimmed, "=,\"") {
			table = strings.Trim(trimmed, "[] ")
			if table == key.String() {
				found = append(found, i+1)
			}
			continue
		}
		if strings.HasPrefix(key.String(), table) && setsKey(trimmed, last) {
			found = append(found, i+1)
		}
	}
	return found
}

// setsKey reports whether a line has "name =" outside of a word.
func setsKey(line, name string) bool {
	for rest := line; ; {
		i := strings.Index(rest, name)
		if i < 0 {
			return false
		}
		before := strings.TrimRight(rest[:i], ` "`)
		after := strings.TrimLeft(rest[i+len(name):], ` "`)
		if strings.HasPrefix(after, "=") && (before == "" || strings.ContainsAny(before[len(before)-1:], "{,.")) {
			return true
		}
		rest = rest[i+len(name):]
	}
}
