package loaders

import (
	"fmt"

	"nerbench/ner"
)

// readCSVOffsets reads the family csv-offsets (docs/spec/formats.md §2): CSV
// records with a text and its mentions as JSON. The set's fields name the columns.
// Offsets are code points of the text, including line ends. If the mention's own
// string differs from the text, the offsets are used (text_mismatch).
func readCSVOffsets(r *reading) error {
	f := r.set.Fields
	if f == nil {
		return fmt.Errorf("its set %s has no table fields", r.set.Name)
	}
	names, err := r.files()
	if err != nil {
		return err
	}
	for _, name := range names {
		err := r.eachRecord(name, f.Columns, []string{f.Text, f.Mentions}, func(_ *records, fields [][]byte) error {
			return r.csvMentions(string(fields[0]), fields[1])
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *reading) csvMentions(text string, entities []byte) error {
	var mentions []struct {
		Start  int    `json:"start"`
		End    int    `json:"end"`
		Type   string `json:"type"`
		Entity string `json:"entity"`
	}
	if err := unmarshal(entities, &mentions); err != nil {
		return fmt.Errorf("expected mentions as JSON: %w", err)
	}
	d := &ner.Document{Text: text}
	points := ner.NewCodePoints(text)
	var spans []labelled
	for _, m := range mentions {
		s, err := r.pointSpan(points, m.Start, m.End, m.Type)
		if err != nil {
			return err
		}
		r.checkText(text, s, m.Entity)
		spans = append(spans, s)
	}
	return r.emit(d, spans)
}

// checkText counts the mentions whose own string differs from the text at their
// offsets; the offsets are used (docs/spec/formats.md §1).
func (r *reading) checkText(text string, s labelled, own string) {
	if text[s.start:s.end] != own {
		r.tally.Repairs["text_mismatch"]++
	}
}
