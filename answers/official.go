package answers

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// Published reads a completion as the UniversalNER paper's evaluator does
// (METRICS.md §3.1, §3.2) and returns its normalised items, each once, in order.
// void: the answer is not the empty list, but read as one (§8.3). What stands
// behind the stop string of the paper's models is not part of the answer,
// whether or not the server cut it off (docs/decisions/0006).
func Published(completion string) (items []string, void bool) {
	completion, _, _ = strings.Cut(completion, "</s>")
	if i := strings.LastIndex(completion, "ASSISTANT:"); i >= 0 {
		completion = completion[i+len("ASSISTANT:"):]
	}
	answer := strings.TrimFunc(completion, isSpace)
	items = Official(answer)
	return items, len(items) == 0 && answer != "[]"
}

// Official is the parser alone, on an answer as it is (METRICS.md §3.2): a JSON
// list of strings from the first code point to the first closing bracket, on
// one line. Anything else reads as the empty list. The strings are normalised,
// the first of equal ones is kept. Lone surrogates in them are kept, in three
// bytes each.
func Official(answer string) []string {
	if answer == "" || answer[0] != '[' {
		return nil
	}
	end := strings.IndexByte(answer, ']')
	if end < 0 || strings.IndexByte(answer[:end], '\n') >= 0 {
		return nil
	}
	raw, ok := stringList(answer[:end+1])
	if !ok || len(raw) == 0 {
		return nil
	}
	items := raw[:0]
	for _, s := range raw {
		if n := Normalise(s); !contains(items, n) {
			items = append(items, n)
		}
	}
	return items
}

// contains is for the few items of most answers; a run-away has hundreds, which
// this still bears.
func contains(items []string, s string) bool { return slices.Contains(items, s) }

// stringList reads a JSON array whose elements are all strings. It is false for
// anything else, right or wrong: the official parser makes no difference.
func stringList(s string) (items []string, ok bool) {
	i := skipJSONSpace(s, 1)
	if i < len(s) && s[i] == ']' {
		return nil, i+1 == len(s)
	}
	for {
		if i >= len(s) || s[i] != '"' {
			return nil, false
		}
		item, next, ok := jsonString(s, i+1)
		if !ok {
			return nil, false
		}
		items = append(items, item)
		if i = skipJSONSpace(s, next); i >= len(s) {
			return nil, false
		}
		switch s[i] {
		case ',':
			i = skipJSONSpace(s, i+1)
		case ']':
			return items, i+1 == len(s)
		default:
			return nil, false
		}
	}
}

func skipJSONSpace(s string, i int) int {
	for i < len(s) && (s[i] == ' ' || s[i] == '\t' || s[i] == '\n' || s[i] == '\r') {
		i++
	}
	return i
}

// jsonString reads the rest of a JSON string behind its quote, strictly but for
// lone surrogates, which it keeps. next is behind the closing quote.
func jsonString(s string, i int) (text string, next int, ok bool) {
	start := i
	for i < len(s) && s[i] != '"' && s[i] != '\\' && s[i] >= ' ' {
		i++
	}
	if i < len(s) && s[i] == '"' {
		return s[start:i], i + 1, true
	}
	b := append(make([]byte, 0, i-start+16), s[start:i]...)
	for i < len(s) {
		switch c := s[i]; {
		case c == '"':
			return string(b), i + 1, true
		case c < ' ':
			return "", 0, false
		case c != '\\':
			b = append(b, c)
			i++
		default:
			r, n := jsonEscape(s[i:])
			if n == 0 {
				return "", 0, false
			}
			b = encode(b, r)
			i += n
		}
	}
	return "", 0, false
}

// jsonEscape reads an escape of JSON, a pair of surrogates as one code point. n
// is 0 if there is none.
func jsonEscape(s string) (r rune, n int) {
	if len(s) < 2 {
		return 0, 0
	}
	switch s[1] {
	case '"', '\\', '/':
		return rune(s[1]), 2
	case 'b':
		return '\b', 2
	case 'f':
		return '\f', 2
	case 'n':
		return '\n', 2
	case 'r':
		return '\r', 2
	case 't':
		return '\t', 2
	case 'u':
		high, ok := hex4(s[2:])
		if !ok {
			return 0, 0
		}
		if 0xD800 <= high && high < 0xDC00 && strings.HasPrefix(s[6:], `\u`) {
			if low, ok := hex4(s[8:]); ok && 0xDC00 <= low && low <= 0xDFFF {
				return (high-0xD800)<<10 + (low - 0xDC00) + 0x10000, 12
			}
		}
		return high, 6
	}
	return 0, 0
}

func hex4(s string) (r rune, ok bool) {
	if len(s) < 4 {
		return 0, false
	}
	for i := range 4 {
		c := s[i]
		switch {
		case '0' <= c && c <= '9':
			r = r<<4 | rune(c-'0')
		case 'a' <= c && c <= 'f':
			r = r<<4 | rune(c-'a'+10)
		case 'A' <= c && c <= 'F':
			r = r<<4 | rune(c-'A'+10)
		default:
			return 0, false
		}
	}
	return r, true
}

// AnswerString writes surface strings as the answer to one query (METRICS.md
// §3.6): a JSON list, ", " between items, non-ASCII kept.
func AnswerString(surfaces []string) string {
	b := []byte{'['}
	for i, s := range surfaces {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = appendJSONString(b, s)
	}
	return string(append(b, ']'))
}

const hexDigits = "0123456789abcdef"

func appendJSONString(b []byte, s string) []byte {
	b = append(b, '"')
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c == '\n':
			b = append(b, `\n`...)
		case c == '\r':
			b = append(b, `\r`...)
		case c == '\t':
			b = append(b, `\t`...)
		case c == '\b':
			b = append(b, `\b`...)
		case c == '\f':
			b = append(b, `\f`...)
		case c < ' ':
			b = append(b, `\u00`...)
			b = append(b, hexDigits[c>>4], hexDigits[c&15])
		default:
			b = append(b, c)
		}
	}
	return append(b, '"')
}

// replaceSurrogates makes valid UTF-8 of a string that may hold lone surrogates.
func replaceSurrogates(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return string(runes(s)) // the conversion writes U+FFFD for what is no code point
}

// PublishedMentions returns the strings that the official parser accepts, as the
// model wrote them, for alignment (METRICS.md §7): never what §3.3 makes of them.
func PublishedMentions(completion string) []string {
	if items, _ := Published(completion); len(items) == 0 {
		return nil
	}
	completion, _, _ = strings.Cut(completion, "</s>")
	completion = completion[strings.LastIndex(completion, "ASSISTANT:")+1:]
	start, end := strings.IndexByte(completion, '['), strings.IndexByte(completion, ']')
	raw, _ := stringList(completion[start : end+1])
	for i, s := range raw {
		raw[i] = replaceSurrogates(s)
	}
	return raw
}
