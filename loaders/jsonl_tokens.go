package loaders

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// readJSONLTokens reads the family jsonl-tokens (docs/spec/formats.md §2): one
// object per line, with a list of tokens and a list of as many tags, strings or
// numbers. The set's fields name the members, define the numbers, and select
// records; other records are counted (records_left_out).
func readJSONLTokens(r *reading) error {
	tags, err := r.newTagNames()
	if err != nil {
		return err
	}
	b, err := newBlock(r, schemeOf(r), "")
	if err != nil {
		return err
	}
	t := &taggedRecords{block: b, names: tags}
	return r.objects(t.line)
}

// schemeOf is the tag scheme of a set with fields.
func schemeOf(r *reading) string {
	if s := r.set.Fields.Scheme; s != "" {
		return s
	}
	return "iob2"
}

// taggedRecords makes documents of records that hold tokens and tags.
type taggedRecords struct {
	*block
	names *tagNames

	in    bytes.Reader
	dec   *jsontext.Decoder
	met   []string // fields of the record
	left  bool     // the record is not in the set
	words packedStrings
	texts packedStrings
	ids   []int
}

// packedStrings are strings in one buffer, which is reused.
type packedStrings struct {
	bytes []byte
	ends  []int
}

func (p *packedStrings) reset() { p.bytes, p.ends = p.bytes[:0], p.ends[:0] }

func (p *packedStrings) len() int { return len(p.ends) }

func (p *packedStrings) add(b []byte) {
	p.bytes = append(p.bytes, b...)
	p.ends = append(p.ends, len(p.bytes))
}

func (p *packedStrings) at(i int) []byte {
	if i == 0 {
		return p.bytes[:p.ends[0]]
	}
	return p.bytes[p.ends[i-1]:p.ends[i]]
}

func (t *taggedRecords) reset() {
	t.met, t.left = t.met[:0], false
	t.words.reset()
	t.texts.reset()
	t.ids = t.ids[:0]
}

func (t *taggedRecords) line(line []byte) error {
	t.reset()
	t.in.Reset(line)
	if t.dec == nil {
		t.dec = jsontext.NewDecoder(&t.in, lenient)
	} else {
		t.dec.Reset(&t.in, lenient)
	}
	if err := t.object(); err != nil {
		return fmt.Errorf("expected an object with %q and %q: %w", t.set.Fields.Tokens, t.set.Fields.Tags, PlainJSON(err))
	}
	f := t.set.Fields
	for _, name := range f.Require {
		if !slices.Contains(t.met, name) {
			return fmt.Errorf("field %q: missing: the file is not in the format of set %s, whose tag numbers may differ", name, t.set.Name)
		}
	}
	for name := range f.Where {
		if !slices.Contains(t.met, name) {
			return fmt.Errorf("field %q: missing", name)
		}
	}
	if t.left {
		t.tally.Repairs["records_left_out"]++
		return nil
	}
	for _, name := range []string{f.Tokens, f.Tags} {
		if !slices.Contains(t.met, name) {
			return fmt.Errorf("field %q: missing", name)
		}
	}
	return t.tagged()
}

// object reads the relevant fields of a record.
func (t *taggedRecords) object() error {
	if kind := t.dec.PeekKind(); kind != '{' {
		if _, err := t.dec.ReadToken(); err != nil {
			return err
		}
		return fmt.Errorf("%v is not an object", kind)
	}
	if _, err := t.dec.ReadToken(); err != nil {
		return err
	}
	f := t.set.Fields
	for t.dec.PeekKind() == '"' {
		key, err := t.dec.ReadToken()
		if err != nil {
			return err
		}
		name := key.String()
		t.met = append(t.met, name)
		want, limited := f.Where[name]
		switch {
		case name == f.Tokens:
			err = t.list(name, &t.words, nil)
		case name == f.Tags:
			err = t.list(name, &t.texts, &t.ids)
		case limited:
			err = t.limit(name, want)
		default:
			err = t.dec.SkipValue()
		}
		if err != nil {
			return err
		}
	}
	if _, err := t.dec.ReadToken(); err != nil { // the end of the object
		return err
	}
	if _, err := t.dec.ReadToken(); err != io.EOF {
		return errors.Join(errors.New("expected nothing after the object"), err)
	}
	return nil
}

// limit leaves the record out unless a field has one of the selected values.
func (t *taggedRecords) limit(name, want string) error {
	value, err := t.dec.ReadToken()
	if err != nil {
		return err
	}
	if value.Kind() != '"' {
		return fmt.Errorf("field %q: expected a string", name)
	}
	t.left = t.left || value.String() != want
	return nil
}

// list reads a list of strings or, if numbers are permitted, of numbers.
func (t *taggedRecords) list(name string, strings *packedStrings, numbers *[]int) error {
	strings.reset()
	if begin, err := t.dec.ReadToken(); err != nil {
		return err
	} else if begin.Kind() != '[' {
		return fmt.Errorf("field %q: expected a list", name)
	}
	for {
		value, err := t.dec.ReadValue()
		switch {
		case err != nil && t.dec.PeekKind() == ']':
			_, err := t.dec.ReadToken()
			return err
		case err != nil:
			return err
		case value.Kind() == '"':
			if strings.bytes, err = jsontext.AppendUnquote(strings.bytes, value); err != nil {
				return err
			}
			strings.ends = append(strings.ends, len(strings.bytes))
		case value.Kind() == '0' && numbers != nil:
			n, err := strconv.Atoi(string(value))
			if err != nil {
				return fmt.Errorf("field %q: %s: expected a whole number", name, value)
			}
			*numbers = append(*numbers, n)
		default:
			return fmt.Errorf("field %q: %s: expected strings%s", name, value, map[bool]string{true: " or numbers"}[numbers != nil])
		}
	}
}

// tagged makes a document from the lists of a record.
func (t *taggedRecords) tagged() error {
	if t.words.len() != len(t.ids)+t.texts.len() {
		return fmt.Errorf("%d tokens, %d tags: expected equal numbers", t.words.len(), len(t.ids)+t.texts.len())
	}
	if t.words.len() == 0 {
		t.tally.Repairs["records_without_tokens"]++
		return nil
	}
	for i := range t.words.len() {
		tag, err := t.tagOf(i)
		if err == nil {
			err = t.token(t.words.at(i), tag)
		}
		if err != nil {
			return fmt.Errorf("token %d: %w", i, err)
		}
	}
	return t.end()
}

func (t *taggedRecords) tagOf(i int) ([]byte, error) {
	if len(t.ids) > 0 {
		return t.names.ofNumber(t.ids[i])
	}
	return t.names.ofText(t.texts.at(i))
}
