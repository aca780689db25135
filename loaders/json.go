package loaders

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// decoder reads JSON from a file. A byte order mark before it is cut off and
// counted. Bytes that are not UTF-8 stop it: the standard library's decoder would
// read them as replacement characters.
func (r *reading) decoder(file io.Reader) (*json.Decoder, error) {
	in := bufio.NewReaderSize(file, 1<<16)
	head, err := in.Peek(len(bom))
	if err != nil && err != io.EOF {
		return nil, err
	}
	if bytes.Equal(head, bom) {
		r.tally.Repairs["bom"]++
		if _, err := in.Discard(len(bom)); err != nil {
			return nil, err
		}
	}
	return json.NewDecoder(&utf8Reader{in: in}), nil
}

// jsonEnd checks that nothing stands behind the value that was read.
func jsonEnd(dec *json.Decoder) error {
	switch t, err := dec.Token(); {
	case err == io.EOF:
		return nil
	case err != nil:
		return fmt.Errorf("behind the end: %w", err)
	default:
		return fmt.Errorf("behind the end: %v, expected nothing", t)
	}
}

// utf8Reader hands on bytes that are UTF-8, and fails at the first that are not.
type utf8Reader struct {
	in      io.Reader
	pending []byte // the beginning of a code point, handed on before its end came
	broken  bool
}

// Read implements [io.Reader]. What failed once fails ever after: the decoder
// drops errors that come with bytes.
func (u *utf8Reader) Read(p []byte) (int, error) {
	if u.broken {
		return 0, errUTF8
	}
	n, err := u.read(p)
	u.broken = err == errUTF8
	return n, err
}

func (u *utf8Reader) read(p []byte) (int, error) {
	n, err := u.in.Read(p)
	rest := p[:n]
	for len(u.pending) > 0 && len(rest) > 0 && !utf8.FullRune(u.pending) {
		u.pending, rest = append(u.pending, rest[0]), rest[1:]
	}
	if utf8.FullRune(u.pending) {
		if !utf8.Valid(u.pending) {
			return 0, errUTF8
		}
		u.pending = u.pending[:0]
	}
	if !utf8.Valid(rest) {
		valid := validPrefix(rest)
		if utf8.FullRune(rest[valid:]) {
			return n - len(rest) + valid, errUTF8
		}
		u.pending = append(u.pending, rest[valid:]...)
	}
	if errors.Is(err, io.EOF) && len(u.pending) > 0 {
		return n, errUTF8
	}
	return n, err
}

// validPrefix is the length of what is UTF-8 at the beginning.
func validPrefix(b []byte) int {
	at := 0
	for at < len(b) {
		c, size := utf8.DecodeRune(b[at:])
		if c == utf8.RuneError && size <= 1 {
			break
		}
		at += size
	}
	return at
}
