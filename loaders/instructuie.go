package loaders

import (
	"errors"

	"nerbench/ner"
)

// readInstructUIE reads the family instructuie-json (docs/spec/formats.md §2): one
// JSON array of {"sentence", "entities": [{"name", "type", "pos": [start, end]}]}.
// Offsets are code points, ends exclusive. If the name differs from the text, the
// offsets are used (text_mismatch).
func readInstructUIE(r *reading) error {
	return r.arrays(func(dec decoder) error {
		var record struct {
			Sentence *string `json:"sentence"`
			Entities []struct {
				Name string `json:"name"`
				Type string `json:"type"`
				Pos  []int  `json:"pos"`
			} `json:"entities"`
		}
		if err := dec.value(&record); err != nil {
			return err
		}
		if record.Sentence == nil {
			return errors.New(`expected {"sentence", "entities"}: "sentence" is missing`)
		}
		if record.Entities == nil {
			return errors.New(`expected {"sentence", "entities"}: "entities" is missing`)
		}
		d := &ner.Document{Text: *record.Sentence}
		points := ner.NewCodePoints(d.Text)
		var spans []labelled
		for _, e := range record.Entities {
			if len(e.Pos) != 2 {
				return errors.New(`expected an entity {"name", "type", "pos": [start, end]}: "pos" is not a pair`)
			}
			s, err := r.pointSpan(points, e.Pos[0], e.Pos[1], e.Type)
			if err != nil {
				return err
			}
			r.checkText(d.Text, s, e.Name)
			spans = append(spans, s)
		}
		return r.emit(d, spans)
	})
}
