package answers

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"nerbench/ner"
)

// Published parses a completion like the evaluator of the UniversalNER paper
// (docs/spec/metrics.md §3.1, §3.2). It returns the normalised items in order, without
// duplicates. void is set if the answer is not an empty list, but parsed as one (§8.3).
// Text after the stop string of the paper's models is ignored
// (docs/decisions/0006).
func Published(completion string) (items []string, void bool) {
	completion, _, _ = strings.Cut(completion, "</s>")
	if i := strings.LastIndex(completion, "ASSISTANT:"); i >= 0 {
		completion = completion[i+len("ASSISTANT:"):]
	}
	answer := strings.TrimFunc(completion, isSpace)
	items = Official(answer)
	return items, len(items) == 0 && answer != "[]"
}

// Official parses an unchanged answer with the official parser (docs/spec/metrics.md
// §3.2): a JSON list of strings on one line, from the first code point to the first
// closing bracket. Any other answer is parsed as an empty list. The strings are
// normalised, without duplicates. Lone surrogates have three bytes each.
func Official(answer string) []string {
	var r OfficialParser
	return r.Append(nil, answer)
}

// OfficialParser parses many answers like [Official]. It is faster, because it reuses
// memory. The zero value is ready to use. It must not be used by several goroutines at
// once.
type OfficialParser struct {
	raw   []string        // of the answer at hand
	items strings.Builder // the newest items, one behind the other
}

// manyItems is the number of items from which a set is faster than a loop. Only answers
// that repeat themselves up to the token limit have so many.
const manyItems = 64

// itemMemory is the size of a block of items in bytes.
const itemMemory = 16 << 10

// Append appends the items of an answer to a list. They are not compared with earlier
// items of the list.
func (r *OfficialParser) Append(items []string, answer string) []string {
	if answer == "" || answer[0] != '[' {
		return items
	}
	end := strings.IndexByte(answer, ']')
	if end < 0 || strings.IndexByte(answer[:end], '\n') >= 0 {
		return items
	}
	var ok bool
	if r.raw, ok = appendStringList(r.raw[:0], answer[:end+1]); !ok {
		return items
	}
	before := len(items)
	var seen map[string]bool
	if len(r.raw) > manyItems {
		seen = make(map[string]bool, len(r.raw))
	}
	for _, s := range r.raw {
		n := r.normalise(s)
		if seen == nil && slices.Contains(items[before:], n) || seen[n] {
			continue
		}
		if seen != nil {
			seen[n] = true
		}
		items = append(items, n)
	}
	return items
}

// normalise is [Normalise] with one allocation for many strings.
func (r *OfficialParser) normalise(s string) string {
	var memory [96]byte
	out, ok := appendNormalised(memory[:0], s)
	if !ok {
		return normaliseAny(s)
	}
	if r.items.Cap()-r.items.Len() < len(out) {
		// The first answer gets what it needs, in case it is the only one.
		size := max(len(out), min(itemMemory, 4*r.items.Cap()))
		r.items.Reset() // what it held lives on in the items
		r.items.Grow(size)
	}
	from := r.items.Len()
	r.items.Write(out)
	return r.items.String()[from:]
}

func stringList(s string) (items []string, ok bool) { return appendStringList(nil, s) }

// appendStringList parses a JSON array of strings. ok is false for any other text, valid
// or not, as in the official parser.
func appendStringList(items []string, s string) (list []string, ok bool) {
	i := skipJSONSpace(s, 1)
	if i < len(s) && s[i] == ']' {
		return items, i+1 == len(s)
	}
	for {
		if i >= len(s) || s[i] != '"' {
			return items, false
		}
		item, next, ok := jsonString(s, i+1)
		if !ok {
			return items, false
		}
		items = append(items, item)
		if i = skipJSONSpace(s, next); i >= len(s) {
			return items, false
		}
		switch s[i] {
		case ',':
			i = skipJSONSpace(s, i+1)
		case ']':
			return items, i+1 == len(s)
		default:
			return items, false
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
	for i < len(s) && !endsRun[s[i]] {
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

// endsRun are the bytes of a JSON string that do not stand for themselves.
var endsRun = func() (ends [256]bool) {
	for c := range ends {
		ends[c] = c < ' ' || c == '"' || c == '\\'
	}
	return ends
}()

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
	v, err := strconv.ParseUint(s[:4], 16, 16)
	return rune(v), err == nil
}

// AnswerString returns strings as the answer to one query (docs/spec/metrics.md §3.6): a
// JSON list with ", " between items, and non-ASCII characters not escaped.
func AnswerString(surfaces []string) string { return ner.JSONList(surfaces, ", ") }

// replaceSurrogates makes valid UTF-8 of a string that may hold lone surrogates.
func replaceSurrogates(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return string(runes(s)) // the conversion writes U+FFFD for what is no code point
}

// PublishedMentions returns the strings that the official parser accepts, as written by
// the model and not normalised, for alignment (docs/spec/metrics.md §7).
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
