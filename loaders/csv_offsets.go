package loaders

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"nerbench/ner"
)

// readCSVOffsets reads the family csv-offsets (formats.md §2): CSV records with a
// text and its mentions as JSON; offsets are code points of the text, line ends
// included, and win over the mention's own string (counted as text_mismatch).
func readCSVOffsets(r *reading) error {
	names, err := r.files()
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := r.csvFile(name); err != nil {
			if err == errStopped {
				return err
			}
			return fmt.Errorf("%s: %w", strings.TrimPrefix(name, r.row.DataDir+"/"), err)
		}
	}
	return nil
}

func (r *reading) csvFile(name string) error {
	f, err := open(r.data, name)
	if err != nil {
		return err
	}
	defer f.Close()
	records := csv.NewReader(f)
	records.FieldsPerRecord = 2
	head, err := records.Read()
	if err != nil {
		return fmt.Errorf("header: %w", err)
	}
	if head[0] != "ingredients" || head[1] != "ingredients_entities" {
		return fmt.Errorf("header %q: expected ingredients,ingredients_entities", strings.Join(head, ","))
	}
	for i := 0; ; i++ {
		record, err := records.Read()
		if err == io.EOF {
			return nil
		}
		if err == nil {
			err = r.csvRecord(record[0], record[1])
		}
		if err == errStopped {
			return err
		}
		if err != nil {
			return fmt.Errorf("record %d: %w", i, err)
		}
	}
}

func (r *reading) csvRecord(text, entities string) error {
	if err := checkUTF8([]byte(text)); err != nil {
		return err
	}
	var mentions []struct {
		Start, End   int
		Type, Entity string
	}
	if err := json.Unmarshal([]byte(entities), &mentions); err != nil {
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
		if text[s.start:s.end] != m.Entity {
			r.tally.Repairs["text_mismatch"]++
		}
		spans = append(spans, s)
	}
	return r.emit(d, spans)
}
