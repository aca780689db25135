package ner

import "strings"

// JSONString writes a JSON string for prompts and answers. It escapes only the
// characters that JSON requires, in their short form where there is one. Bytes of
// invalid UTF-8 are copied unchanged.
func JSONString(s string) string {
	return string(appendJSONString(make([]byte, 0, len(s)+2), s))
}

// JSONList writes a JSON array of strings, with the separator between its items:
// ",", ", ", or a comma and a line break.
func JSONList(items []string, separator string) string {
	b := []byte{'['}
	for i, s := range items {
		if i > 0 {
			b = append(b, separator...)
		}
		b = appendJSONString(b, s)
	}
	return string(append(b, ']'))
}

func appendJSONString(b []byte, s string) []byte {
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
