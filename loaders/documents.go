package loaders

import (
	"bytes"
	stdjson "encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"nerbench/datasets"
	"nerbench/ner"
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

// viewerNames takes the names of tags from the features of the Hugging Face dataset
// viewer, unless the dataset file has names.
func (f *recordForm) viewerNames(v any) {
	file, _ := v.(map[string]any)
	features, _ := file["features"].([]any)
	for _, feature := range features {
		of, _ := feature.(map[string]any)
		name, _ := of["name"].(string)
		if len(f.names.byID) > 0 || !slices.ContainsFunc(f.tags.alternatives, func(p []string) bool { return len(p) == 1 && p[0] == name }) {
			continue
		}
		if raw, err := stdjson.Marshal(of["type"]); err == nil {
			f.names.setNames(namesWithin(raw))
		}
	}
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

// otherAnnotations counts the annotations that a position in the path of mentions
// does not select, such as those of other annotators.
func (f *recordForm) otherAnnotations(v any) {
	for _, names := range f.mentions.alternatives {
		if _, ok := walk(found{value: v}, names); !ok {
			continue
		}
		for i, name := range names {
			at, ok := walk(found{value: v}, names[:i])
			if list, isList := at.value.([]any); ok && isList && len(list) > 1 && name != "*" && !slices.ContainsFunc(list, notObject) {
				f.tally.Repairs["other_annotations"] += len(list) - 1
			}
		}
		return
	}
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

// document makes the text and the tokens of a record. firsts are the numbers of the
// first tokens of its sentences.
func (f *recordForm) document(v any) (d *ner.Document, firsts []int, err error) {
	tokens, hasTokens := f.tokens.find(v)
	text, hasText := f.text.find(v)
	var words []string
	var ranges []any
	if hasTokens {
		if words, ranges, firsts, err = tokenList(tokens.value); err != nil {
			return nil, nil, fmt.Errorf("field %q: %w", f.tokens, err)
		}
	} else if f.tokens.used() && !f.tokens.optional {
		return nil, nil, fmt.Errorf("field %q: missing", f.tokens)
	}
	if !hasText {
		if f.text.used() && !f.text.optional || !hasTokens {
			return nil, nil, fmt.Errorf("field %q: missing", strings.Trim(f.text.String()+"|"+f.tokens.String(), "|"))
		}
		if len(ranges) > 0 {
			return nil, nil, fmt.Errorf("field %q: expected words, or a text", f.tokens)
		}
		return tokenDocument(words), firsts, nil
	}
	written, ok := text.value.(string)
	if !ok {
		return nil, nil, fmt.Errorf("field %q: %s: expected a string", f.text, jsonText(text.value))
	}
	d = &ner.Document{Text: written}
	if len(ranges) > 0 {
		return d, firsts, f.tokenRanges(d, ranges)
	}
	if d.Tokens, ok = locate(written, words); !ok {
		if f.inTokens {
			return nil, nil, fmt.Errorf("field %q: the tokens are not the words of the text", f.tokens)
		}
		f.tally.Repairs["tokens_without_place"]++
		d.Tokens = nil
	}
	return d, firsts, nil
}

// tokenList reads tokens: words, sentences of words, or objects with offsets.
func tokenList(v any) (words []string, ranges []any, firsts []int, err error) {
	list, ok := v.([]any)
	if !ok {
		return nil, nil, nil, fmt.Errorf("%s: expected a list of tokens", jsonText(v))
	}
	for _, token := range list {
		switch t := token.(type) {
		case string:
			words = append(words, t)
		case []any:
			firsts = append(firsts, len(words))
			for _, word := range t {
				w, ok := word.(string)
				if !ok {
					return nil, nil, nil, fmt.Errorf("%s: expected a word", jsonText(word))
				}
				words = append(words, w)
			}
		case map[string]any:
			ranges = append(ranges, t)
		default:
			return nil, nil, nil, fmt.Errorf("%s: expected a word, a list of words, or a token with start and end", jsonText(token))
		}
	}
	if len(words) > 0 && len(ranges) > 0 {
		return nil, nil, nil, errors.New("expected tokens of one form")
	}
	return words, ranges, firsts, nil
}

// tokenRanges gives a document tokens {"start", "end"} in its unit of offsets.
func (f *recordForm) tokenRanges(d *ner.Document, ranges []any) error {
	rulers := f.rulers(d.Text)
	if f.inTokens {
		rulers = []*ruler{inPoints(d.Text)}
	}
	for i, t := range ranges {
		token := t.(map[string]any)
		start, err1 := wholeNumber(token["start"])
		end, err2 := wholeNumber(token["end"])
		if err := errors.Join(err1, err2); err != nil {
			return fmt.Errorf("token %d: start and end: %w", i, errors.Join(err1, err2))
		}
		from, err1 := rulers[0].at(start)
		to, err2 := rulers[0].at(end)
		if err1 != nil || err2 != nil || from > to {
			f.tally.Repairs["tokens_without_place"]++
			d.Tokens = nil
			return nil
		}
		d.Tokens = append(d.Tokens, ner.Range{Start: from, End: to})
	}
	return nil
}

// locate finds the words of a text, one after the other, with only white space
// between them.
func locate(text string, words []string) ([]ner.Range, bool) {
	var tokens []ner.Range
	at := 0
	for _, w := range words {
		at += len(text[at:]) - len(strings.TrimLeft(text[at:], " \t\r\n\u00a0"))
		if !strings.HasPrefix(text[at:], w) {
			return nil, false
		}
		tokens = append(tokens, ner.Range{Start: at, End: at + len(w)})
		at += len(w)
	}
	return tokens, strings.TrimSpace(text[at:]) == "" || len(words) == 0
}

// mentionList lists the mentions of a record: a list, or an object of equally long
// lists, as in Hugging Face exports.
func mentionList(v any) ([]any, error) {
	switch v := v.(type) {
	case nil:
		return nil, nil
	case []any:
		return v, nil
	case map[string]any:
		n := -1
		for _, column := range v {
			list, ok := column.([]any)
			if !ok || n >= 0 && len(list) != n {
				return nil, fmt.Errorf("%s: expected a list of mentions", jsonText(v))
			}
			n = len(list)
		}
		var rows []any
		for i := range max(n, 0) {
			row := map[string]any{}
			for name, column := range v {
				row[name] = column.([]any)[i]
			}
			rows = append(rows, row)
		}
		return rows, nil
	}
	return nil, fmt.Errorf("%s: expected a list of mentions", jsonText(v))
}

// mention adds a mention for each of its labels.
func (f *recordForm) mention(all []placed, m any, d *ner.Document, firsts []int) ([]placed, error) {
	if !holds(f.only, m) {
		f.tally.Repairs["skipped_annotations"]++
		return all, nil
	}
	start, err := numberAt(m, f.start)
	if err != nil {
		return nil, err
	}
	end, err := numberAt(m, f.end)
	if err != nil {
		return nil, err
	}
	if f.inclusive {
		end++
	}
	if f.inTokens {
		if start, end, err = f.tokensToBytes(m, d, firsts, start, end); err != nil {
			return nil, err
		}
	}
	fragments := [][2]int{{start, end}}
	if f, _ := f.end.find(m); f.parts > 1 {
		fragments = [][2]int{{start, start}, {end, end}} // discontinuous
	}
	labels, err := f.labelsOf(m)
	if err != nil {
		return nil, err
	}
	var own *string
	if s, ok := f.surface.find(m); ok && len(fragments) == 1 {
		if text, ok := s.value.(string); ok {
			own = &text
		}
	}
	for _, l := range labels {
		all = append(all, placed{label: l, fragments: fragments, own: own})
	}
	return all, nil
}

func numberAt(m any, p fieldPath) (int, error) {
	v, ok := p.find(m)
	if !ok {
		return 0, fmt.Errorf("%s: field %q: missing", jsonText(m), p)
	}
	n, err := wholeNumber(v.value)
	if err != nil {
		return 0, fmt.Errorf("field %q: %w", p, err)
	}
	return n, nil
}

// tokensToBytes converts a range of tokens, end exclusive, to bytes.
func (f *recordForm) tokensToBytes(m any, d *ner.Document, firsts []int, start, end int) (from, to int, err error) {
	if f.sentence.used() {
		n, err := numberAt(m, f.sentence)
		if err != nil {
			return 0, 0, err
		}
		if n < 0 || n >= len(firsts) {
			return 0, 0, fmt.Errorf("sentence %d: the document has %d", n, len(firsts))
		}
		start, end = start+firsts[n], end+firsts[n]
	}
	if start < 0 || end <= start || end > len(d.Tokens) {
		return 0, 0, fmt.Errorf("mention of tokens %d to %d: the document has %d tokens", start, end-1, len(d.Tokens))
	}
	return d.Tokens[start].Start, d.Tokens[end-1].End, nil
}

// labelsOf are the labels of a mention. A mention with an empty list has none
// (without_label).
func (f *recordForm) labelsOf(m any) ([]string, error) {
	v, ok := f.label.find(m)
	if !ok {
		return nil, fmt.Errorf("%s: field %q: missing", jsonText(m), f.label)
	}
	list, ok := v.value.([]any)
	if !ok {
		list = []any{v.value}
	}
	if len(list) == 0 {
		f.tally.Repairs["without_label"]++
	}
	var labels []string
	for _, l := range list {
		text, ok := plainText(l)
		if !ok {
			return nil, fmt.Errorf("field %q: %s: expected a label", f.label, jsonText(l))
		}
		if _, number := l.(stdjson.Number); number && len(f.names.byID) > 0 {
			name, err := f.names.ofText([]byte(text))
			if err != nil {
				return nil, err
			}
			text = string(name)
		}
		labels = append(labels, text)
	}
	return labels, nil
}

// tagged makes a document of a record with tokens and tags.
func (f *recordForm) tagged(v, tags any, id string) error {
	tokens, ok := f.tokens.find(v)
	if !ok {
		return fmt.Errorf("field %q: missing", f.tokens)
	}
	words, ranges, _, err := tokenList(tokens.value)
	if err != nil || len(ranges) > 0 {
		return fmt.Errorf("field %q: expected a list of words", f.tokens)
	}
	list, ok := tags.([]any)
	if !ok {
		return fmt.Errorf("field %q: %s: expected a list of tags", f.tags, jsonText(tags))
	}
	if len(words) != len(list) {
		return fmt.Errorf("%d tokens, %d tags: expected equal numbers", len(words), len(list))
	}
	if len(words) == 0 {
		f.tally.Repairs["records_without_tokens"]++
		return nil
	}
	for i, w := range words {
		tag, err := f.tagOf(list[i])
		if err == nil {
			err = f.token([]byte(w), tag)
		}
		if err != nil {
			return fmt.Errorf("token %d: %w", i, err)
		}
	}
	d, spans := f.block.document()
	d.ID = id
	return f.emit(d, spans)
}

func (f *recordForm) tagOf(v any) ([]byte, error) {
	text, ok := plainText(v)
	if !ok {
		return nil, fmt.Errorf("%s: expected a tag", jsonText(v))
	}
	if _, number := v.(stdjson.Number); number {
		n, err := wholeNumber(v)
		if err != nil {
			return nil, err
		}
		return f.names.ofNumber(n)
	}
	return f.names.ofText([]byte(text))
}
