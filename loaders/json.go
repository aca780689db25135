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

// lenient are the options of all JSON: a name that stands twice in an object is no
// fault of a corpus. Bytes that are not UTF-8 are; the decoder stops at them.
var lenient = jsontext.AllowDuplicateNames(true)

// unmarshal reads one JSON value.
func unmarshal(b []byte, into any) error { return plainJSON(json.Unmarshal(b, into, lenient)) }

// decoder reads JSON from a file, value by value.
type decoder struct{ *jsontext.Decoder }

// decoder begins to read a file. A byte order mark before it is cut off and
// counted.
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

// token reads one token and says of which kind it is.
func (d decoder) token() (jsontext.Token, error) {
	t, err := d.ReadToken()
	return t, plainJSON(err)
}

// more reports whether the array or object at hand goes on. At the end of the
// file it does, so that what reads on finds out.
func (d decoder) more() bool {
	kind := d.PeekKind()
	return kind != ']' && kind != '}'
}

// end checks that nothing stands behind the value that was read.
func (d decoder) end() error {
	switch t, err := d.token(); {
	case err == io.EOF:
		return nil
	case err != nil:
		return fmt.Errorf("behind the end: %w", err)
	default:
		return fmt.Errorf("behind the end: %v, expected nothing", t)
	}
}

// plainJSON is an error of the decoder without its own name.
func plainJSON(err error) error {
	syntax, ok := errors.AsType[*jsontext.SyntacticError](err)
	if !ok {
		return err
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("it ends too early: %w", io.ErrUnexpectedEOF)
	}
	return fmt.Errorf("byte %d: %w", syntax.ByteOffset, syntax.Err)
}
