package loaders

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// xmlScanner reads XML as a stream of tags and text. It supports only the features
// that the corpora need, and is several times as fast as encoding/xml. It resolves
// numeric references and the five entities of XML, skips comments, instructions and
// DOCTYPE, loads no external files, and checks the nesting of elements.
type xmlScanner struct {
	in    *bufio.Reader
	line  int      // current line, from 1
	open  []string // open elements
	names map[string]string
	// unpaired are elements whose tags need not match; nil if all must match.
	unpaired string

	kind xmlKind
	name string // name of a tag
	raw  []byte // text between tags, or the attributes of a tag; until the next call
	text []byte // text, resolved

	closing bool // the end of <x/> is pending
}

// xmlKind is the kind of an event.
type xmlKind int

const (
	xmlEOF xmlKind = iota
	xmlStart
	xmlEnd
	xmlText
)

func newXMLScanner(in io.Reader) *xmlScanner {
	return &xmlScanner{in: bufio.NewReaderSize(in, 1<<16), line: 1, names: map[string]string{}}
}

// next reads the next tag or text.
func (s *xmlScanner) next() error {
	if s.closing {
		s.closing = false
		return s.end(s.name)
	}
	for {
		s.text = s.text[:0]
		err := s.until('<')
		if len(s.raw) > 0 || err != nil {
			if err == io.EOF {
				return s.finish()
			}
			if err != nil {
				return err
			}
			s.kind = xmlText
			if s.raw, err = characters(s.raw); err != nil {
				return err
			}
			if err := s.inside(); err != nil {
				return err
			}
			if s.text, err = unescape(s.text, s.raw); err != nil {
				return err
			}
			return s.in.UnreadByte()
		}
		met, err := s.tag()
		if met || err != nil {
			return err
		}
	}
}

// inside rejects text outside all elements.
func (s *xmlScanner) inside() error {
	if len(s.open) == 0 && len(bytes.TrimSpace(s.raw)) > 0 {
		return fmt.Errorf("%.20q: text outside all elements", s.raw)
	}
	return nil
}

// characters checks that bytes are characters of XML, and replaces line ends by
// line feeds (XML 1.0, 2.2 and 2.11). It changes the bytes in place.
func characters(raw []byte) ([]byte, error) {
	if !utf8.Valid(raw) {
		return nil, errUTF8
	}
	returns := false
	for _, c := range raw {
		if c >= ' ' || c == '\n' || c == '\t' {
			continue
		}
		if c != '\r' {
			return nil, fmt.Errorf("the control character U+%04X is not permitted in XML", c)
		}
		returns = true
	}
	if !returns {
		return raw, nil
	}
	kept := raw[:0]
	for i, c := range raw {
		switch {
		case c != '\r':
			kept = append(kept, c)
		case i+1 == len(raw) || raw[i+1] != '\n':
			kept = append(kept, '\n')
		}
	}
	return kept, nil
}

// until reads text up to and including a byte.
func (s *xmlScanner) until(c byte) error {
	s.raw = s.raw[:0]
	return s.more(c)
}

// more appends text up to and including a byte.
func (s *xmlScanner) more(c byte) error {
	for {
		part, err := s.in.ReadSlice(c)
		s.line += bytes.Count(part, []byte("\n"))
		s.raw = append(s.raw, part...)
		if len(s.raw) > longestLine {
			return fmt.Errorf("more than %d MiB without %q", longestLine>>20, c)
		}
		if err == bufio.ErrBufferFull {
			continue
		}
		if err == nil {
			s.raw = s.raw[:len(s.raw)-1]
		}
		return err
	}
}

// finish handles the end of the file.
func (s *xmlScanner) finish() error {
	if len(s.open) > 0 {
		return fmt.Errorf("the file ends within <%s>", s.open[len(s.open)-1])
	}
	if len(bytes.TrimSpace(s.raw)) > 0 {
		return errors.New("the file ends with text")
	}
	s.kind = xmlEOF
	return nil
}

// tag reads the text after "<"; met is false if the scanner skips it.
func (s *xmlScanner) tag() (met bool, err error) {
	head, err := s.in.Peek(8)
	switch {
	case len(head) > 0 && head[0] != '!' && head[0] != '?':
		return true, s.element()
	case bytes.HasPrefix(head, []byte("!--")):
		return false, s.past("!--", "-->")
	case bytes.HasPrefix(head, []byte("![CDATA[")):
		if err := s.past("![CDATA[", "]]>"); err != nil {
			return false, err
		}
		if s.raw, err = characters(s.raw); err != nil {
			return false, err
		}
		s.kind, s.text = xmlText, append(s.text, s.raw...)
		return true, s.inside()
	case bytes.HasPrefix(head, []byte("?")):
		if err := s.past("?", "?>"); err != nil {
			return false, err
		}
		return false, s.declaration()
	case bytes.HasPrefix(head, []byte("!")):
		return false, s.doctype()
	}
	return false, fmt.Errorf("the file ends within a tag: %w", noEOF(err))
}

// element reads a start or end tag.
func (s *xmlScanner) element() (err error) {
	if err := s.attributes(); err != nil {
		return err
	}
	if s.raw, err = characters(s.raw); err != nil {
		return err
	}
	if rest, ok := bytes.CutPrefix(s.raw, []byte("/")); ok {
		return s.end(s.interned(bytes.TrimSpace(rest)))
	}
	body, alone := bytes.CutSuffix(s.raw, []byte("/"))
	i := bytes.IndexAny(body, " \t\r\n")
	if i < 0 {
		i = len(body)
	}
	if i == 0 {
		return fmt.Errorf("%.40q is not a tag", body)
	}
	if bytes.IndexByte(body, '&') >= 0 {
		if _, err := unescape(nil, body); err != nil {
			return err
		}
	}
	s.name, s.raw = s.interned(body[:i]), body[i:]
	s.kind, s.closing = xmlStart, alone
	if s.name != s.unpaired {
		s.open = append(s.open, s.name)
	}
	return nil
}

// interned returns a name as a string; it reuses strings, since there are few names
// and many tags.
func (s *xmlScanner) interned(name []byte) string {
	known, ok := s.names[string(name)]
	if !ok {
		known = string(name)
		s.names[known] = known
	}
	return known
}

// attributes reads a tag up to its ">". A quoted value may contain ">", too.
func (s *xmlScanner) attributes() error {
	s.raw = s.raw[:0]
	quote := byte(0)
	for {
		from := len(s.raw)
		if err := s.more('>'); err != nil {
			return fmt.Errorf("the file ends within a tag: %w", noEOF(err))
		}
		for _, c := range s.raw[from:] {
			switch {
			case quote != 0:
				if c == quote {
					quote = 0
				}
			case c == '"' || c == '\'':
				quote = c
			case c == '<':
				return fmt.Errorf("a tag inside the tag <%.40s", s.raw)
			}
		}
		if quote == 0 {
			return nil
		}
		s.raw = append(s.raw, '>')
	}
}

// past reads up to a string, and puts the text before it into raw.
func (s *xmlScanner) past(begin, end string) error {
	if _, err := s.in.Discard(len(begin)); err != nil {
		return err
	}
	var all []byte
	for {
		if err := s.until('>'); err != nil {
			return fmt.Errorf("<%s is not closed: %w", begin, noEOF(err))
		}
		all = append(append(all, s.raw...), '>')
		if len(all) > longestLine {
			return fmt.Errorf("<%s is not closed within %d MiB", begin, longestLine>>20)
		}
		if body, ok := bytes.CutSuffix(all, []byte(end)); ok {
			s.raw = body
			return nil
		}
	}
}

// doctype skips <!DOCTYPE …> with its declarations, in which quoted values and
// comments may contain any character.
func (s *xmlScanner) doctype() error {
	if name, _ := s.in.Peek(2); len(name) == 2 && !isLetter(name[1]) {
		return fmt.Errorf("<%s is not a declaration", name)
	}
	depth, quote := 0, byte(0)
	for {
		c, err := s.in.ReadByte()
		if err != nil {
			return fmt.Errorf("<! is not closed: %w", noEOF(err))
		}
		switch {
		case c == '\n':
			s.line++
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '<':
			if comment, _ := s.in.Peek(3); string(comment) == "!--" {
				if err := s.past("!--", "-->"); err != nil {
					return err
				}
				continue
			}
			depth++
		case c == '>':
			if depth == 0 {
				return nil
			}
			depth--
		}
	}
}

func isLetter(c byte) bool { return 'a' <= c|' ' && c|' ' <= 'z' }

// declaration rejects encodings other than UTF-8.
func (s *xmlScanner) declaration() error {
	value, ok := attribute(s.raw, "encoding")
	target := s.raw
	if i := bytes.IndexAny(target, " \t\r\n"); i >= 0 {
		target = target[:i]
	}
	if string(target) != "xml" || !ok {
		return nil
	}
	switch strings.ToLower(value) {
	case "utf-8", "us-ascii", "ascii":
		return nil
	}
	return fmt.Errorf("the file says that its encoding is %s: convert it to UTF-8", value)
}

func (s *xmlScanner) end(name string) error {
	s.kind, s.name = xmlEnd, name
	if name == s.unpaired {
		return nil
	}
	if len(s.open) == 0 || s.open[len(s.open)-1] != name {
		where := "no element is open"
		if len(s.open) > 0 {
			where = fmt.Sprintf("<%s> is open", s.open[len(s.open)-1])
		}
		return fmt.Errorf("</%s>: %s", name, where)
	}
	s.open = s.open[:len(s.open)-1]
	return nil
}

// attr is the value of an attribute of the current tag; empty if there is none.
func (s *xmlScanner) attr(name string) string {
	v, _ := attribute(s.raw, name)
	return v
}

// attribute finds name="value" or name='value', and resolves the value.
func attribute(raw []byte, name string) (string, bool) {
	for rest := raw; ; {
		rest = bytes.TrimLeft(rest, " \t\r\n")
		key, after, ok := bytes.Cut(rest, []byte("="))
		if !ok {
			return "", false
		}
		after = bytes.TrimLeft(after, " \t\r\n")
		if len(after) == 0 {
			return "", false
		}
		value, more, ok := bytes.Cut(after[1:], after[:1])
		if !ok {
			return "", false
		}
		fields := bytes.Fields(key)
		if len(fields) > 0 && string(fields[len(fields)-1]) == name {
			text, err := unescape(nil, value)
			return string(text), err == nil
		}
		rest = more
	}
}

// unescape appends text with its references resolved.
func unescape(to, text []byte) ([]byte, error) {
	for {
		i := bytes.IndexByte(text, '&')
		if i < 0 {
			return append(to, text...), nil
		}
		to = append(to, text[:i]...)
		name, rest, ok := bytes.Cut(text[i+1:], []byte(";"))
		r, known := entity(string(name))
		if !ok || !known {
			return to, fmt.Errorf("unknown reference %.20q", text[i:])
		}
		to = utf8.AppendRune(to, r)
		text = rest
	}
}

func entity(name string) (rune, bool) {
	switch name {
	case "lt":
		return '<', true
	case "gt":
		return '>', true
	case "amp":
		return '&', true
	case "quot":
		return '"', true
	case "apos":
		return '\'', true
	}
	digits, ok := strings.CutPrefix(name, "#")
	if !ok {
		return 0, false
	}
	base := 10
	if hex, ok := strings.CutPrefix(digits, "x"); ok {
		digits, base = hex, 16
	}
	n, err := strconv.ParseUint(digits, base, 32)
	return rune(n), err == nil && utf8.ValidRune(rune(n)) && n > 0 && n <= utf8.MaxRune
}

// noEOF returns an error that is not mistaken for the end of a file.
func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// eachXML scans a file and calls f for each event. Errors name file and line.
func (r *reading) eachXML(name string, f func(s *xmlScanner) error) error {
	file, err := r.openData(name)
	if err != nil {
		return err
	}
	defer file.Close()
	in := bufio.NewReader(file)
	if head, err := in.Peek(len(bom)); err == nil && bytes.Equal(head, bom) {
		r.tally.Repairs["bom"]++
		if _, err := in.Discard(len(bom)); err != nil {
			return err
		}
	}
	s := newXMLScanner(in)
	met := false
	for {
		err := s.next()
		if err == nil && s.kind == xmlEOF {
			if !met {
				return fmt.Errorf("%s: contains no element", r.shown(name))
			}
			return nil
		}
		met = true
		if err == nil {
			err = f(s)
		}
		if err == errStopped || r.ctx.Err() != nil {
			return err
		}
		if err != nil {
			return fmt.Errorf("%s:%d: %w", r.shown(name), s.line, err)
		}
	}
}
