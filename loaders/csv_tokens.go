package loaders

import (
	"bytes"
	"fmt"
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// readCSVTokens reads the family csv-tokens (docs/spec/formats.md §2): one token
// with its tag per record. The set's fields select where a document ends: at a
// record with a blank token or at a blank line, at a document mark, at a change in
// a column (a blank value is that of the record above), or at the sentence ends from
// separate files.
//
// Policy: unknown tags, missing columns, and unclosed quotes stop the reading.
// Words such as None or NA are tokens.
func readCSVTokens(r *reading) error {
	names, err := r.newTagNames()
	if err != nil {
		return err
	}
	b, err := newBlock(r, schemeOf(r), "")
	if err != nil {
		return err
	}
	files, err := r.files()
	if err != nil {
		return err
	}
	t := &csvTokens{block: b, names: names, keys: r.set.Fields.Key}
	if s := r.set.Fields.Sentences; s != nil {
		t.keys = []string{s.Key}
	}
	for _, name := range files {
		if r.isNamesFile(name) || t.isSentences(name) {
			continue
		}
		if err := t.file(name, files); err != nil {
			return err
		}
	}
	return nil
}

type csvTokens struct {
	*block
	names *tagNames
	keys  []string // columns that identify the document
	key   []string // their values in the current document
	cut   *sentenceCuts
}

func (t *csvTokens) isSentences(name string) bool {
	s := t.set.Fields.Sentences
	return s != nil && strings.Contains(path.Base(name), s.File)
}

func (t *csvTokens) file(name string, files []string) error {
	if t.set.Fields.Sentences != nil {
		i := slices.IndexFunc(files, t.isSentences)
		if i < 0 {
			return fmt.Errorf("no file of sentences: expected one with %q in its name", t.set.Fields.Sentences.File)
		}
		cut, err := t.readSentences(files[i])
		if err != nil {
			return err
		}
		t.cut = cut
	}
	t.key = nil
	f := t.set.Fields
	if err := t.eachRecord(name, f.Columns, append([]string{f.Tokens, f.Tags}, t.keys...), t.record); err != nil {
		return err
	}
	return t.endDocument()
}

// endDocument ends a document and, if there are sentences, its last one.
func (t *csvTokens) endDocument() error {
	if t.cut != nil {
		if err := t.cut.end(); err != nil {
			return err
		}
	}
	return t.end()
}

// record processes the record of a token: its tag and the values of the keys.
func (t *csvTokens) record(c *records, fields [][]byte) error {
	token, key := fields[0], fields[2:]
	f := t.set.Fields
	switch {
	case isOneOf(f.Marks, token):
		if err := t.endDocument(); err != nil {
			return err
		}
		return t.mark()
	case f.BlankToken == "end" && len(bytes.TrimSpace(token)) == 0:
		return t.endDocument()
	case f.BlankToken == "end" && c.gap, t.key != nil && !t.same(key):
		if err := t.endDocument(); err != nil {
			return err
		}
	}
	if t.key == nil || !t.same(key) {
		t.take(key)
	}
	if t.cut != nil {
		if ends, err := t.cut.before(t.key[0], string(token)); err != nil {
			return err
		} else if ends {
			if err := t.end(); err != nil {
				return err
			}
		}
	}
	tag, err := t.names.ofText(fields[1])
	if err != nil {
		return err
	}
	return t.token(token, tag)
}

// same reports whether a record belongs to the current document. A blank value is
// that of the record above.
func (t *csvTokens) same(key [][]byte) bool {
	for i, k := range key {
		if len(k) > 0 && (i >= len(t.key) || t.key[i] != string(k)) {
			return false
		}
	}
	return true
}

// take makes the key of a record the current one.
func (t *csvTokens) take(key [][]byte) {
	if t.key == nil {
		t.key = make([]string, len(key))
	}
	for i, k := range key {
		if len(k) > 0 {
			t.key[i] = string(k)
		}
	}
}

func isOneOf(words []string, b []byte) bool {
	for _, w := range words {
		if w == string(b) {
			return true
		}
	}
	return false
}

// sentenceCuts splits the tokens of a document at the ends of its sentences.
// Without white space, both have the same characters. A token belongs to the
// sentence of its first character.
type sentenceCuts struct {
	of map[string][]string // the sentences of a document

	document  string
	sentences []string // of the current document; nil between documents
	at        int      // sentence of the last character
	left      string   // of that sentence
	last      int      // sentence of the last token, -1 before the first
}

func (t *csvTokens) readSentences(name string) (*sentenceCuts, error) {
	f := t.set.Fields.Sentences
	cut := &sentenceCuts{of: map[string][]string{}}
	err := t.eachRecord(name, nil, []string{f.Key, f.Text}, func(_ *records, fields [][]byte) error {
		document := string(fields[0])
		cut.of[document] = append(cut.of[document], string(fields[1]))
		return nil
	})
	return cut, err
}

// before reads a token and reports whether a sentence ended before it.
func (s *sentenceCuts) before(document, token string) (ends bool, err error) {
	if s.sentences == nil {
		s.document, s.sentences, s.at, s.last = document, s.of[document], 0, -1
		if len(s.sentences) == 0 {
			return false, fmt.Errorf("document %s: no sentences found", document)
		}
		s.left = s.sentences[0]
	}
	begins := -1
	for _, c := range token {
		if unicode.IsSpace(c) {
			continue
		}
		if err := s.character(c); err != nil {
			return false, err
		}
		if begins < 0 {
			begins = s.at
		}
	}
	if begins < 0 {
		return false, nil
	}
	ends = s.last >= 0 && begins != s.last
	s.last = begins
	return ends, nil
}

// character reads one character that is not white space.
func (s *sentenceCuts) character(want rune) error {
	for {
		s.left = strings.TrimLeftFunc(s.left, unicode.IsSpace)
		if s.left != "" {
			break
		}
		if s.at+1 == len(s.sentences) {
			return fmt.Errorf("document %s: its sentences end before character %q of a token", s.document, want)
		}
		s.at++
		s.left = s.sentences[s.at]
	}
	got, size := utf8.DecodeRuneInString(s.left)
	if got != want {
		return fmt.Errorf("document %s: sentence %d has the character %q, its token has %q", s.document, s.at, got, want)
	}
	s.left = s.left[size:]
	return nil
}

// end checks that the sentences of a document end with its tokens.
func (s *sentenceCuts) end() error {
	if s.sentences == nil {
		return nil
	}
	rest := s.left + strings.Join(s.sentences[s.at+1:], "")
	s.sentences = nil
	if rest = strings.TrimSpace(rest); rest != "" {
		return fmt.Errorf("document %s: its sentences continue after its tokens with %.20q", s.document, rest)
	}
	return nil
}
