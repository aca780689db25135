package corpus

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

var errEncoding = errors.New("not valid UTF-8")

// wholeText reads a file of plain text as one text.
func (r *reader) wholeText(in io.Reader) error {
	data, err := io.ReadAll(io.LimitReader(in, longest+1))
	switch {
	case err != nil:
		return r.fault(fmt.Sprintf("byte %d", len(data)), 1, err)
	case len(data) > longest:
		return r.fault("byte 0", 1, errLong)
	case !utf8.Valid(data):
		return r.fault(fmt.Sprintf("byte %d", firstInvalid(data)), 1, errEncoding)
	}
	return r.add(r.name, string(bytes.TrimPrefix(data, []byte("\uFEFF"))), "", "line 1")
}

// firstInvalid is the offset of the first byte that is not UTF-8.
func firstInvalid(data []byte) int {
	for i := 0; i < len(data); {
		c, n := utf8.DecodeRune(data[i:])
		if c == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return len(data)
}

// lines reads JSON Lines.
func (r *reader) lines(in *bufio.Reader) error {
	var line []byte
	for number := 1; ; number++ {
		var long bool
		var err error
		line, long, err = readLine(in, line[:0])
		at := fmt.Sprintf("line %d", number)
		if err != nil && !errors.Is(err, io.EOF) { // the compression is broken
			return r.fault(at, 1, err)
		}
		end := err != nil
		switch trimmed := bytes.TrimSpace(bytes.TrimPrefix(line, []byte("\uFEFF"))); {
		case long:
			err = r.fault(at, 1, errLong)
		case len(trimmed) == 0:
			err = nil
		default:
			err = r.line(trimmed, at)
		}
		if err != nil || end {
			return err
		}
	}
}

// readLine reads a line into a buffer; of a line that is too long, the rest is skipped.
func readLine(in *bufio.Reader, line []byte) (_ []byte, long bool, err error) {
	for {
		part, err := in.ReadSlice('\n')
		if !long {
			line = append(line, part...)
			if len(line) > longest {
				line, long = nil, true
			}
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return line, long, err
		}
	}
}

// line reads an object.
func (r *reader) line(line []byte, at string) error {
	if !utf8.Valid(line) {
		return r.fault(at, 1, errEncoding)
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(line, &object); err != nil {
		return r.fault(at, 1, noObject(line, err))
	}
	raw, there := object[r.Field]
	if !there {
		return r.noField(at, 1, r.Field, slices.Sorted(maps.Keys(object)))
	}
	var text string
	if json.Unmarshal(raw, &text) != nil {
		return r.fault(at, 1, fmt.Errorf("the field %s is no string", r.Field))
	}
	id := scalar(object[cmp.Or(r.ID, "id")])
	if r.ID != "" && id == "" {
		return r.noField(at, 1, r.ID, slices.Sorted(maps.Keys(object)))
	}
	return r.add(id, text, scalar(object["source"]), at)
}

// noObject is the error for a line that is no JSON object.
func noObject(line []byte, err error) error {
	var cut *json.SyntaxError
	switch {
	case line[0] == '[':
		return errors.New("it is a JSON array: want one object a line (jq -c '.[]' FILE writes them)")
	case line[0] == '{' && errors.As(err, &cut) && cut.Offset >= int64(len(line)):
		return errors.New("its JSON object goes on in the next line: want one object a line (jq -c . FILE writes them)")
	}
	return errors.New("it is no JSON object: want one object a line")
}

// scalar returns a string or a number as text; "": it is neither.
func scalar(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	var n json.Number
	if json.Unmarshal(raw, &n) == nil {
		return n.String()
	}
	return ""
}

// noField is the error about a field that the first text lacks, and the fault of n later
// ones.
func (r *reader) noField(at string, n int, field string, seen []string) error {
	err := fmt.Errorf("no field %s (fields: %s)", field, shown(strings.Join(seen, ", ")))
	if r.report.Texts == 0 {
		return fmt.Errorf("corpus: %s: %s: %w; --field and --id name others", r.name, at, err)
	}
	return r.fault(at, n, err)
}
