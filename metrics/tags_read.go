package metrics

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"nerbench/ner"
)

// tag is a parsed tag: its prefix, in the letters of the decoders, and its type as
// an index into tagReader.types.
type tag struct {
	prefix rune
	typ    int32
}

// untyped is the id of the type "_" for tags without a type.
const untyped int32 = 0

// tagReader parses tags for one scheme and mode. Files repeat a few different tags,
// so that parsed tags are cached by text.
type tagReader struct {
	scheme Scheme
	mode   Mode
	files  bool // tags of column files, in their forms
	seen   map[string]tag
	types  []ner.EntityType // by id
	ids    map[ner.EntityType]int32
}

func newTagReader(scheme Scheme, mode Mode) *tagReader {
	r := &tagReader{scheme: scheme, mode: mode, seen: map[string]tag{}, ids: map[ner.EntityType]int32{}}
	r.typeID("_")
	return r
}

// sentence parses the tags of one sentence.
func (r *tagReader) sentence(tags []string) ([]tag, error) {
	read := make([]tag, len(tags))
	for i, text := range tags {
		t, err := r.read([]byte(text))
		if err != nil {
			return nil, fmt.Errorf("position %d: %w", i, err)
		}
		read[i] = t
	}
	return read, nil
}

// read parses one tag (docs/spec/metrics.md §4.1).
func (r *tagReader) read(text []byte) (tag, error) {
	if t, ok := r.seen[string(text)]; ok {
		return t, nil
	}
	if len(text) == 0 {
		return tag{}, ErrTagEmpty
	}
	if !utf8.Valid(text) {
		return tag{}, fmt.Errorf("tag %.80q: %w", text, ErrTagBytes)
	}
	if r.scheme == IO {
		return r.readType(text)
	}
	written := string(text)
	if r.files {
		plain, err := plainTag(written, r.scheme, r.mode)
		if err != nil {
			return tag{}, err
		}
		text = []byte(plain)
	}
	prefix, size := utf8.DecodeRune(text)
	rest := string(text[size:])
	t := tag{prefix: prefix}
	if r.mode == Strict {
		if !strings.ContainsRune(alphabet(r.scheme), prefix) {
			return tag{}, fmt.Errorf("tag %.80q: %w %s (%s)", text, ErrTagPrefix, r.scheme, alphabet(r.scheme))
		}
		t.typ = r.typeID(strictType(rest))
	} else {
		t.typ = r.typeID(lenientType(rest))
	}
	t.prefix = canonical(t.prefix, r.scheme)
	r.seen[written] = t
	return t, nil
}

// readType parses a tag of the scheme IO: a type, which may have the prefix I-.
func (r *tagReader) readType(text []byte) (tag, error) {
	t := tag{prefix: 'O'}
	if written := string(text); !isOutside(written) {
		name := strings.TrimPrefix(written, "I-")
		if letter, _, ok := cutLetter(name); r.files && ok && name == written {
			return tag{}, fmt.Errorf("tag %.80q: %w %s: %c is a prefix of another scheme (%s)", text, ErrTagPrefix, IO, letter, schemeWith(letter))
		}
		if name == "" {
			name = "_"
		}
		t = tag{'I', r.typeID(name)}
	}
	r.seen[string(text)] = t
	return t, nil
}

// lenientType is the type after a prefix: after the first hyphen if there is one
// (docs/spec/metrics.md §4.1).
func lenientType(rest string) string {
	if _, after, ok := strings.Cut(rest, "-"); ok {
		rest = after
	}
	if rest == "" {
		return "_"
	}
	return rest
}

// strictType is the type after a prefix, without hyphens at both ends
// (docs/spec/metrics.md §4.1).
func strictType(rest string) string {
	rest = strings.Trim(rest, "-")
	if rest == "" {
		return "_"
	}
	return rest
}

// alphabet lists the prefixes of a scheme (docs/spec/metrics.md §4.3).
func alphabet(s Scheme) string {
	switch s {
	case IOE1, IOE2:
		return "IOE"
	case IOBES:
		return "IOBES"
	case BILOU:
		return "BILOU"
	case BMES:
		return "BMESO"
	case IO:
		return "IO"
	}
	return "IOB"
}

// canonical renames the prefixes of BILOU and BMES to those of IOBES
// (docs/spec/metrics.md §4.2, §4.3), which the decoders use.
func canonical(prefix rune, s Scheme) rune {
	if s == BMES && prefix == 'M' {
		return 'I'
	}
	if s == BILOU {
		switch prefix {
		case 'U':
			return 'S'
		case 'L':
			return 'E'
		}
	}
	return prefix
}

func (r *tagReader) typeID(name string) int32 {
	typ := ner.EntityType(name)
	id, ok := r.ids[typ]
	if !ok {
		id = int32(len(r.types))
		r.types = append(r.types, typ)
		r.ids[typ] = id
	}
	return id
}
