package loaders

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// readJSONLTokens reads the family jsonl-tokens (formats.md §2): an object a
// line, with a list of tokens and a list of as many tags, strings or numbers.
// The set's fields say what they are called, what numbers mean, and which
// records are kept; others are counted (records_left_out).
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

	record map[string]json.RawMessage
	words  []string
	texts  []string
	ids    []int
}

func (t *taggedRecords) line(line []byte) error {
	clear(t.record)
	if err := json.Unmarshal(line, &t.record); err != nil {
		return fmt.Errorf("expected an object with %q and %q: %w", t.set.Fields.Tokens, t.set.Fields.Tags, err)
	}
	keep, err := t.kept()
	if err != nil || !keep {
		if err == nil {
			t.tally.Repairs["records_left_out"]++
		}
		return err
	}
	if t.words, err = list(t.record, t.set.Fields.Tokens, t.words); err != nil {
		return err
	}
	raw := bytes.TrimLeft(bytes.TrimPrefix(bytes.TrimSpace(t.record[t.set.Fields.Tags]), []byte("[")), " \t\r\n")
	if bytes.HasPrefix(raw, []byte(`"`)) {
		t.texts, err = list(t.record, t.set.Fields.Tags, t.texts)
		t.ids = t.ids[:0]
	} else {
		t.ids, err = list(t.record, t.set.Fields.Tags, t.ids)
		t.texts = t.texts[:0]
	}
	if err != nil {
		return err
	}
	return t.tagged()
}

// list reads the list of a field into the given one.
func list[T any](record map[string]json.RawMessage, field string, into []T) ([]T, error) {
	raw, ok := record[field]
	if !ok {
		return into, fmt.Errorf("field %q: missing", field)
	}
	into = into[:0]
	if err := json.Unmarshal(raw, &into); err != nil {
		return into, fmt.Errorf("field %q: %w", field, err)
	}
	return into, nil
}

// kept reports whether a record is one of the set's.
func (t *taggedRecords) kept() (bool, error) {
	for _, name := range t.set.Fields.Require {
		if _, ok := t.record[name]; !ok {
			return false, fmt.Errorf("field %q: missing: this is not the form of set %s, whose tags may have other numbers", name, t.set.Name)
		}
	}
	for name, want := range t.set.Fields.Where {
		raw, ok := t.record[name]
		if !ok {
			return false, fmt.Errorf("field %q: missing", name)
		}
		var got string
		if err := json.Unmarshal(raw, &got); err != nil {
			return false, fmt.Errorf("field %q: %w", name, err)
		}
		if got != want {
			return false, nil
		}
	}
	return true, nil
}

// tagged makes a document of the lists that were read.
func (t *taggedRecords) tagged() error {
	if len(t.words) != len(t.ids)+len(t.texts) {
		return fmt.Errorf("%d tokens, %d tags: expected as many", len(t.words), len(t.ids)+len(t.texts))
	}
	if len(t.words) == 0 {
		t.tally.Repairs["records_without_tokens"]++
		return nil
	}
	for i, word := range t.words {
		tag, err := t.tagOf(i)
		if err == nil {
			err = t.token([]byte(word), []byte(tag))
		}
		if err != nil {
			return fmt.Errorf("token %d: %w", i, err)
		}
	}
	return t.end()
}

func (t *taggedRecords) tagOf(i int) (string, error) {
	if len(t.ids) > 0 {
		return t.names.ofNumber(t.ids[i])
	}
	return t.names.name(t.texts[i]), nil
}
