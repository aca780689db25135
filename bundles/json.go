package bundles

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// maxDepth is the deepest nesting of lists and objects.
const maxDepth = 16

var errNotWritten = errors.New("not in the form that nerbench writes: changed, or made by another program")

// encodeLine writes a value in one line, with its end.
func encodeLine(value any) ([]byte, error) { return encode(value, "") }

// encodeManifest writes a manifest, for people too.
func encodeManifest(m *Manifest) ([]byte, error) { return encode(m, "  ") }

func encode(value any, indent string) ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", indent)
	err := encoder.Encode(value)
	return b.Bytes(), err
}

// decodeManifest reads a manifest. It demands the form that [encodeManifest] writes, so
// that no other reader finds something else in it: no member twice, unknown, or in
// another case.
func decodeManifest(text []byte) (*Manifest, error) {
	if err := checkDepth(text); err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	var head struct {
		Format int    `json:"format"`
		Tool   string `json:"tool"`
	}
	if err := decoder.Decode(&head); err == nil && head.Format != Format { // it may have other members
		return nil, (&Manifest{Format: head.Format, Tool: head.Tool}).Check()
	}
	decoder = json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	m := &Manifest{}
	if err := decoder.Decode(m); err != nil {
		return nil, err
	}
	if err := m.Check(); err != nil {
		return nil, err
	}
	if again, err := encodeManifest(m); err != nil || !bytes.Equal(again, text) {
		return nil, errors.Join(errNotWritten, err)
	}
	return m, nil
}

// decodeLine reads the line at a place of a run, in the form that [encodeLine] writes.
func decodeLine(line []byte, place int, r *Run, p *Passage) error {
	if parseLine(line, p) {
		return p.check(place, r)
	}
	*p = Passage{}
	if err := checkDepth(line); err != nil {
		return err
	}
	if err := json.Unmarshal(line, p); err != nil {
		return err
	}
	if err := p.check(place, r); err != nil {
		return err
	}
	if again, err := encodeLine(p); err != nil || !bytes.Equal(again, line) {
		return errors.Join(errNotWritten, err)
	}
	return nil
}

// checkDepth refuses a text that nests too deep, before a parser calls itself for each
// level.
func checkDepth(text []byte) error {
	depth, quoted := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '[' || c == '{':
			if depth++; depth > maxDepth {
				return fmt.Errorf("lists or objects nested more than %d levels deep", maxDepth)
			}
		case c == ']' || c == '}':
			depth--
		}
	}
	return nil
}
