package loaders

import (
	"errors"
	"fmt"
	"io"
)

// readSpert reads the family spert-json (docs/spec/formats.md §2): one JSON array
// of sentences with tokens and entities. Indices count the tokens of the sentence,
// ends exclusive. The array is read element by element.
func readSpert(r *reading) error {
	return r.arrays(func(dec decoder) error {
		var sentence struct {
			Tokens   []string `json:"tokens"`
			Entities []struct {
				Type  string `json:"type"`
				Start int    `json:"start"`
				End   int    `json:"end"`
			} `json:"entities"`
		}
		if err := dec.value(&sentence); err != nil {
			return err
		}
		if sentence.Tokens == nil || sentence.Entities == nil {
			return errors.New(`expected {"tokens", "entities"}: one of them is missing`)
		}
		d := tokenDocument(sentence.Tokens)
		var spans []labelled
		for _, e := range sentence.Entities {
			s, err := r.tokenSpan(d, e.Start, e.End-1, e.Type)
			if err != nil {
				return err
			}
			spans = append(spans, s)
		}
		return r.emit(d, spans)
	})
}

// readIndex reads the family json-index (docs/spec/formats.md §2): one JSON array
// of sentences. A mention lists the indices of its tokens; its span is from the
// first to the last.
func readIndex(r *reading) error {
	return r.arrays(func(dec decoder) error {
		var sentence struct {
			Sentence []string `json:"sentence"`
			NER      []struct {
				Index []int  `json:"index"`
				Type  string `json:"type"`
			} `json:"ner"`
		}
		if err := dec.value(&sentence); err != nil {
			return err
		}
		if sentence.Sentence == nil || sentence.NER == nil {
			return errors.New(`expected {"sentence", "ner"}: one of them is missing`)
		}
		d := tokenDocument(sentence.Sentence)
		var spans []labelled
		for _, m := range sentence.NER {
			if len(m.Index) == 0 {
				return fmt.Errorf("mention of type %s: has no tokens", m.Type)
			}
			s, err := r.tokenSpan(d, m.Index[0], m.Index[len(m.Index)-1], m.Type)
			if err != nil {
				return err
			}
			spans = append(spans, s)
		}
		return r.emit(d, spans)
	})
}

// arrays reads files with one JSON array each, element by element. Errors name the
// file, the line, and the element, from 0.
func (r *reading) arrays(element func(decoder) error) error {
	names, err := r.files()
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := r.array(name, element); err != nil {
			return err
		}
	}
	return nil
}

func (r *reading) array(name string, element func(decoder) error) error {
	f, err := r.openData(name)
	if err != nil {
		return err
	}
	defer f.Close()
	dec, err := r.decoder(f)
	if err == nil {
		err = r.elements(dec, element)
	}
	if err == nil {
		err = dec.end()
	}
	if err == nil {
		return nil
	}
	var at int64
	if dec.Decoder != nil {
		at = dec.InputOffset() - 1
	}
	return r.atLine(name, at, err)
}

// elements reads a JSON array, element by element.
func (r *reading) elements(dec decoder, element func(decoder) error) error {
	if t, err := dec.token(); err != nil && err != io.EOF {
		return fmt.Errorf("expected a JSON array: %w", err)
	} else if t.Kind() != '[' {
		return errors.New("expected a JSON array")
	}
	for i := 0; dec.more(); i++ {
		if err := element(dec); err != nil {
			if err == errStopped {
				return err
			}
			return fmt.Errorf("element %d: %w", i, err)
		}
	}
	if _, err := dec.token(); err != nil {
		return fmt.Errorf("the array is not closed: %w", noEOF(err))
	}
	return nil
}
