package loaders

import (
	"bytes"
	"fmt"
)

// tagStep is the effect of a tag on the spans of its block.
type tagStep struct {
	inside    bool // the token belongs to a span
	continues bool // it may continue the open span, if the label is equal
	last      bool // the span ends after it
	orphan    bool // an I- tag: counted if it begins a span
}

// tagScheme parses a tag (docs/spec/formats.md §1, "Tag schemes").
type tagScheme func(tag []byte) (tagStep, []byte, error)

// newTagScheme finds a scheme by its name; prefix is removed from the tags of io.
func newTagScheme(name, prefix string) (tagScheme, error) {
	switch name {
	case "iob2":
		return prefixed("iob2", map[byte]tagStep{
			'B': {inside: true},
			'I': {inside: true, continues: true, orphan: true},
		}), nil
	case "bioes":
		return prefixed("bioes", map[byte]tagStep{
			'B': {inside: true},
			'I': {inside: true, continues: true, orphan: true},
			'E': {inside: true, continues: true, last: true, orphan: true},
			'S': {inside: true, last: true},
		}), nil
	case "b/e":
		return prefixed("b/e", map[byte]tagStep{
			'B': {inside: true},
			'I': {inside: true, continues: true, orphan: true},
			'E': {inside: true, continues: true, last: true, orphan: true},
		}), nil
	case "io":
		return runs([]byte(prefix)), nil
	}
	return nil, fmt.Errorf("scheme %q: unknown", name)
}

// prefixed parses tags of a letter, a hyphen, and a label; "O" is outside.
func prefixed(scheme string, letters map[byte]tagStep) tagScheme {
	var steps [256]tagStep
	for letter, step := range letters {
		steps[letter] = step
	}
	return func(tag []byte) (tagStep, []byte, error) {
		if len(tag) == 1 && tag[0] == 'O' {
			return tagStep{}, nil, nil
		}
		if len(tag) > 2 && tag[1] == '-' && steps[tag[0]].inside {
			return steps[tag[0]], tag[2:], nil
		}
		return tagStep{}, nil, fmt.Errorf("unknown tag %q of the scheme %s", tag, scheme)
	}
}

// runs parses tags that are only a label, after a prefix: consecutive equal labels
// are one span.
func runs(prefix []byte) tagScheme {
	return func(tag []byte) (tagStep, []byte, error) {
		if len(tag) == 1 && tag[0] == 'O' {
			return tagStep{}, nil, nil
		}
		label, ok := bytes.CutPrefix(tag, prefix)
		if !ok || len(label) == 0 {
			return tagStep{}, nil, fmt.Errorf("unknown tag %q: expected O or %sLABEL", tag, prefix)
		}
		return tagStep{inside: true, continues: true}, label, nil
	}
}
