package files

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"

	"nerbench/answers"
	"nerbench/metrics"
	"nerbench/ner"
)

// given is the prediction of a file for one document. It has spans or mentions, or
// answers.
type given struct {
	answers.Given
	answers []givenAnswer // nil: spans or mentions

	key    string // of its document: its id, or its place in the file, from 0
	line   int    // in its file, from 1; 0: it is in an array
	record int    // in an array, from 1
	says   passageFacts
}

// givenAnswer is the raw answer to one query.
type givenAnswer struct {
	types  []ner.EntityType // nil: all types of the dataset
	text   string
	finish ner.Finish
}

// passageFacts are what a file says about the passage of a prediction.
type passageFacts struct {
	text   *string
	tokens []string
	prompt *string // it contains the text
	// chunks are predictions in tokens. They become spans once the passage is known.
	chunks []metrics.Chunk
	// covered are the texts of the spans, as far as the file has them.
	covered []*string
}

// isGiven reports whether the document has a prediction, and no answers.
func (g *given) isGiven() bool { return g.answers == nil }

// at adds the place of the prediction in its file to an error.
func (g *given) at(err error) error {
	switch {
	case err == nil:
		return nil
	case g.line > 0:
		return &metrics.LineError{Line: g.line, Err: err}
	}
	return fmt.Errorf("record %d: %w", g.record, err)
}

// settle compares what the file says about the passage with the document, and sets the
// spans of predictions in tokens. show permits text of the passage in errors.
func (g *given) settle(d *ner.Document, show bool) error {
	say := shower(show)
	switch {
	case g.says.text != nil && *g.says.text != d.Text:
		return fmt.Errorf("the text differs from document %q%s", d.ID, say(": it begins %s, the document %s", *g.says.text, d.Text))
	case g.says.prompt != nil && !strings.Contains(*g.says.prompt, d.Text):
		return fmt.Errorf("the prompt does not contain the text of document %q%s", d.ID, say(", which begins %s", d.Text))
	}
	if g.says.tokens != nil {
		places, rest, err := placeTokens(d, 0, g.says.tokens, show)
		if err == nil && strings.TrimSpace(d.Text[rest:]) != "" {
			err = fmt.Errorf("the tokens end before document %q does%s", d.ID, say(", at %s", d.Text[rest:]))
		}
		if err != nil {
			return err
		}
		if g.says.chunks != nil {
			g.Spans = append([]ner.PointSpan{}, chunkSpans(d, places, g.says.chunks)...)
		}
	}
	return g.checkCovered(d, show)
}

// shower returns a function that formats texts of passages, or returns nothing if they
// may not be shown.
func shower(show bool) func(format string, texts ...string) string {
	return func(format string, texts ...string) string {
		if !show {
			return ""
		}
		quoted := make([]any, len(texts))
		for i, t := range texts {
			quoted[i] = fmt.Sprintf("%.40q", t)
		}
		return fmt.Sprintf(format, quoted...)
	}
}

// placeTokens finds tokens in the text of a document behind a position, with nothing but
// white space between them. end is the end of the last one.
func placeTokens(d *ner.Document, from int, tokens []string, show bool) (places []ner.Range, end int, err error) {
	places = make([]ner.Range, len(tokens))
	at := from
	for i, token := range tokens {
		start, ok := skipTo(d.Text, at, token)
		if !ok {
			return nil, at, fmt.Errorf("token %d differs from document %q%s", i+1, d.ID,
				shower(show)(": it is %s, the document continues %s", token, strings.TrimSpace(d.Text[at:])))
		}
		at = start + len(token)
		places[i] = ner.Range{Start: start, End: at}
	}
	return places, at, nil
}

// skipTo skips white space up to a token.
func skipTo(text string, at int, token string) (start int, ok bool) {
	for i, r := range text[at:] {
		if strings.HasPrefix(text[at+i:], token) {
			return at + i, true
		}
		if !unicode.IsSpace(r) {
			return 0, false
		}
	}
	return len(text), token == ""
}

// chunkSpans returns predictions in tokens as spans in code points, without white space
// at their edges. One of white space alone is left out (docs/spec/formats.md §1.4).
func chunkSpans(d *ner.Document, places []ner.Range, chunks []metrics.Chunk) []ner.PointSpan {
	points := ner.NewCodePoints(d.Text)
	var spans []ner.PointSpan
	for _, c := range chunks {
		start, end := places[c.Start].Start, places[c.End-1].End
		covered := d.Text[start:end]
		start += len(covered) - len(strings.TrimLeftFunc(covered, unicode.IsSpace))
		end = start + len(strings.TrimSpace(covered))
		if start < end {
			spans = append(spans, ner.PointSpan{Start: points.CodePoint(start), End: points.CodePoint(end), Type: c.Type})
		}
	}
	return spans
}

// checkCovered compares the text that each span should cover with the passage, up to
// white space. Offsets in another unit are named.
func (g *given) checkCovered(d *ner.Document, show bool) error {
	for i, want := range g.says.covered {
		if want == nil {
			continue
		}
		s := g.Spans[i]
		covered, ok := codePointUnit(d.Text, s.Start, s.End)
		if ok && sameText(covered, *want) {
			continue
		}
		for _, u := range otherUnits {
			if g.allCovered(d.Text, u.slice) {
				return fmt.Errorf("document %q: span %d: the offsets count %s, want Unicode code points", d.ID, i, u.name)
			}
		}
		return fmt.Errorf("document %q: span %d: [%d,%d) does not cover its text%s", d.ID, i, s.Start, s.End, shower(show)(": it is %s, the passage has %s", *want, covered))
	}
	return nil
}

// allCovered reports whether every span covers its text if the offsets are in a unit.
func (g *given) allCovered(text string, slice func(text string, start, end int) (string, bool)) bool {
	for i, want := range g.says.covered {
		if want == nil {
			continue
		}
		if covered, ok := slice(text, g.Spans[i].Start, g.Spans[i].End); !ok || !sameText(covered, *want) {
			return false
		}
	}
	return true
}

func sameText(a, b string) bool {
	return a == b || strings.Join(strings.Fields(a), " ") == strings.Join(strings.Fields(b), " ")
}

// otherUnits are units of offsets that other programs count.
var otherUnits = []struct {
	name  string
	slice func(text string, start, end int) (string, bool)
}{
	{"UTF-16 code units", utf16Unit},
	{"bytes", byteUnit},
}

func codePointUnit(text string, start, end int) (string, bool) {
	points := ner.NewCodePoints(text)
	s, err1 := points.Byte(start)
	e, err2 := points.Byte(end)
	if err1 != nil || err2 != nil || s > e {
		return "", false
	}
	return text[s:e], true
}

func byteUnit(text string, start, end int) (string, bool) {
	if start < 0 || start > end || end > len(text) {
		return "", false
	}
	return text[start:end], true
}

func utf16Unit(text string, start, end int) (string, bool) {
	units := utf16.Encode([]rune(text))
	if start < 0 || start > end || end > len(units) {
		return "", false
	}
	return string(utf16.Decode(units[start:end])), true
}
