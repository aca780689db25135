package loaders

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// lenient are the options of all JSON. A duplicate name in an object is not an
// error, since some corpora have them. Invalid UTF-8 is an error.
var lenient = jsontext.AllowDuplicateNames(true)

// unmarshal reads one JSON value.
func unmarshal(b []byte, into any) error { return plainJSON(json.Unmarshal(b, into, lenient)) }

// decoder reads JSON from a file, value by value.
type decoder struct{ *jsontext.Decoder }

// decoder begins to read a file. It removes and counts a byte order mark.
func (r *reading) decoder(file io.Reader) (decoder, error) {
	in := bufio.NewReaderSize(file, 1<<16)
	head, err := in.Peek(len(bom))
	if err != nil && err != io.EOF {
		return decoder{}, err
	}
	if bytes.Equal(head, bom) {
		r.tally.Repairs["bom"]++
		if _, err := in.Discard(len(bom)); err != nil {
			return decoder{}, err
		}
	}
	return decoder{jsontext.NewDecoder(in, lenient)}, nil
}

// value reads one value.
func (d decoder) value(into any) error {
	return plainJSON(json.UnmarshalDecode(d.Decoder, into, lenient))
}

// token reads one token and returns its kind.
func (d decoder) token() (jsontext.Token, error) {
	t, err := d.ReadToken()
	return t, plainJSON(err)
}

// more reports whether the current array or object continues. At the end of the
// file it returns true, so that the next read returns the error.
func (d decoder) more() bool {
	kind := d.PeekKind()
	return kind != ']' && kind != '}'
}

// end checks that nothing follows the value.
func (d decoder) end() error {
	switch t, err := d.token(); {
	case err == io.EOF:
		return nil
	case err != nil:
		return fmt.Errorf("after the end: %w", err)
	default:
		return fmt.Errorf("after the end: %v, expected nothing", t)
	}
}

// plainJSON returns an error of the decoder without the decoder's name.
func plainJSON(err error) error {
	syntax, ok := errors.AsType[*jsontext.SyntacticError](err)
	if !ok {
		return err
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("unexpected end: %w", io.ErrUnexpectedEOF)
	}
	return fmt.Errorf("byte %d: %w", syntax.ByteOffset, syntax.Err)
}
