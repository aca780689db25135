package loaders

import (
	"bufio"
	"bytes"
	stdjson "encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// lenient are the options of all JSON. A duplicate name in an object is not an
// error, since some corpora have them. Invalid UTF-8 is an error.
var lenient = jsontext.AllowDuplicateNames(true)

// unmarshal reads one JSON value.
func unmarshal(b []byte, into any) error { return PlainJSON(json.Unmarshal(b, into, lenient)) }

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
	return PlainJSON(json.UnmarshalDecode(d.Decoder, into, lenient))
}

// token reads one token and returns its kind.
func (d decoder) token() (jsontext.Token, error) {
	t, err := d.ReadToken()
	return t, PlainJSON(err)
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

// PlainJSON returns an error of a JSON decoder in words of the file, without the names
// of the decoder and of Go's types.
func PlainJSON(err error) error {
	if syntax, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		if errors.Is(err, io.ErrUnexpectedEOF) {
			return fmt.Errorf("unexpected end: %w", io.ErrUnexpectedEOF)
		}
		return fmt.Errorf("byte %d: %w", syntax.ByteOffset, syntax.Err)
	}
	if other, ok := errors.AsType[*json.SemanticError](err); ok {
		if other.Err != nil && !errors.Is(other.Err, strconv.ErrSyntax) && !errors.Is(other.Err, strconv.ErrRange) {
			if _, same := other.Err.(*json.SemanticError); !same {
				return other.Err
			}
			return PlainJSON(other.Err)
		}
		if other.GoType == nil || other.JSONKind == 0 {
			return err
		}
		found := kindName(other.JSONKind)
		if other.JSONKind == '0' && len(other.JSONValue) > 0 {
			found = fmt.Sprintf("the number %s", other.JSONValue)
		}
		return fmt.Errorf("%sfound %s, expected %s", fieldAt(string(other.JSONPointer)), found, typeName(other.GoType))
	}
	if other, ok := errors.AsType[*stdjson.UnmarshalTypeError](err); ok {
		where := ""
		if other.Field != "" {
			where = fmt.Sprintf("field %q: ", other.Field)
		}
		kind, value, _ := strings.Cut(other.Value, " ")
		found := stdKinds[kind]
		if value != "" {
			found = "the " + kind + " " + value
		}
		return fmt.Errorf("%sfound %s, expected %s", where, found, typeName(other.Type))
	}
	return err
}

// fieldAt names the field of a JSON pointer, without the numbers of elements.
func fieldAt(pointer string) string {
	var names []string
	for name := range strings.SplitSeq(pointer, "/") {
		if _, err := strconv.Atoi(name); err != nil && name != "" {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return ""
	}
	return fmt.Sprintf("field %q: ", strings.Join(names, "."))
}

// stdKinds are the kinds of values in errors of encoding/json.
var stdKinds = map[string]string{"string": "a string", "number": "a number", "object": "an object", "array": "a list", "bool": "true or false"}

func kindName(k jsontext.Kind) string {
	switch k {
	case '"':
		return "a string"
	case '0':
		return "a number"
	case '{':
		return "an object"
	case '[':
		return "a list"
	case 't', 'f':
		return "true or false"
	}
	return k.String()
}

// typeName is the form of a value that is read into a type.
func typeName(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Pointer:
		return typeName(t.Elem())
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "true or false"
	case reflect.Float32, reflect.Float64:
		return "a finite number"
	case reflect.Slice, reflect.Array:
		return "a list"
	case reflect.Struct, reflect.Map:
		return "an object"
	}
	return "a whole number"
}
