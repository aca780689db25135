package answers

import (
	"slices"
	"strings"
	"unicode/utf8"

	"nerbench/ner"
)

// foundValue is a value of a body, with the result of collecting its mentions.
type foundValue struct {
	value      value
	r          reading
	start, end int
	fit        fit
	heading    string // the type named before it, as in the answer; empty: none
	mentions   int
	answered   bool
	dropped    []ner.Dropped // all of its items, in case that another value is the answer
}

// embedded finds the values in a body, from the left: at each bracket strict JSON, else
// the loose parser, else the loose parser up to the end of the body. Values that belong
// together are joined. The answer is the last of the best ones, and the items of the
// other ones are counted.
func (l rungs) embedded(body string) (reading, bool) {
	values := l.values(body)
	values = l.join(values)
	best := -1
	for k := range values {
		if values[k].fit == fitsNot {
			continue
		}
		if best < 0 || l.better(values[k], values[best], body) {
			best = k
		}
	}
	if best < 0 {
		return reading{}, false
	}
	l.tryRead(values[best].value, values[best].r.loose())
	for k := range values {
		if k != best && values[k].fit != fitsNot {
			for _, d := range values[k].dropped {
				l.drop(ner.OtherValue, d.Type, d.Text)
			}
		}
	}
	return values[best].r, true
}

// loose reports whether a value is no strict JSON.
func (r reading) loose() bool { return r.step != "embedded" }

// values reads the values of a body, one behind the other.
func (l rungs) values(body string) (values []*foundValue) {
	p := newValueParser(body)
	behind := 0
	for i := 0; i < len(body); i++ {
		if !utf8.RuneStart(body[i]) {
			continue
		}
		if c, _ := mark(body, i); c != '[' && c != '{' {
			continue
		}
		v, r, end, ok := p.at(i)
		if !ok {
			if end := p.damaged(i); end > i {
				behind, i = end, end-1
			}
			continue
		}
		f := &foundValue{value: v, r: r, start: i, end: end, heading: l.heading(body, behind, i)}
		l.judge(f, body)
		if f.fit != fitsNot || f.heading != "" {
			values = append(values, f)
		}
		behind, i = end, end-1
	}
	return values
}

// judge tries a value. A list of numbers in a text is a citation.
func (l rungs) judge(f *foundValue, body string) {
	f.fit = l.tryRead(f.value, f.r.loose())
	if f.value.kind == isArray && len(f.value.items) > 0 && f.value.all(isNumber) && (f.start > skipSpace(body, 0) || skipSpace(body, f.end) < len(body)) {
		f.fit = fitsNot
	}
	f.mentions, f.answered = len(l.mentions), l.answered()
	f.dropped = nil
	for _, m := range l.mentions {
		f.dropped = append(f.dropped, ner.Dropped{Type: string(m.Type), Text: m.Text})
	}
	f.dropped = append(f.dropped, l.dropped...)
}

// better reports whether a value is a better answer than an earlier one: one with an
// answer before one without, a complete one before an incomplete one, one without
// tolerance before one with, and the later one of equals. There are two exceptions. An
// empty value in a sentence is no answer after one with mentions. If the answer begins
// with a value, and ends at the token limit or goes on with a query of its own, the text
// behind the value is a continuation.
func (l rungs) better(later, earlier *foundValue, body string) bool {
	if later.answered != earlier.answered {
		return later.answered
	}
	if earlier.start == skipSpace(body, 0) && !earlier.r.incomplete && earlier.fit == fitsStrict &&
		(l.finish == ner.FinishLength || asksAgain(body, earlier.end, later.start)) {
		return false
	}
	if later.r.incomplete != earlier.r.incomplete {
		return earlier.r.incomplete
	}
	if later.fit != earlier.fit {
		return later.fit == fitsStrict
	}
	if later.mentions == 0 && earlier.mentions > 0 {
		line := strings.TrimFunc(body[strings.LastIndexByte(body[:later.start], '\n')+1:later.start], isSpace)
		return line == "" || strings.HasSuffix(line, ":") || strings.HasSuffix(line, "：")
	}
	return true
}

// newQueries begin a query in the usual prompts.
var newQueries = []string{"USER:", "User:", "Human:", "Text:", "Input:", "Question:", "Passage:", "Sentence:", "[INST]", "<|im_start|>user", "<|user|>", "<start_of_turn>user", "What describes "}

// asksAgain reports whether the body has a query of the model's own at [from, to).
func asksAgain(body string, from, to int) bool {
	if to <= from {
		return false
	}
	between := body[from:min(to, from+longestQuery)]
	return slices.ContainsFunc(newQueries, func(q string) bool { return strings.Contains(between, q) })
}

// longestQuery is the largest distance in bytes at which a query begins.
const longestQuery = 200

// join joins the values that are one answer: typed objects, objects of different types,
// and values under headings that name their types.
func (l rungs) join(values []*foundValue) []*foundValue {
	if len(values) == 0 {
		return nil
	}
	if isList(l.collector) {
		return l.joinLists(values)
	}
	var headed, objects, rest []*foundValue
	for _, f := range values {
		switch {
		case f.heading != "" && (!f.answered || f.fit == fitsNot || f.value.kind == isArray && len(f.value.items) == 0):
			headed = append(headed, f)
		case f.fit == fitsNot:
		case f.value.kind == isObject && f.answered && !f.r.incomplete:
			objects = append(objects, f)
		default:
			rest = append(rest, f)
		}
	}
	if len(headed) > 0 {
		whole := value{kind: isObject}
		for _, f := range headed {
			whole.members = append(whole.members, member{f.heading, f.value})
		}
		rest = append(rest, l.whole(whole, headed))
	}
	typed := slices.IndexFunc(objects, func(f *foundValue) bool { return !isTyped(f.value) }) < 0
	if len(objects) > 1 && (typed || differentKeys(objects)) {
		var parts []value
		for _, f := range objects {
			parts = append(parts, f.value)
		}
		objects = []*foundValue{l.whole(joined(parts), objects)}
	}
	rest = append(rest, objects...)
	slices.SortStableFunc(rest, func(a, b *foundValue) int { return a.start - b.start })
	return rest
}

// joinLists joins lists under headings to an object by type, if one of them is about the
// type of the query or all have headings.
func (l rungs) joinLists(values []*foundValue) []*foundValue {
	var headed, rest []*foundValue
	whole := value{kind: isObject}
	asked := false
	for _, f := range values {
		if f.heading == "" || f.value.kind != isArray {
			rest = append(rest, f)
			continue
		}
		headed = append(headed, f)
		whole.members = append(whole.members, member{f.heading, f.value})
		t, _, _ := l.resolve(f.heading)
		asked = asked || t == l.asked
	}
	switch {
	case len(headed) == 0:
	case asked && len(headed) == 1: // the heading of the only list adds nothing
		rest = values
	case asked || len(rest) == 0:
		rest = append(rest, l.whole(whole, headed))
	default:
		rest = values
	}
	return slices.DeleteFunc(rest, func(f *foundValue) bool { return f.fit == fitsNot })
}

// whole judges the value that joins some parts.
func (l rungs) whole(v value, parts []*foundValue) *foundValue {
	last := parts[len(parts)-1]
	f := &foundValue{value: v, r: reading{step: "jsonl"}, start: last.start, end: last.end}
	for _, part := range parts {
		f.r.incomplete = f.r.incomplete || part.r.incomplete
	}
	f.fit = min(l.tryRead(v, true), fitsTolerant)
	f.mentions, f.answered = len(l.mentions), l.answered()
	for _, part := range parts {
		f.dropped = append(f.dropped, part.dropped...)
	}
	return f
}

// differentKeys reports whether no two objects have a common key.
func differentKeys(objects []*foundValue) bool {
	seen := map[string]bool{}
	for _, f := range objects {
		for _, m := range f.value.members {
			if seen[m.name] {
				return false
			}
		}
		for _, m := range f.value.members {
			seen[m.name] = true
		}
	}
	return true
}

// longestHeading is the largest length of a heading in bytes.
const longestHeading = 80

// heading returns the type that the text before a value names: on its line, else on the
// last line before it that is not blank. The text begins behind the value before.
func (l rungs) heading(body string, from, at int) string {
	before := body[max(from, at-2*longestHeading):at]
	line := before[strings.LastIndexByte(before, '\n')+1:]
	if strings.TrimFunc(line, isSpace) == "" {
		before = strings.TrimRightFunc(before, isSpace)
		line = before[strings.LastIndexByte(before, '\n')+1:]
	}
	if len(line) > longestHeading {
		return ""
	}
	line = strings.TrimLeft(line, "0123456789.)")
	line = strings.Trim(line, " \t\r\n#*-•_:：=`>.,;")
	if line == "" {
		return ""
	}
	for _, name := range []string{line, strings.TrimSuffix(line, " entities")} {
		if _, _, ok := l.resolve(name); ok {
			return name
		}
	}
	return ""
}

// valueParser parses the values of a body by the first of three parsers that can.
type valueParser struct {
	strict      strictParser
	loose, open looseParser
	first       int
	closing     map[int]int
}

func newValueParser(body string) *valueParser {
	ends := newStringEnds(body)
	return &valueParser{
		strict: strictParser{s: body},
		loose:  looseParser{s: body, strings: ends},
		open:   looseParser{s: body, strings: ends, unclosed: true},
		first:  skipSpace(body, 0),
	}
}

// at reads a value at a bracket.
func (p *valueParser) at(i int) (v value, r reading, end int, ok bool) {
	if mark := p.strict.s[i]; mark == '[' || mark == '{' {
		if v, end, ok := p.strict.value(i, 0); ok {
			return v, reading{step: "embedded"}, end, true
		}
	}
	if v, end, ok := p.either(&p.loose, i); ok {
		return v, reading{step: "loose"}, end, true
	}
	if v, end, ok := p.either(&p.open, i); ok {
		return v, reading{step: "unclosed", incomplete: v.unfinished}, end, true
	}
	return v, r, 0, false
}

// damaged returns the end of an array or object that no parser can read; i if there is
// none at the bracket, but a bracket in a text. The values inside are no answers: another
// part of the same answer could not be read.
func (p *valueParser) damaged(i int) int {
	body := p.strict.s
	next := skipSpace(body, i+1)
	if next == len(body) || body[i] != '[' && body[i] != '{' || quotes(body[next:]) == "" && body[next] != '[' && body[next] != '{' {
		return i
	}
	if p.closing == nil {
		p.closing = closingBrackets(body)
	}
	if end, ok := p.closing[i]; ok {
		return end
	}
	return len(body)
}

// closingBrackets returns the index behind the closing bracket for each opening one that
// has one.
func closingBrackets(body string) map[int]int {
	closing := map[int]int{}
	var open []int
	for i := 0; i < len(body); i++ {
		switch body[i] {
		case '[', '{':
			open = append(open, i)
		case ']', '}':
			if len(open) > 0 {
				closing[open[len(open)-1]] = i + 1
				open = open[:len(open)-1]
			}
		}
	}
	return closing
}

// either reads a value by a loose parser. If the value is the whole body, its items may
// be bare.
func (p *valueParser) either(loose *looseParser, i int) (v value, end int, ok bool) {
	if v, end, ok := loose.read(i); ok || i != p.first {
		return v, end, ok
	}
	bare := looseParser{s: loose.s, strings: loose.strings, unclosed: loose.unclosed, bare: true}
	v, end, ok = bare.read(i)
	return v, end, ok && skipSpace(loose.s, end) == len(loose.s)
}
