package answers

import (
	"strings"
	"unicode/utf8"
)

// looseParser parses JSON with errors (docs/spec/prompts.md §3.3, "The loose parser"):
// single, typographic and full-width quotes, tuples, bare keys and words, trailing
// commas, comments, full-width punctuation, quotes inside strings, line breaks.
type looseParser struct {
	s string // the body
	// unclosed allows the body to end inside the value.
	unclosed bool
	// bare allows items without quotes.
	bare    bool
	strings *stringEnds
	failures
}

// errEnd is the error about a value without an end, errForm about any other form.
type looseError uint8

const (
	readOK looseError = iota
	errEnd
	errForm
)

// read reads a value that starts at i with a bracket.
func (p *looseParser) read(i int) (v value, end int, ok bool) {
	v, end, err := p.value(i, 0)
	if err != readOK {
		return value{}, 0, false
	}
	decodeStrings(&v)
	return v, end, true
}

// decodeStrings reads the texts of the strings in a value. They are not read before the value
// is known to have the form, because strings that do not fit are often long.
func decodeStrings(v *value) {
	if v.escaped {
		v.text, v.escaped = unescape(v.text), false
	}
	for i := range v.items {
		decodeStrings(&v.items[i])
	}
	for i := range v.members {
		decodeStrings(&v.members[i].value)
	}
}

func (p *looseParser) value(i, depth int) (value, int, looseError) {
	if i >= len(p.s) {
		return value{}, i, errEnd
	}
	if depth > deepest {
		return value{}, i, errForm
	}
	switch c, _ := mark(p.s, i); c {
	case '[':
		return p.compound(i, depth, arrayFails)
	case '(':
		return p.compound(i, depth, tupleFails)
	case '{':
		return p.compound(i, depth, objectFails)
	}
	if closing := quotes(p.s[i:]); closing != "" {
		from, to, end, err := p.str(i, closing, ",]})")
		return value{kind: isString, text: p.s[from:to], escaped: true}, end, err
	}
	if v, end, ok := p.word(i); ok {
		return v, end, readOK
	}
	if p.bare {
		return p.bareWord(i)
	}
	if p.unclosed && cutWord(p.s[i:]) {
		return value{}, len(p.s), errEnd
	}
	return value{}, i, errForm
}

// compound reads an array or an object. rest is the kind of its failures.
func (p *looseParser) compound(i, depth int, rest uint8) (v value, end int, err looseError) {
	if p.known(i, valueFails) {
		return v, i, errForm
	}
	open := len(p.behind)
	switch rest {
	case arrayFails:
		v, end, err = p.array(i, depth, ']', rest)
	case tupleFails:
		v, end, err = p.array(i, depth, ')', rest)
	default:
		v, end, err = p.object(i, depth)
	}
	if err == errForm {
		p.failed(len(p.s), i, open, rest)
	}
	p.behind = p.behind[:open]
	return v, end, err
}

// cutWord reports whether the rest could be a truncated number or word.
func cutWord(rest string) bool {
	if len(rest) > 0 && strings.Trim(rest, "+-.0123456789eE") == "" {
		return true
	}
	for _, word := range []string{"true", "false", "null", "none"} {
		if len(rest) <= len(word) && strings.EqualFold(rest, word[:len(rest)]) {
			return true
		}
	}
	return false
}

// array reads items up to a closing bracket. Empty items and a trailing comma are
// allowed, a missing comma only between objects.
func (p *looseParser) array(i, depth int, closing byte, rest uint8) (value, int, looseError) {
	v := value{kind: isArray}
	_, n := mark(p.s, i)
	i += n
	for needComma := false; ; {
		if i = p.skip(i); i >= len(p.s) {
			return p.cut(v, i)
		}
		c, n := mark(p.s, i)
		if needComma && c == '{' && v.items[len(v.items)-1].kind == isObject {
			needComma = false
		}
		switch {
		case c == closing:
			return v, i + n, readOK
		case c == ',':
			needComma = false
			i += n
			continue
		case needComma:
			return v, i, errForm
		}
		item, next, err := p.value(i, depth+1)
		switch {
		case err == errEnd && p.unclosed:
			return p.cut(v, i) // the unfinished item is dropped
		case err != readOK:
			return v, i, err
		case p.known(next, rest):
			return v, i, errForm
		}
		v.items = append(v.items, item)
		if item.unfinished {
			return p.cut(v, len(p.s))
		}
		p.behind = append(p.behind, next)
		i, needComma = next, true
	}
}

// cut ends a value at the end of the body. Its part from i on is in no item.
func (p *looseParser) cut(v value, i int) (value, int, looseError) {
	if !p.unclosed {
		return v, len(p.s), errEnd
	}
	v.unfinished, v.text = true, p.s[min(i, len(p.s)):]
	return v, len(p.s), readOK
}

func (p *looseParser) object(i, depth int) (value, int, looseError) {
	v := value{kind: isObject}
	_, n := mark(p.s, i)
	i += n
	for needComma := false; ; {
		if i = p.skip(i); i >= len(p.s) {
			return p.cut(v, i)
		}
		c, n := mark(p.s, i)
		switch {
		case c == '}':
			return v, i + n, readOK
		case c == ',' && needComma:
			needComma = false
			i += n
			continue
		case needComma:
			return v, i, errForm
		}
		start := i
		name, next, err := p.key(i)
		if err == errEnd {
			return p.cut(v, start)
		} else if err != readOK {
			return v, i, err
		}
		if i = p.skip(next); i >= len(p.s) {
			return p.cut(v, start)
		}
		if c, n = mark(p.s, i); c != ':' {
			return v, i, errForm
		}
		item, next, err := p.value(p.skip(i+n), depth+1)
		switch {
		case err == errEnd && p.unclosed:
			return p.cut(v, start)
		case err != readOK:
			return v, i, err
		case p.known(next, objectFails):
			return v, i, errForm
		}
		v.members = append(v.members, member{name, item})
		if item.unfinished {
			return p.cut(v, len(p.s))
		}
		p.behind = append(p.behind, next)
		i, needComma = next, true
	}
}

// key reads the name of a member, quoted or bare.
func (p *looseParser) key(i int) (string, int, looseError) {
	if closing := quotes(p.s[i:]); closing != "" {
		from, to, end, err := p.str(i, closing, ":")
		if err == readOK && to-from > longestKey {
			err = errForm
		}
		if err != readOK {
			return "", end, err
		}
		return unescape(p.s[from:to]), end, readOK
	}
	end := i
	for end < len(p.s) && end-i <= longestKey {
		if c, _ := mark(p.s, end); c != 0 && strings.IndexByte(":,{}[]\"'\n\r", c) >= 0 {
			break
		}
		_, n := utf8.DecodeRuneInString(p.s[end:])
		end += n
	}
	name := strings.TrimFunc(p.s[i:end], isSpace)
	if end >= len(p.s) {
		return "", end, errEnd
	}
	if c, _ := mark(p.s, end); name == "" || c != ':' {
		return "", i, errForm
	}
	return name, end, readOK
}

// longestKey is the largest length of a key in bytes. A key is a type or a mention.
const longestKey = 4096

// mark returns punctuation of JSON as ASCII, also for its full-width forms, and its
// length. Any other ASCII character is returned too, and 0 for anything else.
func mark(s string, i int) (c byte, n int) {
	if s[i] < utf8.RuneSelf {
		return s[i], 1
	}
	r, n := utf8.DecodeRuneInString(s[i:])
	switch r {
	case '［', '【':
		return '[', n
	case '］', '】':
		return ']', n
	case '｛':
		return '{', n
	case '｝':
		return '}', n
	case '（':
		return '(', n
	case '）':
		return ')', n
	case '，', '、':
		return ',', n
	case '：':
		return ':', n
	}
	return 0, n
}

// quotes returns the quotes that may close the string that begins here; empty if no
// string begins.
func quotes(s string) string {
	switch r, _ := utf8.DecodeRuneInString(s); r {
	case '"', '\'':
		return string(r)
	case '“', '„':
		return `”“"`
	case '‘', '‚':
		return `’‘'`
	case '”':
		return `”"`
	case '’':
		return `’'`
	case '＂':
		return `＂"`
	case '「':
		return `」`
	case '『':
		return `』`
	case '«':
		return `»`
	}
	return ""
}

// str reads a string. A quote ends it only if the next character after white space is
// one of behind, or if the body ends. Any other quote is part of the string, unless it
// shows that a comma is missing. The text is at [from, to).
func (p *looseParser) str(i int, closing, behind string) (from, to, next int, err looseError) {
	_, n := utf8.DecodeRuneInString(p.s[i:])
	end, ok := p.strings.after(i+n, closing, behind)
	switch {
	case !ok:
		return 0, 0, len(p.s), errEnd
	case end.missing:
		return 0, 0, i, errForm
	}
	return i + n, end.at, end.next, readOK
}

// skip skips white space and comments, // to the end of the line and /* … */.
func (p *looseParser) skip(i int) int { return p.strings.skip(i) }

// word reads true, false, null, None, in any case, or a number, if it ends where
// a value may end.
func (p *looseParser) word(i int) (v value, end int, ok bool) {
	for _, word := range []string{"true", "false", "null", "none"} {
		if len(p.s)-i >= len(word) && strings.EqualFold(p.s[i:i+len(word)], word) && p.endsAt(i+len(word)) {
			return value{kind: isNull}, i + len(word), true
		}
	}
	if end := jsonNumber(p.s, i); end > 0 && p.endsAt(end) {
		return value{kind: isNumber, text: p.s[i:end]}, end, true
	}
	return v, 0, false
}

func (p *looseParser) endsAt(i int) bool {
	i = p.skip(i)
	if i == len(p.s) {
		return !p.unclosed
	}
	c, _ := mark(p.s, i)
	return c != 0 && strings.IndexByte(",]})", c) >= 0
}

// bareWord reads text without quotes.
func (p *looseParser) bareWord(i int) (value, int, looseError) {
	end := i
	for ; end < len(p.s); end++ {
		if !utf8.RuneStart(p.s[end]) {
			continue
		}
		if c, _ := mark(p.s, end); c != 0 && strings.IndexByte(",[](){}:\"\n\r", c) >= 0 {
			break
		}
	}
	if end == len(p.s) {
		return value{}, len(p.s), errEnd
	}
	text := strings.TrimFunc(p.s[i:end], isSpace)
	if text == "" {
		return value{}, i, errForm
	}
	return value{kind: isString, text: text}, end, readOK
}

// unescape decodes the escapes of JSON and \'. Any other backslash stays.
func unescape(s string) string {
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	var b []byte
	for i := 0; i < len(s); {
		n := 1
		switch {
		case s[i] != '\\':
			b = append(b, s[i])
		case i+1 < len(s) && s[i+1] == '\'':
			b = append(b, '\'')
			n = 2
		default:
			if c, size := jsonEscape(s[i:]); size > 0 {
				b = encode(b, c)
				n = size
			} else {
				b = append(b, '\\')
			}
		}
		i += n
	}
	return replaceSurrogates(string(b))
}
