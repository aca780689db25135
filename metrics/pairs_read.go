package metrics

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// AnswerPair is one line of a file of pairs: an answer and the gold answer.
type AnswerPair struct {
	Pred, Gold string
}

// ReadPairs reads a file of pairs line by line, for statistics that [Pairs] does
// not count. It ends after the first error, which is a [LineError].
func ReadPairs(r io.Reader) iter.Seq2[AnswerPair, error] {
	return func(yield func(AnswerPair, error) bool) {
		in := bufio.NewReaderSize(r, blockSize)
		var scanner pairScanner
		for number := 1; ; number++ {
			text, err := readLine(in)
			end := errors.Is(err, io.EOF)
			var pair AnswerPair
			if line, _ := cutLine(text); err != nil && !end {
				yield(pair, &LineError{number, err})
				return
			} else if !blankJSON(line) {
				scanner.begin(len(line))
				if pair, err = scanner.read(line); err != nil {
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

// readAnyPair reads any JSON object with string members gold and pred. It ignores
// other members.
func readAnyPair(line []byte) (AnswerPair, error) {
	if !utf8.Valid(line) {
		return AnswerPair{}, ErrTagBytes
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(line, &members); err != nil {
		if _, other := err.(*json.UnmarshalTypeError); other {
			return AnswerPair{}, errors.New("want a JSON object with gold and pred")
		}
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
		return "", fmt.Errorf("member %q: %.80s: want a string", name, raw)
	}
	if s == nil {
		return "", fmt.Errorf("member %q: want a string, not null", name)
	}
	return *s, nil
}

// blankJSON reports whether a line has only JSON white space.
func blankJSON(line []byte) bool {
	return !slices.ContainsFunc(line, func(c byte) bool { return c != ' ' && c != '\t' && c != '\r' })
}

// pairScanner parses lines. The common form, an object of two strings, is parsed in
// one pass; encoding/json parses the rest and produces the errors. The methods
// return false for any other form, valid or not.
type pairScanner struct {
	text   []byte
	at     int
	memory []byte          // the current string
	kept   strings.Builder // all strings, joined
}

// begin allocates memory for lines of so many bytes in total.
func (s *pairScanner) begin(bytes int) {
	s.kept.Reset() // the strings keep the previous memory
	s.kept.Grow(bytes)
}

func (s *pairScanner) read(line []byte) (AnswerPair, error) {
	s.text, s.at = line, 0
	if pair, ok := s.object(); ok && utf8.Valid(line) {
		return pair, nil
	}
	return readAnyPair(line)
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
		if !s.string() {
			return pair, false
		}
		isPred := string(s.memory) == "pred"
		if !isPred && string(s.memory) != "gold" || !s.skip(':') || !s.string() {
			return pair, false
		}
		// Equal answers share memory, since most are equal.
		switch {
		case isPred && hasGold && string(s.memory) == pair.Gold:
			pair.Pred, hasPred = pair.Gold, true
		case isPred:
			pair.Pred, hasPred = s.keep(), true
		case hasPred && string(s.memory) == pair.Pred:
			pair.Gold, hasGold = pair.Pred, true
		default:
			pair.Gold, hasGold = s.keep(), true
		}
	}
	return pair, s.skip('}') && blankJSON(s.text[s.at:]) && hasPred && hasGold
}

// keep makes a string from the current one.
func (s *pairScanner) keep() string {
	from := s.kept.Len()
	s.kept.Write(s.memory)
	return s.kept.String()[from:]
}

// skip skips white space and one character.
func (s *pairScanner) skip(c byte) bool {
	for s.at < len(s.text) && (s.text[s.at] == ' ' || s.text[s.at] == '\t') {
		s.at++
	}
	if s.at == len(s.text) || s.text[s.at] != c {
		return false
	}
	s.at++
	return true
}

// string parses a JSON string into memory.
func (s *pairScanner) string() bool {
	if !s.skip('"') {
		return false
	}
	text, memory := s.text, s.memory[:0]
	from, at := s.at, s.at // from: start of the bytes not yet copied
	for {
		for at < len(text) && !endsRun[text[at]] {
			at++
		}
		if at == len(text) || text[at] < ' ' {
			return false
		}
		memory = append(memory, text[from:at]...)
		if text[at] == '"' {
			s.memory, s.at = memory, at+1
			return true
		}
		n := 0
		if memory, n = appendEscape(memory, text[at:]); n == 0 {
			return false
		}
		at += n
		from = at
	}
}

// endsRun are the bytes of a JSON string that need special treatment.
var endsRun = func() (ends [256]bool) {
	for c := range ends {
		ends[c] = c < ' ' || c == '"' || c == '\\'
	}
	return ends
}()

// appendEscape appends the value of the escape at the beginning of text; n is its
// length, 0 if there is none. Surrogates are left to encoding/json.
func appendEscape(memory, text []byte) (out []byte, n int) {
	if len(text) < 2 {
		return memory, 0
	}
	c := text[1]
	switch c {
	case '"', '\\', '/':
	case 'n':
		c = '\n'
	case 't':
		c = '\t'
	case 'r':
		c = '\r'
	case 'b':
		c = '\b'
	case 'f':
		c = '\f'
	case 'u':
		r, ok := hexRune(text[2:])
		if !ok {
			return memory, 0
		}
		return utf8.AppendRune(memory, r), 6
	default:
		return memory, 0
	}
	return append(memory, c), 2
}

// hexRune parses four hexadecimal digits that are one code point.
func hexRune(text []byte) (rune, bool) {
	if len(text) < 4 {
		return 0, false
	}
	v, err := strconv.ParseUint(string(text[:4]), 16, 16)
	return rune(v), err == nil && utf8.ValidRune(rune(v))
}
