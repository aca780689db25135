package answers

import (
	"strings"
	"unicode/utf8"
)

// looseParser parses JSON with errors (docs/spec/prompts.md §3.3, "The loose parser"):
// single and typographic quotes, tuples, bare keys and words, trailing commas, quotes
// inside strings, line breaks.
type looseParser struct {
	s string // the body
	// unclosed allows the body to end inside the value.
	unclosed bool
	// bare allows items without quotes.
	bare bool
}

// errEnd is the error about a value without an end, errForm about any other form.
type looseError uint8

const (
	readOK looseError = iota
	errEnd
	errForm
)

// looseValue reads a value that starts at i with a bracket. whole is set if only white
// space is before it. If also nothing is after it, its items may be bare.
func looseValue(s string, i int, whole, unclosed bool) (v value, end int, ok bool) {
	p := looseParser{s: s, unclosed: unclosed}
	v, end, err := p.value(i, 0)
	if err == readOK {
		return v, end, true
	}
	if whole {
		p.bare = true
		v, end, err = p.value(i, 0)
		if err == readOK && skipSpace(s, end) == len(s) {
			return v, end, true
		}
	}
	return v, 0, false
}

func (p *looseParser) value(i, depth int) (value, int, looseError) {
	if i >= len(p.s) {
		return value{}, i, errEnd
	}
	if depth > deepest {
		return value{}, i, errForm
	}
	switch p.s[i] {
	case '[':
		return p.array(i, depth, ']')
	case '(':
		return p.array(i, depth, ')')
	case '{':
		return p.object(i, depth)
	}
	if closing := quotes(p.s[i:]); closing != "" {
		text, end, err := p.str(i, closing, ",]})")
		return value{kind: isString, text: text}, end, err
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

// cutWord reports whether the rest could be a truncated number or word.
func cutWord(rest string) bool {
	if len(rest) > 0 && strings.Trim(rest, "+-.0123456789eE") == "" {
		return true
	}
	for _, word := range []string{"true", "false", "null", "none"} {
		if strings.HasPrefix(word, strings.ToLower(rest)) {
			return true
		}
	}
	return false
}

// array reads items up to a closing bracket. Empty items and a trailing comma are
// allowed, a missing comma is not.
func (p *looseParser) array(i, depth int, closing byte) (value, int, looseError) {
	v := value{kind: isArray}
	i++
	for needComma := false; ; {
		if i = skipSpace(p.s, i); i >= len(p.s) {
			return p.cut(v)
		}
		switch {
		case p.s[i] == closing:
			return v, i + 1, readOK
		case p.s[i] == ',':
			needComma = false
			i++
			continue
		case needComma:
			return v, i, errForm
		}
		item, next, err := p.value(i, depth+1)
		switch {
		case err == errEnd && p.unclosed:
			return p.cut(v) // the unfinished item is dropped
		case err != readOK:
			return v, i, err
		}
		v.items = append(v.items, item)
		if item.unfinished {
			return p.cut(v)
		}
		i, needComma = next, true
	}
}

// cut ends a value at the end of the body.
func (p *looseParser) cut(v value) (value, int, looseError) {
	if !p.unclosed {
		return v, len(p.s), errEnd
	}
	v.unfinished = true
	return v, len(p.s), readOK
}

func (p *looseParser) object(i, depth int) (value, int, looseError) {
	v := value{kind: isObject}
	i++
	for needComma := false; ; {
		if i = skipSpace(p.s, i); i >= len(p.s) {
			return p.cut(v)
		}
		switch {
		case p.s[i] == '}':
			return v, i + 1, readOK
		case p.s[i] == ',' && needComma:
			needComma = false
			i++
			continue
		case needComma:
			return v, i, errForm
		}
		name, next, err := p.key(i)
		if err == errEnd {
			return p.cut(v)
		} else if err != readOK {
			return v, i, err
		}
		if i = skipSpace(p.s, next); i >= len(p.s) {
			return p.cut(v)
		}
		if p.s[i] != ':' {
			return v, i, errForm
		}
		item, next, err := p.value(skipSpace(p.s, i+1), depth+1)
		switch {
		case err == errEnd && p.unclosed:
			return p.cut(v)
		case err != readOK:
			return v, i, err
		}
		v.members = append(v.members, member{name, item})
		if item.unfinished {
			return p.cut(v)
		}
		i, needComma = next, true
	}
}

// key reads the name of a member, quoted or bare.
func (p *looseParser) key(i int) (string, int, looseError) {
	if closing := quotes(p.s[i:]); closing != "" {
		return p.str(i, closing, ":")
	}
	end := i + strings.IndexAny(p.s[i:]+":", ":,{}[]\"'\n\r")
	name := strings.TrimFunc(p.s[i:end], isSpace)
	switch {
	case end >= len(p.s):
		return "", end, errEnd
	case name == "" || p.s[end] != ':':
		return "", i, errForm
	}
	return name, end, readOK
}

// quotes returns the quotes that may close the string that begins here; empty if no
// string begins.
func quotes(s string) string {
	switch r, _ := utf8.DecodeRuneInString(s); r {
	case '"', '\'':
		return string(r)
	case '“':
		return `”"`
	case '‘':
		return `’'`
	}
	return ""
}

// str reads a string. A quote ends it only if the next character after white space is
// one of behind, or if the body ends. Any other quote is part of the string.
func (p *looseParser) str(i int, closing, behind string) (string, int, looseError) {
	_, n := utf8.DecodeRuneInString(p.s[i:])
	var b []byte
	for i += n; i < len(p.s); {
		r, n := utf8.DecodeRuneInString(p.s[i:])
		switch {
		case r == '\\' && i+1 < len(p.s) && p.s[i+1] == '\'':
			b = append(b, '\'')
			n = 2
		case r == '\\':
			if c, size := jsonEscape(p.s[i:]); size > 0 {
				b = encode(b, c)
				n = size
			} else {
				b = append(b, '\\')
			}
		case strings.ContainsRune(closing, r):
			next := skipSpace(p.s, i+n)
			if next == len(p.s) || strings.IndexByte(behind, p.s[next]) >= 0 {
				return replaceSurrogates(string(b)), i + n, readOK
			}
			b = append(b, p.s[i:i+n]...)
		default:
			b = append(b, p.s[i:i+n]...)
		}
		i += n
	}
	return "", len(p.s), errEnd
}

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
	i = skipSpace(p.s, i)
	return i == len(p.s) && !p.unclosed || i < len(p.s) && strings.IndexByte(",]})", p.s[i]) >= 0
}

// bareWord reads text without quotes.
func (p *looseParser) bareWord(i int) (value, int, looseError) {
	n := strings.IndexAny(p.s[i:], ",[](){}:\"\n\r")
	if n < 0 {
		return value{}, len(p.s), errEnd
	}
	text := strings.TrimFunc(p.s[i:i+n], isSpace)
	if text == "" {
		return value{}, i, errForm
	}
	return value{kind: isString, text: text}, i + n, readOK
}
