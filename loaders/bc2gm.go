package loaders

import (
	"errors"
	"fmt"
	"path"
	"strconv"
	"strings"
	"unicode/utf8"

	"nerbench/ner"
)

// readBC2GM reads the family bc2gm-native (docs/spec/formats.md §2): sentences "ID
// text" in *.in, mentions "ID|START END|mention" in GENE.eval. Offsets count the
// characters of the text except spaces and tabs, ends inclusive.
//
// Policy: if the mention's own string differs from the text, the offsets are used
// (text_mismatch). Mentions of missing sentences are counted
// (mentions_without_sentence).
func readBC2GM(r *reading) error {
	b := &bc2gm{reading: r, mentions: map[string][]bc2gmMention{}}
	names, err := r.files()
	if err != nil {
		return err
	}
	for _, name := range names {
		if path.Base(strings.TrimSuffix(name, ".gz")) == "GENE.eval" {
			if err := r.lines(name, b.mention); err != nil {
				return err
			}
		}
	}
	for _, name := range names {
		if withSuffix(".in")(name) {
			if err := r.lines(name, b.sentence); err != nil {
				return err
			}
		}
	}
	if !b.met {
		return errors.New("GENE.eval: contains no mention")
	}
	for _, left := range b.mentions {
		r.tally.Repairs["mentions_without_sentence"] += len(left)
	}
	return nil
}

// bc2gmLabel is the label of all mentions, since the files have no labels.
const bc2gmLabel = "GENE"

type bc2gm struct {
	*reading
	mentions map[string][]bc2gmMention // by sentence
	met      bool                      // a mention
}

// bc2gmMention holds the offsets of its first and last character, without white
// space.
type bc2gmMention struct {
	first, last int
	text        string
}

func (b *bc2gm) mention(line []byte) error {
	if line == nil {
		return errLong
	}
	if err := checkUTF8(line); err != nil {
		return err
	}
	if len(line) == 0 {
		return nil
	}
	columns := strings.SplitN(string(line), "|", 3)
	if len(columns) != 3 {
		return fmt.Errorf("%d columns, expected ID|START END|mention", len(columns))
	}
	first, last, ok := strings.Cut(columns[1], " ")
	m := bc2gmMention{text: columns[2]}
	var err1, err2 error
	m.first, err1 = strconv.Atoi(first)
	m.last, err2 = strconv.Atoi(last)
	if !ok || err1 != nil || err2 != nil {
		return fmt.Errorf("offsets %q: expected two numbers", columns[1])
	}
	b.met = true
	b.mentions[columns[0]] = append(b.mentions[columns[0]], m)
	return nil
}

func (b *bc2gm) sentence(line []byte) error {
	if line == nil {
		return errLong
	}
	if err := checkUTF8(line); err != nil {
		return err
	}
	if len(line) == 0 {
		return nil
	}
	id, text, ok := strings.Cut(string(line), " ")
	if !ok {
		return fmt.Errorf("expected ID and text, separated by a space")
	}
	var spans []labelled
	mentions := b.mentions[id]
	delete(b.mentions, id)
	if len(mentions) > 0 {
		places := visibleOffsets(text)
		for _, m := range mentions {
			if m.first < 0 || m.last < m.first || m.last >= len(places) {
				return fmt.Errorf("mention of characters %d to %d: the sentence %s has %d without white space", m.first, m.last, id, len(places))
			}
			_, size := utf8.DecodeRuneInString(text[places[m.last]:])
			s, err := b.span(places[m.first], places[m.last]+size, bc2gmLabel)
			if err != nil {
				return err
			}
			b.checkText(text, s, m.text)
			spans = append(spans, s)
		}
	}
	return b.emit(&ner.Document{Text: text}, spans)
}

// visibleOffsets are the byte offsets of the characters except spaces and tabs.
func visibleOffsets(text string) []int {
	var places []int
	for i, c := range text {
		if c != ' ' && c != '\t' {
			places = append(places, i)
		}
	}
	return places
}
