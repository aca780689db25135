package loaders

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"

	"nerbench/ner"
)

// readWebAnno reads the family webanno-tsv (docs/spec/formats.md §2): the export
// WebAnno TSV 3 of WebAnno and INCEpTION. The header lists the layers; the set's
// field tags names the layer and feature whose values are the labels, such as
// NamedEntity|value. Documents are sentences.
//
// Policy: offsets count UTF-16 code units of the whole text. The text of a sentence is
// that of its #Text lines; if its tokens are not there, it is the tokens, joined by
// one space (text_mismatch). A label "*" has no value (without_label). Lines of
// sub-tokens are mentions, but not tokens. A mention that goes on in the next sentence
// begins again there (mentions_over_sentence_end).
func readWebAnno(r *reading) error {
	names, err := r.files()
	if err != nil {
		return err
	}
	for _, name := range names {
		w := &webAnno{reading: r}
		if f := r.set.Fields; f != nil {
			w.wanted = f.Tags
		}
		if err := r.lines(name, w.line); err != nil {
			return err
		}
		if err := w.endSentence(); err != nil {
			return fmt.Errorf("%s: %w", r.shown(name), err)
		}
		if !w.format {
			return fmt.Errorf("%s: %w", r.shown(name), errNoWebAnno)
		}
	}
	return nil
}

var errNoWebAnno = errors.New("expected #FORMAT=WebAnno TSV 3 in the first line")

type webAnno struct {
	*reading
	wanted   string   // layer|feature; empty: the layer NamedEntity
	format   bool     // the file begins with the format
	features []string // of all columns, layer|feature
	column   int      // of the labels, from 0
	begun    bool     // the header has ended

	text   []string // lines of the text of the sentence
	tokens []webAnnoToken
	spans  []webAnnoSpan
	open   map[string]int  // spans of the sentence by their number in the file
	closed map[string]bool // numbers of mentions of earlier sentences
}

type webAnnoToken struct {
	start, end int // UTF-16 code units of the whole text
	form       string
}

type webAnnoSpan struct {
	start, end int
	label      string
}

func (w *webAnno) line(line []byte) error {
	if line == nil {
		return errLong
	}
	if err := checkUTF8(line); err != nil {
		return err
	}
	text := string(line)
	switch {
	case !w.format:
		if !strings.HasPrefix(text, "#FORMAT=WebAnno TSV 3") {
			return errNoWebAnno
		}
		w.format = true
		return nil
	case strings.TrimSpace(text) == "":
		return w.endSentence()
	case strings.HasPrefix(text, "#T_"):
		w.layer(text)
		return nil
	case strings.HasPrefix(text, "#Text="):
		w.text = append(w.text, unescapeWebAnno(strings.TrimPrefix(text, "#Text=")))
		return nil
	case text[0] == '#':
		return nil
	}
	if !w.begun {
		if w.column = w.find(); w.column < 0 {
			return w.noLayer()
		}
		w.begun = true
	}
	return w.token(text)
}

// layer adds the columns of a layer: #T_SP=layer|feature|feature. A layer without
// features has one column, and so has the target of a relation.
func (w *webAnno) layer(text string) {
	kind, rest, _ := strings.Cut(strings.TrimPrefix(text, "#"), "=")
	parts := strings.Split(rest, "|")
	features := parts[1:]
	if len(features) == 0 {
		features = []string{""}
	}
	for _, f := range features {
		name := parts[0] + "|" + f
		if kind != "T_SP" {
			name = kind + " " + name
		}
		w.features = append(w.features, name)
	}
}

// find is the column of the labels; -1 if there is none.
func (w *webAnno) find() int {
	const first = 3 // after the numbers, the offsets and the token
	i := slices.IndexFunc(w.features, func(f string) bool {
		return !strings.Contains(f, " ") && (f == w.layerName() || strings.HasSuffix(f, "."+w.layerName()))
	})
	if i < 0 {
		return -1
	}
	return first + i
}

// layerName is the layer and the feature of the labels.
func (w *webAnno) layerName() string {
	if w.wanted == "" {
		return "NamedEntity|value"
	}
	return w.wanted
}

func (w *webAnno) noLayer() error {
	return fmt.Errorf("no layer %s: set fields.tags to one of %q", w.layerName(), w.features)
}

// token reads the line of a token or of a part of a token.
func (w *webAnno) token(text string) error {
	columns := strings.Split(text, "\t")
	if len(columns) <= w.column {
		return fmt.Errorf("%d columns, expected the labels in column %d", len(columns), w.column+1)
	}
	from, to, ok := strings.Cut(columns[1], "-")
	start, err1 := strconv.Atoi(from)
	end, err2 := strconv.Atoi(to)
	if !ok || err1 != nil || err2 != nil || end < start {
		return fmt.Errorf("offsets %q: expected start-end", columns[1])
	}
	if _, number, ok := strings.Cut(columns[0], "-"); !ok || !strings.Contains(number, ".") {
		w.tokens = append(w.tokens, webAnnoToken{start, end, unescapeWebAnno(columns[2])})
	}
	value := columns[w.column]
	if value == "_" || value == "" {
		return nil
	}
	for _, label := range splitWebAnno(value) {
		w.label(label, start, end)
	}
	return nil
}

// label begins or continues a mention: PER[1] continues the mention 1, PER is one of
// this token alone.
func (w *webAnno) label(label string, start, end int) {
	name, number := label, ""
	if i := strings.LastIndexByte(label, '['); i >= 0 && strings.HasSuffix(label, "]") && (i == 0 || label[i-1] != '\\') {
		name, number = label[:i], label[i:]
	}
	name = unescapeWebAnno(name)
	if at, ok := w.open[number]; ok && number != "" {
		w.spans[at].end = max(w.spans[at].end, end)
		return
	}
	if w.closed[number] {
		w.tally.Repairs["mentions_over_sentence_end"]++
	}
	if number != "" {
		if w.open == nil {
			w.open = map[string]int{}
		}
		w.open[number] = len(w.spans)
	}
	w.spans = append(w.spans, webAnnoSpan{start, end, name})
}

// endSentence makes a document of the lines so far, if there are any tokens.
func (w *webAnno) endSentence() error {
	if len(w.tokens) == 0 {
		return nil
	}
	base := w.tokens[0].start
	d, at := w.document(base)
	var spans []labelled
	for _, s := range w.spans {
		if s.label == "*" || s.label == "" {
			w.tally.Repairs["without_label"]++
			continue
		}
		start, end := at(s.start), at(s.end)
		if start < 0 || end < 0 {
			return fmt.Errorf("mention: offsets %d-%d are not in the sentence", s.start, s.end)
		}
		l, err := w.span(start, end, s.label)
		if err != nil {
			return err
		}
		spans = append(spans, l)
	}
	if w.closed == nil {
		w.closed = map[string]bool{}
	}
	for number := range w.open {
		w.closed[number] = true
	}
	w.text, w.tokens, w.spans, w.open = nil, nil, nil, nil
	return w.emit(d, spans)
}

// document makes the text and the tokens of the sentence. at converts offsets of the
// file to bytes of the text; -1 for an offset that is not in it.
func (w *webAnno) document(base int) (d *ner.Document, at func(int) int) {
	text := strings.Join(w.text, "\n")
	if i := strings.Index(text, w.tokens[0].form); i >= 0 {
		if text = text[i:]; fits(text, base, w.tokens) {
			units := inUTF16(text).bytes
			end := units[w.tokens[len(w.tokens)-1].end-base]
			d = &ner.Document{Text: text[:end]}
			for _, t := range w.tokens {
				d.Tokens = append(d.Tokens, ner.Range{Start: units[t.start-base], End: units[t.end-base]})
			}
			return d, func(offset int) int {
				if offset < base || offset-base >= len(units) || units[offset-base] > end {
					return -1
				}
				return units[offset-base]
			}
		}
	}
	w.tally.Repairs["text_mismatch"]++
	words := make([]string, len(w.tokens))
	for i, t := range w.tokens {
		words[i] = t.form
	}
	d = tokenDocument(words)
	tokens := w.tokens
	return d, func(offset int) int {
		for i, t := range tokens {
			if offset >= t.start && offset <= t.end {
				units := inUTF16(t.form).bytes
				if n := offset - t.start; n < len(units) && units[n] >= 0 {
					return d.Tokens[i].Start + units[n]
				}
			}
		}
		return -1
	}
}

// fits reports whether the tokens are at their offsets of a text that begins at base.
func fits(text string, base int, tokens []webAnnoToken) bool {
	units := utf16.Encode([]rune(text))
	for _, t := range tokens {
		start, end := t.start-base, t.end-base
		if start < 0 || end > len(units) || string(utf16.Decode(units[start:end])) != t.form {
			return false
		}
	}
	return true
}

// splitWebAnno splits the values of several mentions of a token at "|" without a
// backslash before it.
func splitWebAnno(value string) []string {
	var parts []string
	start := 0
	for i := 0; i < len(value); i++ {
		switch value[i] {
		case '\\':
			i++
		case '|':
			parts = append(parts, value[start:i])
			start = i + 1
		}
	}
	return append(parts, value[start:])
}

// unescapeWebAnno resolves the escapes of reserved characters.
func unescapeWebAnno(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		i++
		switch s[i] {
		case 't':
			b.WriteByte('\t')
		case 'n':
			b.WriteByte('\n')
		case 'r':
			b.WriteByte('\r')
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String()
}
