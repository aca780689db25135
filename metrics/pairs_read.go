package metrics

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"unicode/utf8"
)

// AnswerPair is one line of a file of pairs: an answer and the gold answer.
type AnswerPair struct {
	Pred, Gold string
}

// ReadPairs reads a file of pairs line by line, for what [Pairs] does not count.
// It ends after the first error, which is a [LineError].
func ReadPairs(r io.Reader) iter.Seq2[AnswerPair, error] {
	return func(yield func(AnswerPair, error) bool) {
		in := bufio.NewReaderSize(r, blockSize)
		var memory []byte
		for number := 1; ; number++ {
			text, err := readLine(in)
			end := errors.Is(err, io.EOF)
			var pair AnswerPair
			if line, _ := cutLine(text); err != nil && !end {
				yield(pair, &LineError{number, err})
				return
			} else if !blankJSON(line) {
				if pair, memory, err = readPair(line, memory[:0]); err != nil {
					yield(pair, &LineError{number, err})
					return
				}
				if !yield(pair, nil) {
					return
				}
			}
			if end {
				return
			}
		}
	}
}

// readPair reads one line. What nearly every line looks like, an object of two
// strings, is read in one pass; encoding/json reads the rest, and words the
// errors. memory is scratch that is returned for the next line.
func readPair(line, memory []byte) (AnswerPair, []byte, error) {
	s := pairScanner{text: line, memory: memory}
	if pair, ok := s.object(); ok && utf8.Valid(line) {
		return pair, s.memory, nil
	}
	pair, err := readAnyPair(line)
	return pair, s.memory, err
}

// readAnyPair reads any JSON object with string members gold and pred. Other
// members are ignored.
func readAnyPair(line []byte) (AnswerPair, error) {
	if !utf8.Valid(line) {
		return AnswerPair{}, errors.New("not valid UTF-8")
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(line, &members); err != nil {
		return AnswerPair{}, fmt.Errorf("want a JSON object with gold and pred: %w", err)
	}
	gold, err := stringMember(members, "gold")
	if err != nil {
		return AnswerPair{}, err
	}
	pred, err := stringMember(members, "pred")
	return AnswerPair{Pred: pred, Gold: gold}, err
}

func stringMember(members map[string]json.RawMessage, name string) (string, error) {
	raw, ok := members[name]
	if !ok {
		return "", fmt.Errorf("member %q: missing", name)
	}
	var s *string
	if err := json.Unmarshal(raw, &s); err != nil {
		return "", fmt.Errorf("member %q: %w", name, err)
	}
	if s == nil {
		return "", fmt.Errorf("member %q: want a string, not null", name)
	}
	return *s, nil
}

// blankJSON reports whether a line holds only white space of JSON.
func blankJSON(line []byte) bool { return len(bytes.Trim(line, " \t\r")) == 0 }

// pairScanner reads the common form of a line. Its methods report false where
// the line is anything else, right or wrong.
type pairScanner struct {
	text   []byte
	at     int
	memory []byte
}

func (s *pairScanner) object() (pair AnswerPair, ok bool) {
	if !s.skip('{') {
		return pair, false
	}
	var hasPred, hasGold bool
	for member := range 2 {
		if member > 0 && !s.skip(',') {
			return pair, false
		}
		name, ok := s.string()
		if !ok || !s.skip(':') {
			return pair, false
		}
		isPred := string(name) == "pred"
		if !isPred && string(name) != "gold" {
			return pair, false
		}
		value, ok := s.string()
		if !ok {
			return pair, false
		}
		// Equal answers share their memory: most are equal.
		switch {
		case isPred && hasGold && string(value) == pair.Gold:
			pair.Pred, hasPred = pair.Gold, true
		case isPred:
			pair.Pred, hasPred = string(value), true
		case hasPred && string(value) == pair.Pred:
			pair.Gold, hasGold = pair.Pred, true
		default:
			pair.Gold, hasGold = string(value), true
		}
	}
	return pair, s.skip('}') && blankJSON(s.text[s.at:]) && hasPred && hasGold
}

// skip passes over white space and one character.
func (s *pairScanner) skip(c byte) bool {
	s.space()
	if s.at == len(s.text) || s.text[s.at] != c {
		return false
	}
	s.at++
	return true
}

func (s *pairScanner) space() {
	for s.at < len(s.text) && (s.text[s.at] == ' ' || s.text[s.at] == '\t') {
		s.at++
	}
}

// string reads a JSON string; what it returns is valid until the next call.
func (s *pairScanner) string() ([]byte, bool) {
	if !s.skip('"') {
		return nil, false
	}
	s.memory = s.memory[:0]
	from := s.at // begin of what was not yet copied
	for ; s.at < len(s.text); s.at++ {
		switch c := s.text[s.at]; {
		case c == '"':
			s.memory = append(s.memory, s.text[from:s.at]...)
			s.at++
			return s.memory, true
		case c < ' ':
			return nil, false
		case c == '\\':
			s.memory = append(s.memory, s.text[from:s.at]...)
			if !s.escape() {
				return nil, false
			}
			from = s.at + 1
		}
	}
	return nil, false
}

// escape reads the escape at the backslash, up to its last character.
// Surrogates are left to encoding/json.
func (s *pairScanner) escape() bool {
	s.at++
	if s.at == len(s.text) {
		return false
	}
	switch c := s.text[s.at]; c {
	case '"', '\\', '/':
		s.memory = append(s.memory, c)
	case 'n':
		s.memory = append(s.memory, '\n')
	case 't':
		s.memory = append(s.memory, '\t')
	case 'r':
		s.memory = append(s.memory, '\r')
	case 'b':
		s.memory = append(s.memory, '\b')
	case 'f':
		s.memory = append(s.memory, '\f')
	case 'u':
		r, ok := hexRune(s.text[s.at+1:])
		if !ok {
			return false
		}
		s.memory = utf8.AppendRune(s.memory, r)
		s.at += 4
	default:
		return false
	}
	return true
}

// hexRune reads four hexadecimal digits that are a code point of their own.
func hexRune(text []byte) (rune, bool) {
	if len(text) < 4 {
		return 0, false
	}
	var r rune
	for _, c := range text[:4] {
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
	return r, utf8.ValidRune(r)
}
