package ner

import (
	"strconv"
	"strings"
)

// JSONString writes a JSON string for prompts and answers. It escapes only the
// characters that JSON requires, in their short form where there is one. Bytes of
// invalid UTF-8 are copied unchanged.
func JSONString(s string) string {
	return string(AppendJSONString(make([]byte, 0, len(s)+2), s))
}

// JSONList writes a JSON array of strings, with the separator between its items:
// ",", ", ", or a comma and a line break.
func JSONList(items []string, separator string) string {
	b := []byte{'['}
	for i, s := range items {
		if i > 0 {
			b = append(b, separator...)
		}
		b = AppendJSONString(b, s)
	}
	return string(append(b, ']'))
}

// AppendJSONString appends the result of [JSONString].
func AppendJSONString(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	from := 0 // start of the bytes that are not yet written
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		b = append(append(b, s[from:i]...), '\\')
		from = i + 1
		if short := strings.IndexByte("\"\\\b\f\n\r\t", c); short >= 0 {
			b = append(b, `"\bfnrt`[short])
		} else {
			b = append(b, 'u', '0', '0', hex[c>>4], hex[c&15])
		}
	}
	return append(append(b, s[from:]...), '"')
}

// PointSpan is a [Span] for files and answers: Start and End count code points of
// the text.
type PointSpan struct {
	Start int        `json:"start"`
	End   int        `json:"end"`
	Type  EntityType `json:"type"`
}

// Spans converts spans of the text from bytes to code points.
func (c CodePoints) Spans(spans []Span) []PointSpan {
	out := make([]PointSpan, len(spans))
	for i, s := range spans {
		out[i] = PointSpan{c.CodePoint(s.Start), c.CodePoint(s.End), s.Type}
	}
	return out
}

// SpansAnswer writes spans of a text as the answer of the prompt family "spans":
// {"spans":[{"start":0,"end":1,"type":"…"}]}, in code points.
func SpansAnswer(text string, spans []Span) string {
	b := []byte(`{"spans":[`)
	for i, s := range NewCodePoints(text).Spans(spans) {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(append(b, `{"start":`...), int64(s.Start), 10)
		b = strconv.AppendInt(append(b, `,"end":`...), int64(s.End), 10)
		b = AppendJSONString(append(b, `,"type":`...), string(s.Type))
		b = append(b, '}')
	}
	return string(append(b, `]}`...))
}

// MentionsAnswer writes mentions without positions as an answer of the prompt family
// "spans": {"mentions":[{"text":"…","type":"…"}]}.
func MentionsAnswer(mentions []Mention) string {
	b := []byte(`{"mentions":[`)
	for i, m := range mentions {
		if i > 0 {
			b = append(b, ',')
		}
		b = AppendJSONString(append(b, `{"text":`...), m.Text)
		b = AppendJSONString(append(b, `,"type":`...), string(m.Type))
		b = append(b, '}')
	}
	return string(append(b, `]}`...))
}
