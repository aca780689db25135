package loaders

import (
	"encoding/json"
	"errors"
	"fmt"
)

// readDygie reads the family dygie-json (formats.md §2): a document a line, its
// sentences as lists of tokens. Indices of mentions count the tokens of the
// document, ends inclusive. The unit is the document, all sentences chained, or,
// where the set says so, the sentence.
func readDygie(r *reading) error { return r.objects(r.dygieLine) }

// indexed is a mention [start, end, label] in tokens.
type indexed struct {
	start, end int
	label      string
}

// UnmarshalJSON reads the array.
func (m *indexed) UnmarshalJSON(b []byte) error {
	var parts []json.RawMessage
	if err := json.Unmarshal(b, &parts); err != nil {
		return err
	}
	if len(parts) != 3 {
		return fmt.Errorf("mention %s: expected [start, end, label]", b)
	}
	return errors.Join(json.Unmarshal(parts[0], &m.start), json.Unmarshal(parts[1], &m.end), json.Unmarshal(parts[2], &m.label))
}

func (r *reading) dygieLine(line []byte) error {
	var doc struct {
		Sentences [][]string
		NER       [][]indexed
	}
	if err := json.Unmarshal(line, &doc); err != nil {
		return fmt.Errorf("expected a document {\"sentences\", \"ner\"}: %w", err)
	}
	if len(doc.NER) > len(doc.Sentences) {
		return fmt.Errorf("mentions of %d sentences, there are %d", len(doc.NER), len(doc.Sentences))
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
