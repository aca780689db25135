package ollama

import (
	"encoding/json"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// readReply parses the response of the server. Most have a few members that are texts and
// numbers. Those are parsed here, in a fifth of the time of package encoding/json, which
// would be a twentieth of the whole time of a fast query. It parses all other responses,
// and decides what is malformed.
func readReply(body []byte) (*reply, error) {
	var answer reply
	if s := (scanner{rest: string(body), fits: true}); s.reply(&answer) {
		return &answer, nil
	}
	answer = reply{}
	return &answer, json.Unmarshal(body, &answer)
}

// scanner parses a JSON object of texts, whole numbers and truth values.
type scanner struct {
	rest string
	fits bool // no unusual part was found yet
}

// reply parses a whole response. It returns false if a part of it is unusual.
func (s *scanner) reply(r *reply) bool {
	s.expect('{')
	for first := true; s.fits && !s.next('}'); first = false {
		if !first {
			s.expect(',')
		}
		name := s.text()
		s.expect(':')
		switch name {
		case "response":
			r.Response = s.text()
		case "thinking":
			r.Thinking = s.text()
		case "done_reason":
			r.DoneReason = s.text()
		case "done":
			done := s.truth()
			r.Done = &done
		case "prompt_eval_count":
			r.PromptEvalCount = s.number()
		case "eval_count":
			r.EvalCount = s.number()
		case "model", "created_at", "remote_model", "remote_host":
			s.text()
		case "total_duration", "load_duration", "prompt_eval_duration", "eval_duration":
			s.number()
		default:
			s.fits = false
		}
	}
	s.blanks()
	return s.fits && s.rest == ""
}

func (s *scanner) blanks() {
	s.rest = strings.TrimLeft(s.rest, " \t\r\n")
}

// next reports whether the next character is c, and skips it.
func (s *scanner) next(c byte) bool {
	s.blanks()
	if s.rest == "" || s.rest[0] != c {
		return false
	}
	s.rest = s.rest[1:]
	return true
}

func (s *scanner) expect(c byte) {
	if !s.next(c) {
		s.fits = false
	}
}

// number parses a number without a sign, a fraction or an exponent.
func (s *scanner) number() int {
	s.blanks()
	digits := 0
	for digits < len(s.rest) && '0' <= s.rest[digits] && s.rest[digits] <= '9' {
		digits++
	}
	n, err := strconv.Atoi(s.rest[:digits])
	if err != nil || digits > 1 && s.rest[0] == '0' {
		s.fits = false
	}
	s.rest = s.rest[digits:]
	return n
}

func (s *scanner) truth() bool {
	s.blanks()
	var yes bool
	if s.rest, yes = strings.CutPrefix(s.rest, "true"); yes {
		return true
	}
	var no bool
	if s.rest, no = strings.CutPrefix(s.rest, "false"); !no {
		s.fits = false
	}
	return false
}

// text parses a text in quotation marks.
func (s *scanner) text() string {
	if s.expect('"'); !s.fits {
		return ""
	}
	end := strings.IndexByte(s.rest, '"')
	if end >= 0 && strings.IndexByte(s.rest[:end], '\\') < 0 {
		text := s.rest[:end]
		s.rest = s.rest[end+1:]
		s.fits = printable(text)
		return text
	}
	b := make([]byte, 0, len(s.rest))
	for {
		at := strings.IndexAny(s.rest, `"\`)
		if at < 0 || !printable(s.rest[:at]) {
			s.fits = false
			return ""
		}
		b = append(b, s.rest[:at]...)
		mark := s.rest[at]
		s.rest = s.rest[at+1:]
		if mark == '"' {
			return string(b)
		}
		if b = s.escape(b); !s.fits {
			return ""
		}
	}
}

// escape parses the rest of an escape, and appends its character.
func (s *scanner) escape(b []byte) []byte {
	if s.rest == "" {
		s.fits = false
		return b
	}
	c := s.rest[0]
	s.rest = s.rest[1:]
	if i := strings.IndexByte(`"\/bfnrt`, c); i >= 0 {
		return append(b, "\"\\/\b\f\n\r\t"[i])
	}
	if c != 'u' || len(s.rest) < 4 {
		s.fits = false
		return b
	}
	unit, err := strconv.ParseUint(s.rest[:4], 16, 16)
	if err != nil || utf16.IsSurrogate(rune(unit)) {
		s.fits = false
		return b
	}
	s.rest = s.rest[4:]
	return utf8.AppendRune(b, rune(unit))
}

// printable reports whether a text is valid inside a JSON string.
func printable(text string) bool {
	for i := range len(text) {
		if text[i] < ' ' {
			return false
		}
	}
	return utf8.ValidString(text)
}
