package loaders

import (
	"errors"
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// readDygie reads the family dygie-json (docs/spec/formats.md §2): one document per
// line, its sentences as lists of tokens. Indices of mentions count the tokens of
// the document, ends inclusive. The documents are all sentences joined or, if the
// set selects it, the single sentences.
func readDygie(r *reading) error { return r.objects(r.dygieLine) }

// indexed is a mention [start, end, label] in tokens.
type indexed struct {
	start, end int
	label      string
}

// UnmarshalJSONFrom reads the array.
func (m *indexed) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	return mention(dec, "[start, end, label]", &m.start, &m.end, &m.label)
}

// mention reads a whole array into the given variables.
func mention(dec *jsontext.Decoder, form string, into ...any) error {
	if t, err := dec.ReadToken(); err != nil {
		return err
	} else if t.Kind() != '[' {
		return fmt.Errorf("a mention is not an array: expected %s", form)
	}
	for i := 0; dec.PeekKind() != ']'; i++ {
		if i == len(into) {
			return fmt.Errorf("a mention is too long: expected %s", form)
		}
		if err := json.UnmarshalDecode(dec, into[i], lenient); err != nil {
			return fmt.Errorf("a mention: expected %s: %w", form, PlainJSON(err))
		}
		if i+1 < len(into) && dec.PeekKind() == ']' {
			return fmt.Errorf("a mention is too short: expected %s", form)
		}
	}
	_, err := dec.ReadToken()
	return err
}

func (r *reading) dygieLine(line []byte) error {
	var doc struct {
		Sentences [][]string  `json:"sentences"`
		NER       [][]indexed `json:"ner"`
	}
	if err := unmarshal(line, &doc); err != nil {
		return fmt.Errorf("expected a document {\"sentences\", \"ner\"}: %w", err)
	}
	if doc.Sentences == nil || doc.NER == nil {
		return errors.New(`expected {"sentences", "ner"}: one of them is missing`)
	}
	if len(doc.NER) > len(doc.Sentences) {
		return fmt.Errorf("mentions of %d sentences, expected %d", len(doc.NER), len(doc.Sentences))
	}
	if r.set.Unit == "sentence" {
		return r.dygieSentences(doc.Sentences, doc.NER)
	}
	var tokens []string
	for _, s := range doc.Sentences {
		tokens = append(tokens, s...)
	}
	d := tokenDocument(tokens)
	var spans []labelled
	for _, sentence := range doc.NER {
		for _, m := range sentence {
			s, err := r.tokenSpan(d, m.start, m.end, m.label)
			if err != nil {
				return err
			}
			spans = append(spans, s)
		}
	}
	return r.emit(d, spans)
}

// dygieSentences makes a document of each sentence.
func (r *reading) dygieSentences(sentences [][]string, mentions [][]indexed) error {
	first := 0
	for i, tokens := range sentences {
		d := tokenDocument(tokens)
		var spans []labelled
		if i < len(mentions) {
			for _, m := range mentions[i] {
				s, err := r.tokenSpan(d, m.start-first, m.end-first, m.label)
				if err != nil {
					return fmt.Errorf("sentence %d: %w", i, err)
				}
				spans = append(spans, s)
			}
		}
		if err := r.emit(d, spans); err != nil {
			return err
		}
		first += len(tokens)
	}
	return nil
}
