package loaders

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
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

// The steps of the letters of tags.
var (
	begins = tagStep{inside: true}
	within = tagStep{inside: true, continues: true, orphan: true}
	ends   = tagStep{inside: true, continues: true, last: true, orphan: true}
	single = tagStep{inside: true, last: true}
)

// letterSchemes are the schemes whose tags are a letter and a label.
var letterSchemes = map[string]map[byte]tagStep{
	"iob2":  {'B': begins, 'I': within},
	"iob1":  {'B': begins, 'I': {inside: true, continues: true}},
	"bioes": {'B': begins, 'I': within, 'E': ends, 'S': single},
	"bilou": {'B': begins, 'I': within, 'L': ends, 'U': single},
	"bmes":  {'B': begins, 'M': within, 'E': ends, 'S': single},
	"b/e":   {'B': begins, 'I': within, 'E': ends},
}

// newTagScheme finds a scheme by its name; prefix is removed from the tags of io.
func newTagScheme(name, prefix string) (tagScheme, error) {
	if letters, ok := letterSchemes[name]; ok {
		return prefixed(name, letters), nil
	}
	if name == "io" {
		return runs([]byte(prefix)), nil
	}
	return nil, fmt.Errorf("scheme %q: unknown", name)
}

// prefixed parses tags of a letter in either case, a hyphen or an underscore, and a
// label; "O" and "_" are outside.
func prefixed(scheme string, letters map[byte]tagStep) tagScheme {
	var steps [256]tagStep
	for letter, step := range letters {
		steps[letter], steps[letter|0x20] = step, step
	}
	return func(tag []byte) (tagStep, []byte, error) {
		if isOutside(tag) {
			return tagStep{}, nil, nil
		}
		if len(tag) > 2 && (tag[1] == '-' || tag[1] == '_') && steps[tag[0]].inside {
			return steps[tag[0]], tag[2:], nil
		}
		return tagStep{}, nil, unknownTag(scheme, tag)
	}
}

func isOutside(tag []byte) bool {
	return len(tag) == 1 && (tag[0] == 'O' || tag[0] == 'o' || tag[0] == '_')
}

// unknownTag explains a tag that does not fit its scheme, and names the scheme or
// the rule that fits.
func unknownTag(scheme string, tag []byte) error {
	err := fmt.Sprintf("unknown tag %.80q of the scheme %s", tag, scheme)
	text := string(tag)
	letter := strings.ToUpper(text[:min(len(text), 1)])
	switch {
	case len(text) > 2 && (text[1] == '-' || text[1] == '_') && strings.Contains("UL", letter):
		err += ": the letters U and L belong to the scheme bilou"
	case len(text) > 2 && (text[1] == '-' || text[1] == '_') && letter == "M":
		err += ": the letter M belongs to the scheme bmes"
	case len(text) > 2 && (text[1] == '-' || text[1] == '_') && strings.Contains("ES", letter):
		err += ": the letters E and S belong to the scheme bioes"
	case letterLast(tag) != nil:
		err += `: for tags with the letter at the end, set label_rule = "position-last"`
	case len(text) > 1 && !strings.ContainsAny(text[1:2], "-_"):
		err += `: for tags that are labels without a letter, set scheme = "io"`
	}
	return errors.New(err)
}

// letterLast is the tag "B-PER" for "PER_B" or "PER-B", the rule position-last; nil
// if the tag does not have this form.
func letterLast(tag []byte) []byte {
	n := len(tag)
	if n < 3 || tag[n-2] != '-' && tag[n-2] != '_' || !strings.Contains("BIESLUM", strings.ToUpper(string(tag[n-1:]))) {
		return nil
	}
	return append([]byte{tag[n-1], '-'}, tag[:n-2]...)
}

// runs parses tags that are only a label, after a prefix: consecutive equal labels
// are one span.
func runs(prefix []byte) tagScheme {
	return func(tag []byte) (tagStep, []byte, error) {
		if isOutside(tag) {
			return tagStep{}, nil, nil
		}
		label, ok := bytes.CutPrefix(tag, prefix)
		if !ok || len(label) == 0 {
			return tagStep{}, nil, fmt.Errorf("unknown tag %q: expected O or %sLABEL", tag, prefix)
		}
		return tagStep{inside: true, continues: true}, label, nil
	}
}
