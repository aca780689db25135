package exec

import (
	"errors"
	"fmt"
	"strconv"
	"unicode/utf16"

	"nerbench/ner"
	"nerbench/runners"
)

// locate converts the offsets of an answer to bytes. If the answer has the text of the
// span, it must be the text there. Offsets in other units are recognised by that text, and
// are an error: nothing is guessed.
func locate(text string, points ner.CodePoints, start, end int, given *string) (ner.Range, error) {
	from, err := points.Byte(start)
	to, err2 := points.Byte(end)
	outside := errors.Join(err, err2) != nil || start >= end
	switch {
	case !outside && (given == nil || text[from:to] == *given):
		return ner.Range{Start: from, End: to}, nil
	case given != nil && *given != "" && inUTF16(text, start, end) == *given:
		return ner.Range{}, fmt.Errorf("offsets %d to %d are UTF-16 code units: the protocol wants code points", start, end)
	case given != nil && *given != "" && inBytes(text, start, end) == *given:
		return ner.Range{}, fmt.Errorf("offsets %d to %d are bytes of UTF-8: the protocol wants code points", start, end)
	case start >= end:
		return ner.Range{}, fmt.Errorf("offsets %d to %d: want a start before the end", start, end)
	case outside:
		return ner.Range{}, fmt.Errorf("offsets %d to %d are outside the text of %d code points", start, end, points.Len())
	}
	return ner.Range{}, fmt.Errorf("the text at offsets %d to %d is %s, not %s", start, end, quotedText(text[from:to]), quotedText(*given))
}

func quotedText(s string) string { return strconv.Quote(runners.ShortMessage(s)) }

// inBytes is the text between two byte offsets; empty if there is none.
func inBytes(text string, start, end int) string {
	if !ner.ValidSpan(text, ner.Span{Start: start, End: end}) {
		return ""
	}
	return text[start:end]
}

// inUTF16 is the text between two offsets in UTF-16 code units; empty if there is none.
func inUTF16(text string, start, end int) string {
	from, to, unit := -1, -1, 0
	for i, r := range text + "\x00" {
		if unit == start {
			from = i
		}
		if unit == end {
			to = i
		}
		unit += max(utf16.RuneLen(r), 1)
	}
	if from < 0 || to <= from {
		return ""
	}
	return text[from:to]
}
