package loaders

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"nerbench/ner"
)

// placed is a mention of a file: its fragments in offsets of the file, and its own
// text.
type placed struct {
	label     string
	fragments [][2]int // end exclusive
	own       *string  // nil: the file has none
	where     string   // for errors; may be empty
}

// ruler converts offsets of a file to bytes of the document's text.
type ruler struct {
	counter string // counted if the ruler is used; empty for the expected unit
	unit    string
	points  *ner.CodePoints // the usual unit
	bytes   []int           // byte of each offset; -1: within a character
}

// at returns the byte at an offset.
func (u *ruler) at(offset int) (int, error) {
	if u.points != nil {
		return u.points.Byte(offset)
	}
	switch {
	case offset < 0 || offset >= len(u.bytes):
		return 0, fmt.Errorf("offset %d: outside the text of %d %s", offset, len(u.bytes)-1, u.unit)
	case u.bytes[offset] < 0:
		return 0, fmt.Errorf("offset %d: within a character", offset)
	}
	return u.bytes[offset], nil
}

// inPoints counts code points of the text.
func inPoints(text string) *ruler {
	points := ner.NewCodePoints(text)
	return &ruler{unit: "code points", points: &points}
}

// inUTF16 counts the UTF-16 code units of the text.
func inUTF16(text string) *ruler {
	u := &ruler{unit: "UTF-16 code units", counter: "utf16_offsets", bytes: make([]int, 0, len(text)+1)}
	for i, c := range text {
		u.bytes = append(u.bytes, i)
		if c > 0xFFFF {
			u.bytes = append(u.bytes, -1)
		}
	}
	u.bytes = append(u.bytes, len(text))
	return u
}

// inBytes counts the bytes of the text.
func inBytes(text string) *ruler {
	u := &ruler{unit: "bytes", bytes: make([]int, len(text)+1)}
	for i := range u.bytes {
		u.bytes[i] = i
		if i < len(text) && !utf8.RuneStart(text[i]) {
			u.bytes[i] = -1
		}
	}
	return u
}

// inRaw counts the characters of a file whose byte order mark and carriage returns
// are not in the text (see [reading.clean]), in code points or UTF-16 code units.
func inRaw(raw string, utf16 bool) *ruler {
	u := &ruler{unit: "characters of the file"}
	if utf16 {
		u.counter = "utf16_offsets"
	}
	at := 0
	for i, c := range raw {
		u.bytes = append(u.bytes, at)
		if utf16 && c > 0xFFFF {
			u.bytes = append(u.bytes, -1)
		}
		if i == 0 && c == '\uFEFF' || c == '\r' && strings.HasPrefix(raw[i:], "\r\n") {
			continue
		}
		at += utf8.RuneLen(c)
	}
	u.bytes = append(u.bytes, at)
	return u
}

// rulersOf are the possible units of offsets in a file with a text of its own: code
// points of the file, of the text without byte order mark and carriage returns, and
// the same in UTF-16 code units.
func rulersOf(raw, text string) []*ruler {
	if raw == text && isBasic(text) {
		return []*ruler{inPoints(text)}
	}
	var all []*ruler
	for _, utf16 := range []bool{false, true} {
		if utf16 && isBasic(text) {
			break
		}
		all = append(all, inRaw(raw, utf16))
		if rest, ok := strings.CutPrefix(raw, "\uFEFF"); ok {
			all = append(all, inRaw(rest, utf16))
		}
		if raw != text && !utf16 {
			all = append(all, inPoints(text))
		} else if raw != text {
			all = append(all, inUTF16(text))
		}
	}
	return all
}

// isBasic reports whether each code point is one UTF-16 code unit.
func isBasic(text string) bool {
	return !strings.ContainsFunc(text, func(c rune) bool { return c > 0xFFFF })
}

// place converts the mentions of a document to spans, in the unit of the ruler that
// fits best to their own texts; the first one is preferred. Mentions whose own text
// still differs, apart from white space, are counted (text_mismatch).
func (r *reading) place(text string, mentions []placed, rulers ...*ruler) ([]labelled, error) {
	return r.placeBy(r.labelOf, text, mentions, rulers...)
}

// placeBy is [reading.place] with another way to find labels.
func (r *reading) placeBy(find func(string) (*label, error), text string, mentions []placed, rulers ...*ruler) ([]labelled, error) {
	var attempts []attempt
	for _, u := range rulers {
		attempts = append(attempts, attempt{u, mentions})
	}
	return r.placeAs(find, text, attempts...)
}

// attempt is one way to understand the offsets of mentions.
type attempt struct {
	*ruler
	mentions []placed
}

// placeAs is [reading.placeBy] for mentions whose offsets may also differ in their
// origins.
func (r *reading) placeAs(find func(string) (*label, error), text string, attempts ...attempt) ([]labelled, error) {
	best, fewest := attempts[0], -1
	for _, a := range attempts {
		if n := mismatches(text, a.mentions, a.ruler); fewest < 0 || n < fewest {
			best, fewest = a, n
		}
		if fewest == 0 {
			break
		}
	}
	mentions := best.mentions
	if best.counter != "" && len(mentions) > 0 {
		r.tally.Repairs[best.counter]++
	}
	var spans []labelled
	for i := range mentions {
		s, err := r.placeOne(find, text, &mentions[i], best.ruler)
		if err != nil && mentions[i].where != "" {
			err = fmt.Errorf("%s: %w", mentions[i].where, err)
		}
		if err != nil {
			return nil, err
		}
		spans = append(spans, s)
	}
	return spans, nil
}

func (r *reading) placeOne(find func(string) (*label, error), text string, m *placed, u *ruler) (labelled, error) {
	first, last := m.fragments[0][0], m.fragments[0][1]
	for _, f := range m.fragments {
		first, last = min(first, f[0], f[1]), max(last, f[0], f[1])
	}
	start, err := u.at(first)
	if err != nil {
		return labelled{}, fmt.Errorf("mention: %w", err)
	}
	end, err := u.at(last)
	if err != nil {
		return labelled{}, fmt.Errorf("mention: %w", err)
	}
	if start >= end {
		return labelled{}, fmt.Errorf("mention: offsets %d to %d are not a range", first, last)
	}
	l, err := find(m.label)
	if err != nil {
		return labelled{}, err
	}
	if differs(text, m, u) {
		r.tally.Repairs["text_mismatch"]++
	}
	return labelled{start: start, end: end, label: l, gap: len(m.fragments) > 1}, nil
}

// mismatches counts the mentions that do not have their own text in a unit.
func mismatches(text string, mentions []placed, u *ruler) int {
	n := 0
	for i := range mentions {
		if differs(text, &mentions[i], u) {
			n++
		}
	}
	return n
}

// differs reports whether a mention has other text than its own at its offsets, or
// none at all. White space is not compared: some tools replace line ends by spaces.
func differs(text string, m *placed, u *ruler) bool {
	if m.own == nil {
		for _, f := range m.fragments {
			if _, err := u.at(f[1]); err != nil {
				return true
			}
		}
		return false
	}
	own := *m.own
	for _, f := range m.fragments {
		start, err1 := u.at(f[0])
		end, err2 := u.at(f[1])
		if err1 != nil || err2 != nil || start > end {
			return true
		}
		var ok bool
		if own, ok = cutVisible(own, text[start:end]); !ok {
			return true
		}
	}
	return strings.TrimFunc(own, unicode.IsSpace) != ""
}

// cutVisible removes a prefix from a text; white space in both is ignored.
func cutVisible(text, prefix string) (rest string, ok bool) {
	for _, c := range prefix {
		if unicode.IsSpace(c) {
			continue
		}
		text = strings.TrimLeftFunc(text, unicode.IsSpace)
		if text, ok = strings.CutPrefix(text, string(c)); !ok {
			return text, false
		}
	}
	return text, true
}
