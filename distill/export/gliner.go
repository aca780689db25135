package export

import (
	"errors"
	"fmt"
	"slices"
	"unicode"
	"unicode/utf8"

	"nerbench/answers"
	"nerbench/distill"
	"nerbench/ner"
)

// glinerRecord is a passage for GLiNER.
type glinerRecord struct {
	Words []string `json:"tokenized_text"`
	// Spans are [first word, last word, type]: ends are inclusive.
	Spans [][3]any `json:"ner"`
	// Negatives are the types that are asked and have no entity.
	Negatives []string `json:"ner_negatives"`
}

// gliner writes words with spans for GLiNER. Entities are found by the alignment of
// scores (docs/spec/metrics.md §7), at edges of words. The conversations of a passage that
// was split are one record.
func gliner(j *job) error {
	whole := *j.set
	whole.Train, whole.Dev = joinParts(j.set.Train), joinParts(j.set.Dev)
	j.set = &whole
	lost, total := 0, 0
	var failed error
	err := array(j, func(c *distill.Conversation) glinerRecord {
		r, without, err := glinerOf(c)
		if err != nil {
			failed = fmt.Errorf("passage %s: %w", c.ID, err)
		}
		for _, q := range c.Questions {
			total += len(q.Answers)
		}
		lost += without
		return r
	})
	if err = errors.Join(err, failed); err != nil {
		return err
	}
	if lost > 0 {
		j.result.Notes = append(j.result.Notes, fmt.Sprintf("%d of %d entities are left out: they are no whole words of their passage", lost, total))
	}
	return j.config()
}

// joinParts joins the conversations about one passage, which follow each other.
func joinParts(list []distill.Conversation) []distill.Conversation {
	var joined []distill.Conversation
	for _, c := range list {
		last := len(joined) - 1
		if last >= 0 && joined[last].ID == c.ID && joined[last].Text == c.Text {
			joined[last].Questions = slices.Concat(joined[last].Questions, c.Questions)
			continue
		}
		joined = append(joined, c)
	}
	return joined
}

// glinerOf makes the record of a conversation. lost is the number of entities that are no
// whole words of the passage.
func glinerOf(c *distill.Conversation) (r glinerRecord, lost int, err error) {
	words := glinerWords(c.Text)
	d := &ner.Document{ID: c.ID, Text: c.Text, Tokens: words}
	r = glinerRecord{Words: make([]string, len(words)), Spans: [][3]any{}, Negatives: []string{}}
	for i, w := range words {
		r.Words[i] = c.Text[w.Start:w.End]
	}
	aligner, err := answers.NewAligner(d, answers.Alignment{Boundary: "token"})
	if err != nil {
		return r, 0, err
	}
	for _, q := range c.Questions {
		if len(q.Answers) == 0 {
			r.Negatives = append(r.Negatives, q.Type)
			continue
		}
		var mentions []ner.Mention
		for _, a := range q.Answers {
			mentions = append(mentions, ner.Mention{Text: a, Type: ner.EntityType(q.Type)})
		}
		placed := aligner.Align(mentions)
		lost += len(placed.Unaligned)
		for _, s := range placed.Spans {
			first, _ := slices.BinarySearchFunc(words, s.Start, func(w ner.Range, at int) int { return w.Start - at })
			last, _ := slices.BinarySearchFunc(words, s.End, func(w ner.Range, at int) int { return w.End - at })
			r.Spans = append(r.Spans, [3]any{first, last, q.Type})
		}
	}
	return r, lost, nil
}

// glinerWords splits a text as GLiNER does when it predicts: words with the hyphens in
// them, and other signs one by one. Its expression for this is \w+(?:[-_]\w+)*|\S.
func glinerWords(text string) []ner.Range {
	var words []ner.Range
	for at := 0; at < len(text); {
		r, size := utf8.DecodeRuneInString(text[at:])
		begin := at
		at += size
		if isBlank(r) {
			continue
		}
		for inWord := isWordRune(r); inWord && at < len(text); {
			next, size := utf8.DecodeRuneInString(text[at:])
			if next == '-' {
				after, more := utf8.DecodeRuneInString(text[at+size:])
				inWord = isWordRune(after)
				size += more
			} else {
				inWord = isWordRune(next)
			}
			if inWord {
				at += size
			}
		}
		words = append(words, ner.Range{Start: begin, End: at})
	}
	return words
}

// isWordRune is \w of Python.
func isWordRune(r rune) bool { return r == '_' || unicode.IsLetter(r) || unicode.IsNumber(r) }

// isBlank is \s of Python, which has four more than Go: the separators of ASCII.
func isBlank(r rune) bool { return unicode.IsSpace(r) || r >= 0x1c && r <= 0x1f }
