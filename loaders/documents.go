package loaders

import (
	"bytes"
	stdjson "encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"nerbench/datasets"
)

// readDocumentFiles reads the family documents (docs/spec/formats.md §2): JSON Lines
// of §5.1, or records whose fields the dataset file names, as JSON Lines or as one
// JSON array. Types are native labels or types of the dataset.
func readDocumentFiles(r *reading) error {
	if r.set.Fields == nil {
		return r.objects(r.documentLine)
	}
	f, err := newRecordForm(r)
	if err != nil {
		return err
	}
	names, err := r.files()
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := r.within(name, func(string) bool { return true }, f.file); err != nil {
			return err
		}
	}
	return nil
}

// recordForm reads records by the paths of their fields.
type recordForm struct {
	*block
	fields datasets.Fields
	names  *tagNames
	ids    map[string]bool

	records, id, text, tokens, tags, mentions fieldPath
	start, end, label, surface, sentence      fieldPath
	where, only                               []condition
	inclusive, inTokens, inBytes, inUTF16     bool
}

func newRecordForm(r *reading) (*recordForm, error) {
	f := &recordForm{fields: r.set.Fields.WithPreset(), ids: map[string]bool{}}
	scheme := f.fields.Scheme
	if scheme == "" {
		scheme = "iob2"
	}
	var err error
	if f.block, err = newBlock(r, scheme, ""); err != nil {
		return nil, err
	}
	f.names = &tagNames{dataset: r.dataset, fields: &f.fields}
	f.names.setNames(f.fields.Names)
	for _, p := range []struct {
		into *fieldPath
		from string
	}{
		{&f.records, f.fields.Records}, {&f.id, f.fields.ID}, {&f.text, f.fields.Text}, {&f.tokens, f.fields.Tokens},
		{&f.tags, f.fields.Tags}, {&f.mentions, f.fields.Mentions}, {&f.start, f.fields.Start}, {&f.end, f.fields.End},
		{&f.label, f.fields.Label}, {&f.surface, f.fields.Surface}, {&f.sentence, f.fields.Sentence},
	} {
		*p.into = newFieldPath(p.from)
	}
	f.where, f.only = conditions(f.fields.Where), conditions(f.fields.Only)
	f.inclusive = f.fields.Inclusive == "yes"
	f.inTokens, f.inBytes, f.inUTF16 = f.fields.Offsets == "tokens", f.fields.Offsets == "bytes", f.fields.Offsets == "utf-16"
	return f, nil
}

// condition selects records or mentions by a value.
type condition struct {
	path   fieldPath
	values []string
}

func conditions(values map[string]string) []condition {
	var all []condition
	for _, name := range slices.Sorted(maps.Keys(values)) {
		all = append(all, condition{newFieldPath(name), strings.Split(values[name], "|")})
	}
	return all
}

// holds reports whether all conditions hold. A value "*" stands for any value, an
// empty one for none.
func holds(conditions []condition, record any) bool {
	for _, c := range conditions {
		v, ok := c.path.find(record)
		text, plain := plainText(v.value)
		switch {
		case !ok && slices.Contains(c.values, ""), ok && slices.Contains(c.values, "*"), ok && plain && slices.Contains(c.values, text):
		default:
			return false
		}
	}
	return true
}

// file reads the records of a file: values one after the other, the elements of an
// array, or a list within a value.
func (f *recordForm) file(name string) error {
	in, err := f.openData(name)
	if err != nil {
		return err
	}
	defer in.Close()
	dec, err := f.decoder(&nulReader{in: in})
	if err != nil {
		return f.atLine(name, 0, err)
	}
	for {
		kind := dec.PeekKind()
		at := dec.InputOffset()
		if kind == 0 {
			if _, err := dec.token(); err != io.EOF {
				return f.atLine(name, at, noJSON(err))
			}
			return nil
		}
		if err := f.value(dec, name); err != nil {
			return err
		}
	}
}

// noJSON explains that a file is not JSON.
func noJSON(err error) error { return fmt.Errorf("expected JSON: %w", err) }

// value reads one value at the top of a file.
func (f *recordForm) value(dec decoder, name string) error {
	if dec.PeekKind() != '[' {
		return f.one(dec, name, true)
	}
	at := dec.InputOffset()
	if _, err := dec.token(); err != nil {
		return f.atLine(name, at, noJSON(err))
	}
	if dec.PeekKind() == '"' { // a record that is a list: ["text", {…}]
		record := []any{}
		for dec.more() {
			v, err := anyValue(dec)
			if err != nil {
				return f.atLine(name, at, noJSON(err))
			}
			record = append(record, v)
		}
		if _, err := dec.token(); err != nil {
			return f.atLine(name, at, noJSON(noEOF(err)))
		}
		return f.atLine(name, at, f.record(record))
	}
	for dec.more() {
		if err := f.one(dec, name, false); err != nil {
			return err
		}
	}
	if _, err := dec.token(); err != nil {
		return f.atLine(name, at, fmt.Errorf("the array is not closed: %w", noEOF(err)))
	}
	return nil
}

// one reads a record, or at the top of a file a value that contains the records.
func (f *recordForm) one(dec decoder, name string, top bool) error {
	at := dec.InputOffset()
	v, err := anyValue(dec)
	if err != nil {
		return f.atLine(name, at, noJSON(noEOF(err)))
	}
	if list, ok := f.records.find(v); ok && top {
		f.viewerNames(v)
		records, ok := list.value.([]any)
		if !ok {
			return f.atLine(name, at, fmt.Errorf("field %q: expected a list of records", f.records))
		}
		for i, record := range records {
			if err := f.record(record); err != nil {
				if err == errStopped {
					return err
				}
				return f.atLine(name, at, fmt.Errorf("record %d: %w", i, err))
			}
		}
		return nil
	}
	if top && f.records.used() && !f.records.optional {
		return f.atLine(name, at, fmt.Errorf("field %q: missing", f.records))
	}
	return f.atLine(name, at, f.record(v))
}

// anyValue reads one value; numbers keep their digits.
func anyValue(dec decoder) (v any, err error) {
	err = json.UnmarshalDecode(dec.Decoder, &v, lenient, json.WithUnmarshalers(json.UnmarshalFromFunc(func(dec *jsontext.Decoder, v *any) error {
		if dec.PeekKind() != '0' {
			return json.SkipFunc
		}
		number, err := dec.ReadValue()
		*v = stdjson.Number(number.Clone())
		return err
	})))
	return v, PlainJSON(err)
}

// atLine adds the file and the line of an offset to an error.
func (r *reading) atLine(name string, offset int64, err error) error {
	if err == nil || err == errStopped || r.ctx.Err() != nil {
		return err
	}
	line, failed := lineAt(r, name, offset)
	if failed != nil {
		return fmt.Errorf("%s: %w", r.shown(name), err)
	}
	return fmt.Errorf("%s:%d: %w", r.shown(name), line, err)
}

// lineAt is the line of the first value at or after an offset. It reads the file
// again, since only errors need it.
func lineAt(r *reading, name string, offset int64) (int, error) {
	in, err := open(r.data, name)
	if err != nil {
		return 0, err
	}
	defer in.Close()
	line := 1
	buffer := make([]byte, 1<<16)
	for {
		n, err := in.Read(buffer)
		before := min(int64(n), max(offset, 0))
		line += bytes.Count(buffer[:before], []byte("\n"))
		offset -= before
		for _, c := range buffer[before:n] {
			switch c {
			case '\n':
				line++
			case ' ', '\t', '\r', ',':
			default:
				return line, nil
			}
		}
		if err != nil {
			return line, nil
		}
	}
}

// record makes a document of a record.
func (f *recordForm) record(v any) error {
	if !holds(f.where, v) || v == nil {
		f.unended = 0
		f.tally.Repairs["records_left_out"]++
		return nil
	}
	id, err := f.ofID(v)
	if err != nil {
		return err
	}
	list, hasMentions := f.mentions.find(v)
	if tags, ok := f.tags.find(v); ok && !hasMentions {
		return f.tagged(v, tags.value, id)
	}
	d, firsts, err := f.document(v)
	if err != nil {
		return err
	}
	d.ID = id
	switch {
	case hasMentions:
	case !f.mentions.optional || f.tags.used():
		return fmt.Errorf("field %q: missing: the record has no mentions, not even an empty list", f.either())
	default:
		f.tally.Repairs["records_without_mentions"]++
	}
	f.otherAnnotations(v)
	mentions, err := mentionList(list.value)
	if err != nil {
		return fmt.Errorf("field %q: %w", f.mentions, err)
	}
	var all []placed
	for i, m := range mentions {
		if all, err = f.mention(all, m, d, firsts); err != nil {
			return fmt.Errorf("mention %d: %w", i, err)
		}
	}
	spans, err := f.placeBy(f.labelOrType, d.Text, all, f.rulers(d.Text)...)
	if err != nil {
		return err
	}
	return f.emit(d, spans)
}

// either names the fields with the gold.
func (f *recordForm) either() string {
	if !f.tags.used() {
		return f.mentions.String()
	}
	return strings.Trim(f.mentions.String()+"|"+f.tags.String(), "|")
}

// ofID is the id of a record, which occurs once; empty if it has none.
func (f *recordForm) ofID(v any) (string, error) {
	if !f.id.used() {
		return "", nil
	}
	value, ok := f.id.find(v)
	if !ok && f.id.optional {
		return "", nil
	}
	id, plain := plainText(value.value)
	if !ok || !plain {
		return "", fmt.Errorf("field %q: expected a string or a number", f.id)
	}
	if f.ids[id] {
		return "", fmt.Errorf("id %q occurs twice: records need unique ids; without fields.id they are numbered", id)
	}
	f.ids[id] = true
	return id, nil
}

func notObject(v any) bool {
	_, ok := v.(map[string]any)
	return !ok
}

// rulers are the possible units of offsets. Code points that do not fit the own
// texts of mentions may be UTF-16 code units.
func (f *recordForm) rulers(text string) []*ruler {
	switch {
	case f.inTokens, f.inBytes:
		return []*ruler{inBytes(text)} // tokens are converted to bytes
	case f.inUTF16:
		u := inUTF16(text)
		u.counter = ""
		return []*ruler{u}
	case f.surface.used() && !isBasic(text):
		return []*ruler{inPoints(text), inUTF16(text)}
	}
	return []*ruler{inPoints(text)}
}
