package answers

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"nerbench/ner"
)

// readGoLLIE reads a list of instances, Type(span="mention") (docs/spec/prompts.md §4.9).
func readGoLLIE(r *reply) ner.Prediction { return readCalls(r, "", "span") }

// readKnowCoder reads "results = [Type("mention")]".
func readKnowCoder(r *reply) ner.Prediction { return readCalls(r, "results =", "") }

// call is a call of a class in an answer.
type call struct {
	name, text string
	// loose is set for another keyword or more arguments, empty for the argument None.
	loose, empty bool
}

// readCalls reads a list of calls. In the strict form, lead is before the list, and
// keyword before the mention. No code is evaluated.
func readCalls(r *reply, lead, keyword string) ner.Prediction {
	body := r.answer
	p := callParser{s: body, keyword: keyword, line: new(lineEnd)}
	names := ner.ClassNames(r.wordsOf(r.asked))
	malformed := false
	for i := 0; i < len(body); i++ {
		if body[i] != '[' {
			continue
		}
		calls, end, state := p.list(i)
		switch state {
		case listOther:
			continue
		case listBad:
			malformed = true
			continue
		}
		c := r.collector()
		step := "strict"
		for _, one := range calls {
			if one.loose || one.empty {
				step = "loose"
			}
			r.addCall(c, one, names)
		}
		switch {
		case state == listUnclosed:
			step = "unclosed"
			if rest := strings.TrimFunc(body[end:], isSpace); rest != "" {
				c.cut(rest)
			}
		case r.fenced:
			step = "fence"
		case strings.TrimFunc(body[:i], isSpace) != lead || strings.TrimFunc(body[end:], isSpace) != "":
			step = "embedded"
		}
		return r.conclude(c, step, true)
	}
	if malformed {
		out := ner.Prediction{Outcome: ner.Malformed, Step: "none"}
		if r.finish == ner.FinishLength {
			out.Outcome = ner.Truncated
		}
		return out
	}
	c := r.collector()
	if noneWord(r.answer) {
		return r.conclude(c, "none_word", true)
	}
	return r.conclude(c, "calls", r.looseCalls(c, p, names))
}

// looseCalls collects the calls in a text. At least one must be of a known class.
func (r *reply) looseCalls(c *collector, p callParser, names []string) bool {
	known := false
	for i := 0; i < len(p.s); {
		end := identifierEnd(p.s, i)
		if end == i {
			_, n := utf8.DecodeRuneInString(p.s[i:])
			i += n
			continue
		}
		one, next, state := p.call(i)
		if state != listRead {
			if _, _, ok := r.typeOfClass(p.s[i:end], names); ok && strings.HasPrefix(p.s[end:], "(") {
				c.drop(ner.BadItem, p.s[i:end], "")
			}
			i = end
			continue
		}
		i = next
		if _, _, ok := r.typeOfClass(one.name, names); ok {
			known = true
		} else if first, _ := utf8.DecodeRuneInString(one.name); !unicode.IsUpper(first) {
			continue
		}
		r.addCall(c, one, names)
	}
	return known
}

// addCall adds the mention of a call.
func (r *reply) addCall(c *collector, one call, names []string) {
	t, folded, ok := r.typeOfClass(one.name, names)
	switch {
	case one.empty:
		c.dropNothing()
	case !ok && c.unknown:
		c.add(one.text, ner.Unknown)
	case !ok:
		c.drop(ner.UnknownType, one.name, strings.TrimFunc(one.text, isSpace))
	case folded:
		c.add(one.text, t, ner.TypeFold)
	default:
		c.add(one.text, t)
	}
}

// typeOfClass finds the type of a class: exactly, or by letters and digits in lower
// case.
func (r *reply) typeOfClass(name string, names []string) (t ner.EntityType, folded, ok bool) {
	if i := slices.Index(names, name); i >= 0 {
		return r.asked[i], false, true
	}
	want, found := plainName(name), -1
	for i, n := range names {
		if plainName(n) == want {
			if found >= 0 {
				return "", false, false // ambiguous
			}
			found = i
		}
	}
	if found < 0 {
		return "", false, false
	}
	return r.asked[found], true, true
}

// plainName returns the letters and digits of a name in lower case.
func plainName(name string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, name)
}

// listState is the result of reading a list.
type listState uint8

const (
	listRead     listState = iota
	listUnclosed           // the answer ends inside
	listBad                // a list of calls with something else in it
	listOther              // no list of calls at all
)

// callParser reads literals of Python.
type callParser struct {
	s       string
	keyword string // of the strict form; may be empty
	line    *lineEnd
}

// lineEnd remembers the end of a line, so that the many comments that a damaged answer
// can have on one line are skipped in linear time.
type lineEnd struct{ from, to int }

// after returns the end of the line of s that has the index i.
func (l *lineEnd) after(s string, i int) int {
	if i < l.from || i >= l.to {
		l.from, l.to = i, len(s)
		if n := strings.IndexByte(s[i:], '\n'); n >= 0 {
			l.to = i + n
		}
	}
	return l.to
}

// list reads a list of calls at a bracket.
func (p callParser) list(i int) (calls []call, end int, state listState) {
	i = p.skip(i + 1)
	for {
		switch {
		case i >= len(p.s):
			return calls, i, listUnclosed
		case p.s[i] == ']':
			return calls, i + 1, listRead
		}
		one, next, state := p.call(i)
		switch {
		case state == listUnclosed:
			return calls, i, listUnclosed
		case state != listRead && calls == nil:
			return nil, 0, state
		case state != listRead:
			return nil, 0, listBad
		}
		calls = append(calls, one)
		i = p.skip(next)
		if i < len(p.s) && p.s[i] == ',' {
			i = p.skip(i + 1)
		} else if i < len(p.s) && p.s[i] != ']' {
			return nil, 0, listBad
		}
	}
}

// call reads Name(…) at i.
func (p callParser) call(i int) (one call, end int, state listState) {
	end = identifierEnd(p.s, i)
	if end == i {
		return one, 0, listOther
	}
	one.name = p.s[i:end]
	i = p.skip(end)
	switch {
	case i >= len(p.s):
		return one, i, listUnclosed
	case p.s[i] != '(':
		return one, 0, listOther
	}
	i = p.skip(i + 1)
	for n := 0; ; n++ {
		if i < len(p.s) && p.s[i] == ')' && n > 0 {
			return one, i + 1, listRead
		}
		keyword, text, none, next, state := p.argument(i)
		if state != listRead {
			return one, 0, state
		}
		switch {
		case n > 0:
			one.loose = true
		default:
			one.text, one.empty, one.loose = text, none, keyword != p.keyword
		}
		i = p.skip(next)
		switch {
		case i >= len(p.s):
			return one, i, listUnclosed
		case p.s[i] == ',':
			i = p.skip(i + 1)
		case p.s[i] != ')':
			return one, 0, listBad
		}
	}
}

// argument reads a string literal or None, after a keyword or not.
func (p callParser) argument(i int) (keyword, text string, none bool, end int, state listState) {
	if name := identifierEnd(p.s, i); name > i {
		if at := p.skip(name); at < len(p.s) && p.s[at] == '=' {
			keyword = p.s[i:name]
			i = p.skip(at + 1)
		}
	}
	if i >= len(p.s) {
		return keyword, "", false, i, listUnclosed
	}
	if word := identifierEnd(p.s, i); word > i && p.s[i:word] == "None" {
		return keyword, "", true, word, listRead
	}
	text, end, state = p.literal(i)
	return keyword, text, false, end, state
}

// skip skips white space and comments.
func (p callParser) skip(i int) int {
	for {
		i = skipSpace(p.s, i)
		if i >= len(p.s) || p.s[i] != '#' {
			return i
		}
		i = p.line.after(p.s, i)
	}
}

// identifierEnd returns the end of the identifier at i; i without an identifier.
func identifierEnd(s string, i int) int {
	for end := i; end < len(s); {
		r, n := utf8.DecodeRuneInString(s[end:])
		if r != '_' && !unicode.IsLetter(r) && (end == i || !unicode.IsDigit(r)) {
			return end
		}
		end += n
		if end == len(s) {
			return end
		}
	}
	return i
}
