package answers

import (
	"strings"
	"unicode/utf8"
)

// deepest is the largest depth of nested values (docs/spec/prompts.md §3.1).
const deepest = 64

// kind is the kind of a value in an answer.
type kind uint8

const (
	isString kind = iota
	isNumber      // text is its source
	isNull
	isBool
	isArray
	isObject
)

// value is a value of JSON, possibly with errors.
type value struct {
	kind kind
	// unfinished is set if the answer ends inside the value. The text of an array or
	// object is then its last part, which is in no item.
	unfinished bool
	escaped    bool // the text of a string is not decoded yet
	text       string
	items      []value
	members    []member
}

type member struct {
	name  string
	value value
}

// strictJSON parses one JSON text (RFC 8259) at the start of s, without NaN and raw
// control characters in strings. Duplicate members are all kept. end is the index after
// the value.
func strictJSON(s string) (v value, end int, ok bool) {
	p := strictParser{s: s}
	return p.value(skipJSONSpace(s, 0), 0)
}

// wholeJSON parses s. It must be exactly one JSON text.
func wholeJSON(s string) (value, bool) {
	v, end, ok := strictJSON(s)
	return v, ok && skipJSONSpace(s, end) == len(s)
}

// pythonJSON reads s as Python's json module does: as [wholeJSON], but NaN and
// infinities are numbers.
func pythonJSON(s string) (value, bool) {
	p := strictParser{s: s, nan: true}
	v, end, ok := p.value(skipJSONSpace(s, 0), 0)
	return v, ok && skipJSONSpace(s, end) == len(s)
}

// failures remembers where parsing fails, so that a parser that begins at each bracket
// of a text in turn still takes linear time. It has bits for each byte of the text.
type failures struct {
	at []uint8
	// behind are the places behind the items of all open arrays and objects.
	behind []int
}

const (
	valueFails  uint8 = 1 << iota // a value that begins here
	arrayFails                    // the rest of an array, from behind an item
	tupleFails                    // the same with a parenthesis at the end
	objectFails                   // the rest of an object, from behind a member
)

func (f *failures) known(i int, what uint8) bool { return i < len(f.at) && f.at[i]&what != 0 }

// failed remembers that the value at i and its rest behind each item since open fail.
func (f *failures) failed(length, i, open int, rest uint8) {
	if f.at == nil {
		f.at = make([]uint8, length+1)
	}
	f.at[i] |= valueFails
	for _, k := range f.behind[open:] {
		f.at[k] |= rest
	}
}

type strictParser struct {
	s   string
	nan bool // NaN, Infinity and -Infinity are numbers
	failures
}

func (p *strictParser) value(i, depth int) (v value, end int, ok bool) {
	if i >= len(p.s) || depth > deepest {
		return v, 0, false
	}
	if p.nan {
		for _, word := range []string{"NaN", "Infinity", "-Infinity"} {
			if strings.HasPrefix(p.s[i:], word) {
				return value{kind: isNumber, text: word}, i + len(word), true
			}
		}
	}
	switch c := p.s[i]; {
	case c == '"':
		text, end, ok := jsonString(p.s, i+1)
		return value{kind: isString, text: replaceSurrogates(text)}, end, ok
	case c == '[' || c == '{':
		if p.known(i, valueFails) {
			return v, 0, false
		}
		open, rest := len(p.behind), arrayFails
		if c == '[' {
			v, end, ok = p.array(i, depth)
		} else {
			rest = objectFails
			v, end, ok = p.object(i, depth)
		}
		if !ok {
			p.failed(len(p.s), i, open, rest)
		}
		p.behind = p.behind[:open]
		return v, end, ok
	case c == '-' || '0' <= c && c <= '9':
		end := jsonNumber(p.s, i)
		return value{kind: isNumber, text: p.s[i:max(end, i)]}, end, end > 0
	}
	for word, k := range map[string]kind{"null": isNull, "true": isBool, "false": isBool} {
		if strings.HasPrefix(p.s[i:], word) {
			return value{kind: k}, i + len(word), true
		}
	}
	return v, 0, false
}

func (p *strictParser) array(i, depth int) (v value, end int, ok bool) {
	v.kind = isArray
	i = skipJSONSpace(p.s, i+1)
	if i < len(p.s) && p.s[i] == ']' {
		return v, i + 1, true
	}
	for {
		item, next, ok := p.value(i, depth+1)
		if !ok || p.known(next, arrayFails) {
			return v, 0, false
		}
		v.items = append(v.items, item)
		p.behind = append(p.behind, next)
		i = skipJSONSpace(p.s, next)
		if i >= len(p.s) || p.s[i] != ',' && p.s[i] != ']' {
			return v, 0, false
		}
		if p.s[i] == ']' {
			return v, i + 1, true
		}
		i = skipJSONSpace(p.s, i+1)
	}
}

func (p *strictParser) object(i, depth int) (v value, end int, ok bool) {
	v.kind = isObject
	i = skipJSONSpace(p.s, i+1)
	if i < len(p.s) && p.s[i] == '}' {
		return v, i + 1, true
	}
	for {
		if i >= len(p.s) || p.s[i] != '"' {
			return v, 0, false
		}
		name, next, ok := jsonString(p.s, i+1)
		if !ok {
			return v, 0, false
		}
		if i = skipJSONSpace(p.s, next); i >= len(p.s) || p.s[i] != ':' {
			return v, 0, false
		}
		item, next, ok := p.value(skipJSONSpace(p.s, i+1), depth+1)
		if !ok || p.known(next, objectFails) {
			return v, 0, false
		}
		v.members = append(v.members, member{replaceSurrogates(name), item})
		p.behind = append(p.behind, next)
		i = skipJSONSpace(p.s, next)
		if i >= len(p.s) || p.s[i] != ',' && p.s[i] != '}' {
			return v, 0, false
		}
		if p.s[i] == '}' {
			return v, i + 1, true
		}
		i = skipJSONSpace(p.s, i+1)
	}
}

// jsonNumber returns the end of a JSON number; 0 without a number.
func jsonNumber(s string, i int) int {
	digits := func() bool {
		start := i
		for i < len(s) && '0' <= s[i] && s[i] <= '9' {
			i++
		}
		return i > start
	}
	if i < len(s) && s[i] == '-' {
		i++
	}
	if i < len(s) && s[i] == '0' {
		i++
	} else if !digits() {
		return 0
	}
	if i < len(s) && s[i] == '.' {
		i++
		if !digits() {
			return 0
		}
	}
	if i < len(s) && (s[i] == 'e' || s[i] == 'E') {
		i++
		if i < len(s) && (s[i] == '+' || s[i] == '-') {
			i++
		}
		if !digits() {
			return 0
		}
	}
	return i
}

// skipSpace skips white space of any kind.
func skipSpace(s string, i int) int {
	for i < len(s) {
		r, n := utf8.DecodeRuneInString(s[i:])
		if !isSpace(r) {
			break
		}
		i += n
	}
	return i
}
