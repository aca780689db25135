package loaders

import (
	"fmt"
	"strings"
)

// readOneIE reads the family oneie-jsonl (docs/spec/formats.md §2): one sentence
// per line, with tokens, and mentions by the tokens of the sentence, ends
// exclusive. A subtype after a colon is removed.
func readOneIE(r *reading) error {
	return r.objects(func(line []byte) error {
		var sentence struct {
			Tokens   []string `json:"tokens"`
			Mentions []struct {
				Start int    `json:"start"`
				End   int    `json:"end"`
				Type  string `json:"entity_type"`
			} `json:"entity_mentions"`
		}
		if err := unmarshal(line, &sentence); err != nil {
			return fmt.Errorf("expected a sentence {\"tokens\", \"entity_mentions\"}: %w", err)
		}
		if sentence.Tokens == nil {
			return fmt.Errorf("expected a sentence {\"tokens\", \"entity_mentions\"}: \"tokens\" is missing")
		}
		if sentence.Mentions == nil {
			return fmt.Errorf("expected a sentence {\"tokens\", \"entity_mentions\"}: \"entity_mentions\" is missing")
		}
		d := tokenDocument(sentence.Tokens)
		var spans []labelled
		for _, m := range sentence.Mentions {
			label, _, _ := strings.Cut(m.Type, ":")
			s, err := r.tokenSpan(d, m.Start, m.End-1, label)
			if err != nil {
				return err
			}
			spans = append(spans, s)
		}
		return r.emit(d, spans)
	})
}
