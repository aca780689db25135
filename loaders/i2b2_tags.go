package loaders

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"nerbench/ner"
)

// readI2B2Tags reads the family i2b2-tags-xml (docs/spec/formats.md §2): one record
// per file, with its text in CDATA. TAGS contains one empty element per line with
// start, end (code points of the text) and text. The set's fields name the
// attribute with the label, and the elements that are mentions.
//
// Policy: some files are not well-formed XML, so they are read by lines; a value
// ends at a quote before another attribute or the end of the element. An element
// with an empty label is skipped (without_label). If the text at the offsets
// differs, offsets shifted by one are tried (shifted); otherwise the offsets are
// used (text_mismatch).
func readI2B2Tags(r *reading) error {
	if r.set.Fields == nil {
		return fmt.Errorf("its set %s has no table fields", r.set.Name)
	}
	return r.each(withSuffix(".xml"), r.tagsDocument)
}

func (r *reading) tagsDocument(name string) error {
	whole, err := r.whole(name)
	if err != nil {
		return err
	}
	before, rest, ok := strings.Cut(string(whole), "<TEXT><![CDATA[")
	text, rest, ended := strings.Cut(rest, "]]></TEXT>")
	if !ok || !ended {
		return fmt.Errorf("%s: expected <TEXT><![CDATA[ … ]]></TEXT>", r.shown(name))
	}
	_, tags, ok := strings.Cut(rest, "<TAGS>")
	tags, _, ended = strings.Cut(tags, "</TAGS>")
	if !ok || !ended {
		return fmt.Errorf("%s: expected <TAGS> … </TAGS> after the text", r.shown(name))
	}
	points := ner.NewCodePoints(text)
	first := 1 + strings.Count(before, "\n") + strings.Count(text, "\n") + strings.Count(rest[:strings.Index(rest, "<TAGS>")], "\n")
	var spans []labelled
	number := first
	for line := range strings.Lines(tags) {
		s, found, err := r.tagLine(points, text, strings.TrimSpace(line))
		if err != nil {
			return fmt.Errorf("%s:%d: %w", r.shown(name), number, err)
		}
		if found {
			spans = append(spans, s)
		}
		number++
	}
	return r.emit(&ner.Document{Text: text}, spans)
}

// tagLine reads one element; found is false if it is not a mention.
func (r *reading) tagLine(points ner.CodePoints, text, line string) (s labelled, found bool, err error) {
	if line == "" || strings.HasPrefix(line, "<!--") {
		return s, false, nil
	}
	body, ok1 := strings.CutPrefix(line, "<")
	body, ok2 := strings.CutSuffix(body, "/>")
	element, attributes, ok3 := strings.Cut(body, " ")
	if !ok1 || !ok2 || !ok3 {
		return s, false, fmt.Errorf("expected one empty element <NAME … />")
	}
	if f := r.set.Fields; len(f.Elements) > 0 && !slices.Contains(f.Elements, element) {
		r.tally.Repairs["other_elements"]++
		return s, false, nil
	}
	values, err := looseAttributes(attributes)
	if err != nil {
		return s, false, err
	}
	label := values[r.set.Fields.Tags]
	if label == "" {
		r.tally.Repairs["without_label"]++
		return s, false, nil
	}
	start, err1 := strconv.Atoi(values["start"])
	end, err2 := strconv.Atoi(values["end"])
	if err1 != nil || err2 != nil {
		return s, false, fmt.Errorf("start %q, end %q: expected numbers", values["start"], values["end"])
	}
	shift := r.shiftOf(points, text, start, end, values["text"])
	s, err = r.pointSpan(points, start+shift, end+shift, label)
	return s, err == nil, err
}

// shiftOf returns the shift of the offsets at which the text equals the mention; 0
// if there is none.
func (r *reading) shiftOf(points ner.CodePoints, text string, start, end int, own string) int {
	resolved, err := unescape(nil, []byte(own))
	if err != nil {
		resolved = []byte(own) // not well-formed
	}
	for _, shift := range []int{0, -1, 1} {
		from, err1 := points.Byte(start + shift)
		to, err2 := points.Byte(end + shift)
		if err1 != nil || err2 != nil || from > to {
			continue
		}
		if slice := text[from:to]; slice == own || slice == string(resolved) {
			if shift != 0 {
				r.tally.Repairs["shifted"]++
			}
			return shift
		}
	}
	r.tally.Repairs["text_mismatch"]++
	return 0
}

// looseAttributes reads name="value" pairs whose values may contain quotes: a value
// ends at a quote before another name="…", or at the end.
func looseAttributes(text string) (map[string]string, error) {
	values := map[string]string{}
	rest := []byte(strings.TrimSpace(text))
	for len(rest) > 0 {
		name, after, ok := bytes.Cut(rest, []byte(`="`))
		if !ok || len(name) == 0 || bytes.ContainsAny(name, " \"<>") {
			return nil, fmt.Errorf("attributes %q: expected name=\"value\"", rest)
		}
		end := valueEnd(after)
		if end < 0 {
			return nil, fmt.Errorf("attribute %s: its value has no end", name)
		}
		values[string(name)] = string(after[:end])
		rest = bytes.TrimLeft(after[end+1:], " \t")
	}
	return values, nil
}

// valueEnd is the position of the quote that ends a value.
func valueEnd(text []byte) int {
	for i, c := range text {
		if c == '"' && (len(bytes.TrimSpace(text[i+1:])) == 0 || beginsAttribute(text[i+1:])) {
			return i
		}
	}
	return -1
}

// beginsAttribute reports whether a text begins with white space and name=".
func beginsAttribute(text []byte) bool {
	rest := bytes.TrimLeft(text, " \t")
	name, _, ok := bytes.Cut(rest, []byte(`="`))
	return ok && len(rest) < len(text) && len(name) > 0 && !bytes.ContainsFunc(name, func(c rune) bool {
		return c != '_' && c != '-' && (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z')
	})
}
