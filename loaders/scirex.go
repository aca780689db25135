package loaders

import (
	"errors"
	"fmt"
)

// readScirex reads the family scirex-json (docs/spec/formats.md §2): one object
// with words and mentions per line. Indices count words, ends exclusive. A document
// is the whole object or, if the set selects it, a sentence of it; mentions that
// cross the end of a sentence are then dropped and counted.
func readScirex(r *reading) error { return r.objects(r.scirexLine) }

func (r *reading) scirexLine(line []byte) error {
	var doc struct {
		Words     []string  `json:"words"`
		Sentences [][2]int  `json:"sentences"`
		NER       []indexed `json:"ner"`
	}
	if err := unmarshal(line, &doc); err != nil {
		return fmt.Errorf("expected a document {\"words\", \"sentences\", \"ner\"}: %w", err)
	}
	if doc.Words == nil || doc.NER == nil || r.set.Unit == "sentence" && doc.Sentences == nil {
		return errors.New(`expected {"words", "sentences", "ner"}: one of them is missing`)
	}
	if r.set.Unit != "sentence" {
		doc.Sentences = [][2]int{{0, len(doc.Words)}}
	}
	next := 0 // one pass through the mentions, in order of their sentences
	mentions := byStart(doc.NER)
	for i, s := range doc.Sentences {
		if s[0] < 0 || s[1] < s[0] || s[1] > len(doc.Words) {
			return fmt.Errorf("sentence %d: words %d to %d of %d", i, s[0], s[1], len(doc.Words))
		}
		d := tokenDocument(doc.Words[s[0]:s[1]])
		var spans []labelled
		for ; next < len(mentions) && mentions[next].start < s[1]; next++ {
			m := mentions[next]
			if m.end > s[1] && m.end <= len(doc.Words) {
				r.tally.Repairs["mentions_over_sentence_end_dropped"]++
				continue
			}
			span, err := r.tokenSpan(d, m.start-s[0], m.end-s[0]-1, m.label)
			if err != nil {
				return err
			}
			spans = append(spans, span)
		}
		if err := r.emit(d, spans); err != nil {
			return err
		}
	}
	return nil
}
