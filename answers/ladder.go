package answers

import (
	"strings"

	"nerbench/ner"
)

// reading is the result of the ladder.
type reading struct {
	step       string
	incomplete bool // the answer ends inside the value
}

// ladder parses a cleaned answer by the first step that succeeds (docs/spec/prompts.md
// §3.3). The mentions are in the collector. ok is false if no step succeeds.
func ladder(c *collector, want shape, answer string, finish ner.Finish) (r reading, ok bool) {
	l := rungs{collector: c, want: want, finish: finish}
	if v, ok := wholeJSON(answer); ok {
		switch l.try(v) {
		case fitsStrict:
			return reading{step: "strict"}, true
		case fitsTolerant:
			return reading{step: "coerce"}, true
		}
	}
	// A body from which everything is dropped is the answer only if no other one is.
	last, reserve := reading{}, ""
	for _, body := range append(fences(answer), answer) {
		r, ok := l.body(body, len(body) < len(answer))
		if ok && c.answered() {
			return r, true
		}
		if ok && last.step == "" {
			last, reserve = r, body
		}
	}
	if last.step != "" {
		l.body(reserve, len(reserve) < len(answer))
		return last, true
	}
	c.reset()
	return reading{step: "none"}, false
}

// rungs are the steps for a body of an answer.
type rungs struct {
	*collector
	want   shape
	finish ner.Finish
}

// try collects the mentions of a value of strict JSON.
func (l rungs) try(v value) fit { return l.tryRead(v, false) }

func (l rungs) tryRead(v value, loose bool) fit {
	l.reset()
	l.loose = loose
	f := l.want(l.collector, v)
	l.cutRest(v)
	return f
}

// body parses the content of a fence, or the whole answer.
func (l rungs) body(body string, fenced bool) (reading, bool) {
	if fenced {
		if v, ok := wholeJSON(body); ok && l.try(v) != fitsNot {
			return reading{step: "fence"}, true
		}
	}
	if !isList(l.collector) {
		if v, ok := jsonLines(body); ok && l.try(v) != fitsNot {
			return reading{step: "jsonl"}, true
		}
	}
	if r, ok := l.embedded(body); ok {
		return r, true
	}
	l.reset()
	if noneWord(body) {
		return reading{step: "none_word"}, true
	}
	l.loose = true
	if isList(l.collector) && bullets(l.collector, body) {
		return reading{step: "bullets"}, true
	}
	return reading{}, false
}

// isList reports whether the answer should be a list of strings of one type.
func isList(c *collector) bool { return c.asked != "" }

// jsonLines parses two or more objects in a row: typed objects as elements of a list,
// other objects as one object with all members.
func jsonLines(s string) (value, bool) {
	var objects []value
	p := strictParser{s: s}
	for i := 0; ; {
		for i < len(s) && (s[i] == ',' && len(objects) > 0 || skipSpace(s, i) > i) {
			i = max(i+1, skipSpace(s, i))
		}
		if i >= len(s) {
			break
		}
		v, end, ok := p.value(i, 0)
		if !ok || v.kind != isObject {
			return value{}, false
		}
		objects = append(objects, v)
		i = end
	}
	if len(objects) < 2 {
		return value{}, false
	}
	return joined(objects), true
}

// joined returns objects as one value: typed objects as elements of a list, other
// objects as one object with all members.
func joined(objects []value) value {
	typed, merged := value{kind: isArray}, value{kind: isObject}
	for _, o := range objects {
		if isTyped(o) {
			typed.items = append(typed.items, o)
		} else {
			merged.members = append(merged.members, o.members...)
		}
		typed.unfinished = typed.unfinished || o.unfinished
	}
	if len(typed.items) == 0 {
		return merged
	}
	if len(merged.members) > 0 {
		typed.items = append(typed.items, merged)
	}
	return typed
}

// isTyped reports whether an object has a mention member and a type member.
func isTyped(v value) bool {
	_, named := v.stringMember(mentionNames)
	_, typed := v.stringMember(typeNames)
	return v.kind == isObject && named && typed
}

var noneWords = map[string]bool{
	"none": true, "n/a": true, "na": true, "nil": true, "null": true, "nothing": true, "empty": true,
	"no entities": true, "no entity": true,
}

// noneWord reports whether a text stands for no mentions (docs/spec/prompts.md §3.2).
func noneWord(s string) bool {
	if len(s) >= 40 {
		return false
	}
	s = strings.Trim(strings.ToLower(s), " .\"'`*\t\r\n")
	return s == "[]" || s == "{}" || noneWords[s]
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
