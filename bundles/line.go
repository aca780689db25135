package bundles

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"nerbench/ner"
)

// parseLine parses a line that [encodeLine] wrote, without reflection. It returns false
// for every other text, and for a few rare forms, which the general parser decides.
func parseLine(line []byte, p *Passage) bool {
	s := lineScanner{string(line)}
	return s.skip(`{"i":`) && s.number(&p.Index) && s.counts(p) && s.optional(`,"id":`, &p.Document) &&
		s.answers(p) && s.outcomes(p) && s.spans(p) && s.unaligned(p) && s.rest == "}\n"
}

// lineScanner scans a line from its beginning. Its methods return false if something
// else comes next.
type lineScanner struct{ rest string }

func (s *lineScanner) skip(text string) bool {
	rest, found := strings.CutPrefix(s.rest, text)
	s.rest = rest
	return found
}

// number scans a number from 0, without superfluous zeros.
func (s *lineScanner) number(n *int) bool {
	const most = 18 // digits
	end := 0
	for end < len(s.rest) && end < most && s.rest[end] >= '0' && s.rest[end] <= '9' {
		end++
	}
	if end == 0 || end > 1 && s.rest[0] == '0' {
		return false
	}
	*n, _ = strconv.Atoi(s.rest[:end])
	s.rest = s.rest[end:]
	return true
}

// optional scans a member with a string, which is absent if it is empty.
func (s *lineScanner) optional(name string, text *string) bool {
	return !s.skip(name) || s.text(text) && *text != ""
}

// optionalNumber scans a member with a number, which is absent if it is 0.
func (s *lineScanner) optionalNumber(name string, n *int) bool {
	return !s.skip(name) || s.number(n) && *n != 0
}

// text scans a string. Escapes of four digits are left to the general parser.
func (s *lineScanner) text(to *string) bool {
	if !s.skip(`"`) {
		return false
	}
	end, escaped, ascii := 0, false, true
scan:
	for ; ; end++ {
		if end >= len(s.rest) {
			return false
		}
		switch c := s.rest[end]; {
		case c == '"':
			break scan
		case c == '\\':
			escaped = true
			end++
		case c < ' ':
			return false
		case c >= utf8.RuneSelf:
			ascii = false
		}
	}
	text := s.rest[:end]
	s.rest = s.rest[end+1:]
	if !ascii && (!utf8.ValidString(text) || strings.Contains(text, "\u2028") || strings.Contains(text, "\u2029")) {
		return false
	}
	*to = text
	return !escaped || unescape(to)
}

// unescape replaces escapes of one letter.
func unescape(text *string) bool {
	var b strings.Builder
	b.Grow(len(*text))
	rest := *text
	for {
		before, after, found := strings.Cut(rest, `\`)
		b.WriteString(before)
		if !found {
			*text = b.String()
			return true
		}
		at := strings.IndexByte(`"\bfnrt`, after[0])
		if at < 0 {
			return false
		}
		b.WriteByte("\"\\\b\f\n\r\t"[at])
		rest = after[1:]
	}
}

// list scans a member with a list of at least one item, if it is there.
func (s *lineScanner) list(name string, item func() bool) bool {
	if !s.skip(name) {
		return true
	}
	if !s.skip("[") || !item() {
		return false
	}
	for s.skip(",") {
		if !item() {
			return false
		}
	}
	return s.skip("]")
}

// counts scans the counts of at least one metric.
func (s *lineScanner) counts(p *Passage) bool {
	return s.list(`,"counts":`, func() bool {
		var c [3]int
		ok := s.skip("[") && s.number(&c[0]) && s.skip(",") && s.number(&c[1]) && s.skip(",") && s.number(&c[2]) && s.skip("]")
		p.Counts = append(p.Counts, c)
		return ok
	}) && len(p.Counts) > 0
}

func (s *lineScanner) answers(p *Passage) bool {
	return s.list(`,"answers":`, func() bool {
		var a Answer
		if !s.skip("{") || !s.list(`"types":`, func() bool {
			a.Types = append(a.Types, "")
			return s.text((*string)(&a.Types[len(a.Types)-1]))
		}) || a.Types == nil || !s.skip(`,"text":`) || !s.text(&a.Text) {
			return false
		}
		if !s.optional(`,"finish":`, (*string)(&a.Finish)) || !s.optional(`,"thinking":`, &a.Thinking) ||
			!s.optionalNumber(`,"prompt_tokens":`, &a.PromptTokens) || !s.optionalNumber(`,"answer_tokens":`, &a.AnswerTokens) {
			return false
		}
		p.Answers = append(p.Answers, a)
		return s.skip("}")
	})
}

func (s *lineScanner) outcomes(p *Passage) bool {
	return s.list(`,"outcomes":`, func() bool {
		p.Outcomes = append(p.Outcomes, "")
		return s.text((*string)(&p.Outcomes[len(p.Outcomes)-1]))
	})
}

func (s *lineScanner) spans(p *Passage) bool {
	return s.list(`,"spans":`, func() bool {
		var span ner.PointSpan
		ok := s.skip(`{"start":`) && s.number(&span.Start) && s.skip(`,"end":`) && s.number(&span.End) &&
			s.skip(`,"type":`) && s.text((*string)(&span.Type)) && s.skip("}")
		p.Spans = append(p.Spans, span)
		return ok
	})
}

// unaligned scans the numbers by type, which are in the order of the types.
func (s *lineScanner) unaligned(p *Passage) bool {
	if !s.skip(`,"unaligned":{`) {
		return true
	}
	p.Unaligned = map[ner.EntityType]int{}
	last := ""
	for first := true; ; first = false {
		var t string
		var n int
		if !s.text(&t) || !first && t <= last || !s.skip(":") || !s.number(&n) {
			return false
		}
		p.Unaligned[ner.EntityType(t)], last = n, t
		if !s.skip(",") {
			return s.skip("}")
		}
	}
}
