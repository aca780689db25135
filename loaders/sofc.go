package loaders

import (
	"encoding/csv"
	"fmt"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"

	"nerbench/ner"
)

// readSOFC reads the family sofc-layers (docs/spec/formats.md §2): a table of
// articles with the split of each article, and for each article its text, its
// sentences with a label, and the tokens of the sentences with the label 1, with
// IOB2 tags. Documents are the sentences with the label 1. Offsets of sentences are
// code points of the text; those of tokens are code points of the sentence.
func readSOFC(r *reading) error {
	s, err := newSOFC(r)
	if err != nil {
		return err
	}
	articles, err := s.articles()
	if err != nil {
		return err
	}
	for _, name := range articles {
		if err := s.article(name); err != nil {
			if err == errStopped {
				return err
			}
			return fmt.Errorf("article %s: %w", name, err)
		}
	}
	return nil
}

type sofc struct {
	*block
	table                  member
	texts, sentences, tags map[string]member // by article
}

func newSOFC(r *reading) (*sofc, error) {
	b, err := newBlock(r, "iob2", "")
	if err != nil {
		return nil, err
	}
	s := &sofc{block: b, texts: map[string]member{}, sentences: map[string]member{}, tags: map[string]member{}}
	all, err := r.all(func(string) bool { return true })
	if err != nil {
		return nil, err
	}
	for _, m := range all {
		switch folder := path.Base(path.Dir(m.name)); {
		case strings.HasSuffix(m.name, "-Metadata.csv"):
			s.table = m
		case folder == "texts":
			s.texts[m.stem(".txt")] = m
		case folder == "sentences":
			s.sentences[m.stem(".csv")] = m
		case folder == "entity_types_and_slots":
			s.tags[m.stem(".csv")] = m
		}
	}
	if s.table.name == "" {
		return nil, fmt.Errorf("no table of articles: expected a file *-Metadata.csv")
	}
	return s, nil
}

// articles are the articles of the split, in the order of the table. Its quoted
// values are separated by tabs; a record may have several lines.
func (s *sofc) articles() ([]string, error) {
	text, err := s.wholeOf(s.table)
	if err != nil {
		return nil, err
	}
	shown := s.shown(s.table.name)
	in := csv.NewReader(strings.NewReader(string(text)))
	in.Comma = '\t'
	head, err := in.Read()
	if err == io.EOF {
		return nil, fmt.Errorf("%s: header: the file is empty", shown)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: header: %w", shown, err)
	}
	name, set := slices.Index(head, "name"), slices.Index(head, "set")
	if name < 0 || set < 0 {
		return nil, fmt.Errorf("%s: header %q: expected the columns name and set", shown, head)
	}
	var articles []string
	for {
		record, err := in.Read()
		if err == io.EOF {
			return articles, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", shown, err)
		}
		if record[set] == string(s.part.Name) {
			articles = append(articles, record[name])
		}
	}
}

// sofcToken is a line of the tags.
type sofcToken struct {
	start, end int // code points of the sentence
	tag        string
}

func (s *sofc) article(name string) error {
	for what, of := range map[string]map[string]member{"text": s.texts, "sentences": s.sentences, "tags": s.tags} {
		if of[name].name == "" {
			return fmt.Errorf("its %s are missing", what)
		}
	}
	whole, err := s.wholeOf(s.texts[name])
	if err != nil {
		return err
	}
	text := string(whole)
	points := ner.NewCodePoints(text)
	tokens, err := s.tokensOf(s.tags[name])
	if err != nil {
		return err
	}
	return s.at(s.sentences[name], func(file string) error {
		return s.lines(file, func(line []byte) error {
			columns, err := columnsOf(line, 4, "id, label, begin, end")
			if err != nil || columns == nil {
				return err
			}
			if columns[1] != "1" {
				s.tally.Repairs["sentences_without_label"]++
				return nil
			}
			begin, end, err := offsetsOf(points, columns[2], columns[3])
			if err != nil {
				return err
			}
			if len(tokens[columns[0]]) == 0 {
				return fmt.Errorf("sentence %s: has no tokens in %s", columns[0], s.shown(s.tags[name].name))
			}
			return s.sentence(text[begin:end], tokens[columns[0]])
		})
	})
}

// tokensOf reads the tokens of an article, by sentence.
func (s *sofc) tokensOf(m member) (map[string][]sofcToken, error) {
	tokens := map[string][]sofcToken{}
	err := s.at(m, func(file string) error {
		return s.lines(file, func(line []byte) error {
			columns, err := columnsOf(line, 6, "sentence, token, begin, end, tag, slot")
			if err != nil || columns == nil {
				return err
			}
			start, err1 := strconv.Atoi(columns[2])
			end, err2 := strconv.Atoi(columns[3])
			if err1 != nil || err2 != nil {
				return fmt.Errorf("%q: expected two numbers", columns[2:4])
			}
			tokens[columns[0]] = append(tokens[columns[0]], sofcToken{start, end, columns[4]})
			return nil
		})
	})
	return tokens, err
}

// sentence makes a document: its text is a slice of the article, and the tokens
// keep their positions in it.
func (s *sofc) sentence(text string, tokens []sofcToken) error {
	points := ner.NewCodePoints(text)
	s.text, s.tokens, s.spans = append(s.text[:0], text...), s.tokens[:0], s.spans[:0]
	s.open.label = nil
	for i, t := range tokens {
		start, err1 := points.Byte(t.start)
		end, err2 := points.Byte(t.end)
		if err1 != nil || err2 != nil || start >= end {
			return fmt.Errorf("token %d: offsets %d to %d: not a range in its sentence of %d code points", i+1, t.start, t.end, points.Len())
		}
		s.tokens = append(s.tokens, ner.Range{Start: start, End: end})
		if err := s.tag(&s.open, []byte(t.tag)); err != nil {
			return fmt.Errorf("token %d: %w", i+1, err)
		}
	}
	s.closeSpan(&s.open, len(s.tokens)-1)
	return s.emit(&ner.Document{Text: text, Tokens: slices.Clone(s.tokens)}, s.spans)
}

// offsetsOf reads two offsets in code points.
func offsetsOf(points ner.CodePoints, begin, end string) (from, to int, err error) {
	b, err1 := strconv.Atoi(begin)
	e, err2 := strconv.Atoi(end)
	if err1 != nil || err2 != nil {
		return 0, 0, fmt.Errorf("%q, %q: expected two numbers", begin, end)
	}
	if from, err = points.Byte(b); err != nil {
		return 0, 0, err
	}
	if to, err = points.Byte(e); err != nil {
		return 0, 0, err
	}
	if from > to {
		return 0, 0, fmt.Errorf("offsets %d to %d are not a range", b, e)
	}
	return from, to, nil
}
