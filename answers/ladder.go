package answers

import (
	"strings"
)

// reading is the result of the ladder.
type reading struct {
	step       string
	incomplete bool // the answer ends inside the value
}

// ladder parses a cleaned answer by the first step that succeeds (docs/spec/prompts.md
// §3.3). The mentions are in the collector. ok is false if no step succeeds.
func ladder(c *collector, want shape, answer string) (r reading, ok bool) {
	try := func(v value) fit {
		c.reset()
		return want(c, v)
	}
	if v, ok := wholeJSON(answer); ok {
		switch try(v) {
		case fitsStrict:
			return reading{step: "strict"}, true
		case fitsTolerant:
			return reading{step: "coerce"}, true
		}
	}
	body, fenced := fence(answer)
	if fenced {
		if v, ok := wholeJSON(body); ok && try(v) != fitsNot {
			return reading{step: "fence"}, true
		}
	}
	if !isList(c) {
		if v, ok := jsonLines(body); ok && try(v) != fitsNot {
			return reading{step: "jsonl"}, true
		}
	}
	if r, ok := embedded(try, body); ok {
		return r, true
	}
	c.reset()
	if noneWord(answer) {
		return reading{step: "none_word"}, true
	}
	if isList(c) && bullets(c, body) {
		return reading{step: "bullets"}, true
	}
	c.reset()
	return reading{step: "none"}, false
}

// isList reports whether the answer should be a list of strings of one type.
func isList(c *collector) bool { return c.asked != "" }

// fence returns the content of the first Markdown fence: from a line that begins
// with three backticks to the next such line or the end; or an answer that is
// one fence on one line.
func fence(s string) (body string, ok bool) {
	const ticks = "```"
	if strings.HasPrefix(s, ticks) && strings.HasSuffix(s, ticks) && len(s) >= 6 && !strings.Contains(s, "\n") {
		inner := s[3 : len(s)-3]
		return strings.TrimFunc(strings.TrimLeft(inner, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"), isSpace), true
	}
	lines := strings.SplitAfter(s, "\n")
	for i, line := range lines {
		if !strings.HasPrefix(line, ticks) {
			continue
		}
		var b strings.Builder
		for _, inside := range lines[i+1:] {
			if strings.HasPrefix(inside, ticks) {
				break
			}
			b.WriteString(inside)
		}
		return strings.TrimFunc(b.String(), isSpace), true
	}
	return s, false
}

// jsonLines parses two or more objects in a row: typed objects as elements of a list,
// other objects as one object with all members.
func jsonLines(s string) (value, bool) {
	var objects []value
	for i := 0; ; {
		for i < len(s) && (s[i] == ',' && len(objects) > 0 || skipSpace(s, i) > i) {
			i = max(i+1, skipSpace(s, i))
		}
		if i >= len(s) {
			break
		}
		v, end, ok := strictJSON(s[i:])
		if !ok || v.kind != isObject {
			return value{}, false
		}
		objects = append(objects, v)
		i += end
	}
	if len(objects) < 2 {
		return value{}, false
	}
	typed, merged := value{kind: isArray}, value{kind: isObject}
	for _, o := range objects {
		_, named := o.stringMember(typeNames)
		if hasMention(o) && named {
			typed.items = append(typed.items, o)
		} else {
			merged.members = append(merged.members, o.members...)
		}
	}
	if len(typed.items) == 0 {
		return merged, true
	}
	if len(merged.members) > 0 {
		typed.items = append(typed.items, merged)
	}
	return typed, true
}

// embedded tries, at each bracket from the left, strict JSON, the loose parser, and the
// loose parser up to the end of the body. It returns the first value that fits without
// tolerance, else the first that fits with tolerance.
func embedded(try func(value) fit, body string) (reading, bool) {
	type candidate struct {
		value value
		r     reading
	}
	var tolerant *candidate
	first := skipSpace(body, 0)
	for i := 0; i < len(body); i++ {
		if body[i] != '[' && body[i] != '{' {
			continue
		}
		v, r, end, ok := readAt(body, i, i == first)
		if !ok {
			continue
		}
		switch try(v) {
		case fitsStrict:
			return r, true
		case fitsTolerant:
			if tolerant == nil {
				tolerant = &candidate{v, r}
			}
		}
		i = end - 1
	}
	if tolerant == nil {
		return reading{}, false
	}
	try(tolerant.value)
	return tolerant.r, true
}

// readAt reads a value at a bracket by the first of three parsers.
func readAt(body string, i int, whole bool) (v value, r reading, end int, ok bool) {
	if v, n, ok := strictJSON(body[i:]); ok {
		return v, reading{step: "embedded"}, i + n, true
	}
	if v, end, ok := looseValue(body, i, whole, false); ok {
		return v, reading{step: "loose"}, end, true
	}
	if v, end, ok := looseValue(body, i, whole, true); ok {
		return v, reading{step: "unclosed", incomplete: v.unfinished}, end, true
	}
	return v, r, 0, false
}

var noneWords = map[string]bool{
	"none": true, "n/a": true, "na": true, "nil": true, "null": true, "nothing": true, "empty": true,
	"no entities": true, "no entity": true,
}

// noneWord reports whether a text stands for no mentions (docs/spec/prompts.md §3.2).
func noneWord(s string) bool {
	return len(s) < 40 && noneWords[strings.Trim(strings.ToLower(s), " .\"'`*\t\r\n")]
}

// bullets reads a list of lines with bullets, after an optional first line that
// ends in a colon.
func bullets(c *collector, body string) bool {
	any := false
	for i, line := range strings.Split(body, "\n") {
		line = strings.TrimFunc(line, isSpace)
		if line == "" || i == 0 && strings.HasSuffix(line, ":") {
			continue
		}
		rest, ok := bullet(line)
		if !ok {
			return false
		}
		c.add(unquote(rest), c.asked)
		any = true
	}
	return any
}

// bullet cuts off -, *, •, or a number with a full stop or a parenthesis.
func bullet(line string) (rest string, ok bool) {
	for _, mark := range []string{"-", "*", "•"} {
		if rest, ok := strings.CutPrefix(line, mark); ok {
			return strings.TrimFunc(rest, isSpace), true
		}
	}
	digits := strings.TrimLeft(line, "0123456789")
	if digits == line || digits == "" || digits[0] != '.' && digits[0] != ')' {
		return "", false
	}
	return strings.TrimFunc(digits[1:], isSpace), true
}

// unquote takes off one pair of surrounding quotes.
func unquote(s string) string {
	for _, pair := range [][2]string{{`"`, `"`}, {"'", "'"}, {"“", "”"}, {"‘", "’"}} {
		if len(s) >= len(pair[0])+len(pair[1]) && strings.HasPrefix(s, pair[0]) && strings.HasSuffix(s, pair[1]) {
			return s[len(pair[0]) : len(s)-len(pair[1])]
		}
	}
	return s
}

// begun reports whether the body has the beginning of a structure. An answer that no
// step can parse is then malformed, else it has no structure.
func begun(body string) bool {
	if strings.HasPrefix(body, "[") || strings.HasPrefix(body, "{") {
		return true
	}
	for i := 0; i < len(body); i++ {
		if body[i] != '[' && body[i] != '{' {
			continue
		}
		next := skipSpace(body, i+1)
		if next < len(body) && (quotes(body[next:]) != "" || body[i] == '[' && body[next] == '{') {
			return true
		}
	}
	return false
}
