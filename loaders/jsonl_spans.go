package loaders

import (
	"errors"
	"fmt"

	"github.com/go-json-experiment/json/jsontext"

	"nerbench/ner"
)

// readJSONLSpans reads the family jsonl-spans (docs/spec/formats.md §2): one object
// per line, with a text in "data" and mentions [label, start, end, text, token
// start, token end, [tokens]] in "ner_label". An older version has mentions without
// text and tokens. Offsets are code points of the text, which is tokens joined by
// one space. If the mention's own string differs from the text, the offsets are
// used (text_mismatch).
func readJSONLSpans(r *reading) error { return r.objects(r.spansLine) }

// offsetMention is one mention of the family.
type offsetMention struct {
	label      string
	start, end int
	text       *string // nil in the older version
}

// UnmarshalJSON reads both versions.
func (m *offsetMention) UnmarshalJSON(b []byte) error {
	var parts []jsontext.Value
	if err := unmarshal(b, &parts); err != nil {
		return err
	}
	if len(parts) != 5 && len(parts) != 7 {
		return fmt.Errorf("mention %s: expected [label, start, end, text, token start, token end, [tokens]]", b)
	}
	err := errors.Join(unmarshal(parts[0], &m.label), unmarshal(parts[1], &m.start), unmarshal(parts[2], &m.end))
	if len(parts) == 7 {
		err = errors.Join(err, unmarshal(parts[3], &m.text))
	}
	return err
}

func (r *reading) spansLine(line []byte) error {
	var record struct {
		Data     *string         `json:"data"`
		NERLabel []offsetMention `json:"ner_label"`
	}
	if err := unmarshal(line, &record); err != nil {
		return fmt.Errorf("expected {\"data\", \"ner_label\"}: %w", err)
	}
	if record.Data == nil {
		return errors.New(`expected {"data", "ner_label"}: "data" is missing`)
	}
	if record.NERLabel == nil {
		return errors.New(`expected {"data", "ner_label"}: "ner_label" is missing`)
	}
	d := &ner.Document{Text: *record.Data, Tokens: atBlanks(*record.Data)}
	points := ner.NewCodePoints(d.Text)
	var spans []labelled
	for _, m := range record.NERLabel {
		s, err := r.pointSpan(points, m.start, m.end, m.label)
		if err != nil {
			return err
		}
		if m.text != nil {
			r.checkText(d.Text, s, *m.text)
		}
		spans = append(spans, s)
	}
	return r.emit(d, spans)
}

// atBlanks returns the tokens of a text that was joined with single spaces.
func atBlanks(text string) []ner.Range {
	var tokens []ner.Range
	start := 0
	for i := range len(text) + 1 {
		if i == len(text) || text[i] == ' ' {
			if i > start {
				tokens = append(tokens, ner.Range{Start: start, End: i})
			}
			start = i + 1
		}
	}
	return tokens
}
