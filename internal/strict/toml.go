// Package strict reads data files and rejects unknown keys with an error that names
// the file and the line.
package strict

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"

	"github.com/BurntSushi/toml"
)

// ReadTOML reads a file of fsys into v and rejects keys that v does not have. The
// error joins all faults; each names the file, and its line if it is known.
func ReadTOML(fsys fs.FS, name string, v any) error {
	text, err := readFile(fsys, name)
	if err != nil {
		return fmt.Errorf("read %s: %w", path.Base(name), err)
	}
	if line, err := checkSize(text); err != nil {
		return fmt.Errorf("%s:%d: %w", name, line, err)
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
		if seen[key.String()] {
			continue
		}
		if seen[key.String()] = true; len(seen) <= mostUnknown {
			faults = append(faults, unknownKey(name, string(text), key)...)
		}
	}
	if more := len(seen) - mostUnknown; more > 0 {
		faults = append(faults, fmt.Errorf("%s: %d more unknown keys", name, more))
	}
	return errors.Join(faults...)
}

// mostUnknown is the number of unknown keys that are reported one by one.
const mostUnknown = 20

// readFile reads a file of at most [mostBytes] bytes.
func readFile(fsys fs.FS, name string) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, mostBytes+1))
	if err == nil && len(text) > mostBytes {
		err = fmt.Errorf("more than %d bytes", mostBytes)
	}
	return text, err
}

// unknownKey returns one error for each line that has the key. The decoder reports
// unknown keys without their lines.
func unknownKey(name, text string, key toml.Key) []error {
	var faults []error
	for _, line := range linesOf(text, key) {
		faults = append(faults, &UnknownKey{name, line, key.String()})
	}
	if len(faults) == 0 {
		faults = append(faults, &UnknownKey{name, 0, key.String()})
	}
	return faults
}

// UnknownKey is the error for an unknown key in a file.
type UnknownKey struct {
	File string
	Line int // from 1; 0: not found
	Key  string
}

func (e *UnknownKey) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s: key %q: unknown", e.File, e.Key)
	}
	return fmt.Sprintf("%s:%d: key %q: unknown", e.File, e.Line, e.Key)
}

// UnknownKeys returns the unknown keys that an error of [ReadTOML] reports.
func UnknownKeys(err error) []*UnknownKey {
	if key, ok := err.(*UnknownKey); ok { // never wrapped
		return []*UnknownKey{key}
	}
	var keys []*UnknownKey
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, one := range joined.Unwrap() {
			keys = append(keys, UnknownKeys(one)...)
		}
	}
	return keys
}

// linesOf finds the lines, from 1, that set a key in its table.
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

// setsKey reports whether a line has "name =", where name is a whole word.
func setsKey(line, name string) bool {
	if name == "" {
		return false // it has no place in the line
	}
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
