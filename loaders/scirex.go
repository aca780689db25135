package loaders

import (
	"fmt"
)

// readScirex reads the family scirex-json (docs/spec/formats.md §2): one object with words
// and mentions a line; the indices count words, ends exclusive. The unit is the
// document, or, where the set says so, the sentence of the file; a mention that
// reaches over the end of its sentence is then dropped and counted.
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
	if r.set.Unit != "sentence" {
		doc.Sentences = [][2]int{{0, len(doc.Words)}}
	}
	next := 0 // mentions are looked at once, in order of their sentence
	mentions := byStart(doc.NER)
	for i, s := range doc.Sentences {
		if s[0] < 0 || s[1] < s[0] || s[1] > len(doc.Words) {
			return fmt.Errorf("sentence %d: words %d to %d, there are %d", i, s[0], s[1], len(doc.Words))
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
