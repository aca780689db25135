package answers

import (
	"sort"
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

// stringEnds finds the ends of strings in a body. The place of an end does not depend on
// the beginning of its string, so all ends of one kind are found in one pass.
type stringEnds struct {
	s        string
	kinds    map[string][]stringEnd
	line     lineEnd
	block    int // the end of the last block comment
	lastOpen int // where this comment begins
	noBlock  bool
}

// stringEnd is a quote that ends a string, or one behind which a comma is missing.
type stringEnd struct {
	at, next int
	missing  bool
}

func newStringEnds(s string) *stringEnds {
	return &stringEnds{s: s, kinds: map[string][]stringEnd{}, block: -1}
}

// after returns the first end from i on. closing are the quotes; behind are the
// characters that may follow.
func (e *stringEnds) after(i int, closing, behind string) (stringEnd, bool) {
	kind := closing + " " + behind
	ends, there := e.kinds[kind]
	if !there {
		ends = e.find(closing, behind)
		e.kinds[kind] = ends
	}
	k := sort.Search(len(ends), func(k int) bool { return ends[k].at >= i })
	if k == len(ends) {
		return stringEnd{}, false
	}
	return ends[k], true
}

func (e *stringEnds) find(closing, behind string) (ends []stringEnd) {
	for i := 0; i < len(e.s); {
		if e.s[i] == '\\' {
			n := 1
			if i+1 < len(e.s) && e.s[i+1] == '\'' {
				n = 2
			} else if _, size := jsonEscape(e.s[i:]); size > 0 {
				n = size
			}
			i += n
			continue
		}
		r, n := utf8.DecodeRuneInString(e.s[i:])
		if (r < utf8.RuneSelf && r != '"' && r != '\'') || !strings.ContainsRune(closing, r) {
			i += n
			continue
		}
		if end, is := e.endAt(i, i+n, behind); is {
			ends = append(ends, end)
		}
		i += n
	}
	return ends
}

// endAt reports whether the quote at [i, next) ends a string.
func (e *stringEnds) endAt(i, next int, behind string) (stringEnd, bool) {
	end := stringEnd{at: i, next: next}
	k := e.skip(next)
	if k == len(e.s) {
		return end, true
	}
	c, n := mark(e.s, k)
	if c != 0 && strings.IndexByte(behind, c) >= 0 {
		return end, true
	}
	if behind == ":" { // a comma or an end shows that it was no key
		end.missing = c == ',' || c == '}' || c == ']'
		return end, end.missing
	}
	inner, _ := utf8.DecodeRuneInString(e.s[next:])
	switch {
	case i > 0 && (e.s[i-1] == '[' || e.s[i-1] == '{') && isWord(inner), e.begins(k):
		end.missing = true
	case c == ':':
		k = skipSpace(e.s, k+n)
		end.missing = k < len(e.s) && (strings.IndexByte("[{", e.s[k]) >= 0 || opens(e.s, k))
	default:
		k = skipSeparators(e.s, k)
		end.missing = opens(e.s, k)
	}
	return end, end.missing
}

// begins reports whether an array or object of strings, arrays or objects begins at k.
func (e *stringEnds) begins(k int) bool {
	if c, _ := mark(e.s, k); c != '[' && c != '{' && c != '(' {
		return false
	}
	k = skipSpace(e.s, k+1)
	return k < len(e.s) && (opens(e.s, k) || strings.IndexByte("[{", e.s[k]) >= 0)
}

// skipSeparators skips what some answers have between strings in place of a comma.
func skipSeparators(s string, k int) int {
	for {
		k = skipSpace(s, k)
		switch {
		case k < len(s) && strings.IndexByte(";|&/+", s[k]) >= 0:
			k++
		case strings.HasPrefix(s[k:], "；"):
			k += len("；")
		case strings.HasPrefix(s[k:], "and "):
			k += len("and ")
		case strings.HasPrefix(s[k:], "or "):
			k += len("or ")
		default:
			return k
		}
	}
}

// opens reports whether the character at k is a quote that begins a string: a
// character of a word is behind it, or the quote of an empty string.
func opens(s string, k int) bool {
	if k >= len(s) || quotes(s[k:]) == "" {
		return false
	}
	q, n := utf8.DecodeRuneInString(s[k:])
	next, _ := utf8.DecodeRuneInString(s[k+n:])
	return k+n < len(s) && (isWord(next) || next == q)
}

// skip skips white space and comments.
func (e *stringEnds) skip(i int) int {
	for {
		i = skipSpace(e.s, i)
		switch {
		case strings.HasPrefix(e.s[i:], "//"):
			i = e.line.after(e.s, i)
		case strings.HasPrefix(e.s[i:], "/*") && !e.noBlock:
			if i < e.lastOpen || i+2 > e.block-2 {
				end := strings.Index(e.s[i+2:], "*/")
				if end < 0 {
					e.noBlock = true
					return i
				}
				e.lastOpen, e.block = i, i+2+end+2
			}
			i = e.block
		default:
			return i
		}
	}
}
