package loaders

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// fieldPath finds a value in a record, by the alternatives of a path in the dataset
// file (datasets.Presets describes the form).
type fieldPath struct {
	written      string
	alternatives [][]string
	optional     bool
}

func newFieldPath(written string) fieldPath {
	p := fieldPath{written: written}
	for alternative := range strings.SplitSeq(written, "|") {
		if alternative == "" {
			p.optional = true
			continue
		}
		p.alternatives = append(p.alternatives, strings.Split(alternative, "."))
	}
	return p
}

// String is the path for messages, without the empty alternative.
func (p fieldPath) String() string { return strings.TrimSuffix(p.written, "|") }

// used reports whether the dataset file has the path.
func (p fieldPath) used() bool { return len(p.alternatives) > 0 }

// found is a value and where it was found.
type found struct {
	value any
	// parts is the number of elements in the list of the first element and the last.
	parts int
}

// find returns the value of the first alternative that exists; null does not.
func (p fieldPath) find(record any) (found, bool) {
	for _, names := range p.alternatives {
		if f, ok := walk(found{value: record, parts: 1}, names); ok {
			return f, true
		}
	}
	return found{}, false
}

// walk follows a path. "*" collects the values of all elements of a list.
func walk(at found, names []string) (found, bool) {
	for i, name := range names {
		switch v := at.value.(type) {
		case map[string]any:
			value, ok := v[name]
			if !ok {
				return found{}, false
			}
			at.value = value
		case []any:
			if name == "*" {
				return walkAll(v, names[i+1:])
			}
			n, err := strconv.Atoi(name)
			if n < 0 {
				n += len(v)
				at.parts = len(v)
			}
			if err != nil || n < 0 || n >= len(v) {
				return found{}, false
			}
			at.value = v[n]
		default:
			return found{}, false
		}
	}
	return at, at.value != nil
}

// walkAll follows a path from each element of a list, and joins lists.
func walkAll(list []any, names []string) (found, bool) {
	all := []any{}
	for _, element := range list {
		f, ok := walk(found{value: element, parts: 1}, names)
		if !ok {
			continue
		}
		if inner, ok := f.value.([]any); ok {
			all = append(all, inner...)
		} else {
			all = append(all, f.value)
		}
	}
	return found{value: all, parts: 1}, true
}

// plainText is the text of a string, a number or a boolean.
func plainText(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	case bool:
		return strconv.FormatBool(v), true
	}
	return "", false
}

// wholeNumber reads a whole number, which some tools write as a string or with a
// decimal point.
func wholeNumber(v any) (int, error) {
	text, ok := plainText(v)
	if n, err := strconv.Atoi(text); ok && err == nil {
		return n, nil
	}
	if f, err := strconv.ParseFloat(text, 64); ok && err == nil && f == float64(int(f)) {
		return int(f), nil
	}
	return 0, fmt.Errorf("%s: expected a whole number", jsonText(v))
}

// jsonText shows a value in a message.
func jsonText(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	const most = 80
	if len(b) > most {
		return strings.ToValidUTF8(string(b[:most]), "") + "…"
	}
	return string(b)
}
