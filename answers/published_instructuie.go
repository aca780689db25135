package answers

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// InstructUIEItems returns the items of an answer "type: entity; type: entity" as
// InstructUIE's evaluator compares them (docs/spec/metrics.md §9.2): whole strings with
// their type, in order, without duplicates. "None" is the item "none", an empty answer
// is the item "".
func InstructUIEItems(answer string) []string {
	return items(answer, formatInstructUIE)
}

// B2NERItems returns the items of an answer in the same grammar as B2NER's
// evaluator compares them (docs/spec/metrics.md §9.2). Items without a colon are dropped.
func B2NERItems(answer string) []string {
	return slices.DeleteFunc(items(answer, formatB2NER), func(s string) bool { return !strings.Contains(s, ":") })
}

func items(answer string, format func(string) string) []string {
	var out []string
	seen := map[string]bool{}
	for piece := range strings.SplitSeq(format(answer), ";") {
		if item := format(piece); !seen[item] {
			seen[item] = true
			out = append(out, item)
		}
	}
	return out
}

// formatInstructUIE implements format of docs/spec/metrics.md §9.2.
func formatInstructUIE(s string) string {
	return strings.ReplaceAll(formatCommon(s), "location", "located")
}

// formatCommon implements format without its last replacement.
func formatCommon(s string) string {
	var memory [256]byte // most answers are short: what is built here is not allocated
	if out, ok := appendFormatted(memory[:0], s); ok {
		return string(out)
	}
	return formatAny(s)
}

// formatMark has the characters without spaces around them.
var formatMark = func() (marks [utf8.RuneSelf]bool) {
	for _, c := range []byte(",:()._;'-") {
		marks[c] = true
	}
	return marks
}()

// appendFormatted appends the common form of an ASCII string to nothing, in one
// pass. ok is false if the string is not ASCII.
func appendFormatted(out []byte, s string) (formatted []byte, ok bool) {
	last, blanks := -1, false // what stood before, if anything, and whether blanks follow it
	for i := 0; i < len(s); i++ {
		c := s[i]
		class := asciiClass[c]
		if class == beyond {
			return nil, false
		}
		if class == blank {
			blanks = true
			continue
		}
		if blanks && last >= 0 && !formatMark[last] && !formatMark[c] {
			out = append(out, ' ')
		}
		last, blanks = int(c), false
		switch {
		case c == '{' || c == '}':
			continue
		case (c == ',' || c == '.' || c == ';') && len(out) > 0 && out[len(out)-1] == c:
			continue
		case 'A' <= c && c <= 'Z':
			c += 'a' - 'A'
		}
		out = append(out, c)
	}
	return out, true
}

// formatAny is [formatCommon] of any string.
func formatAny(s string) string {
	s = strings.Join(strings.FieldsFunc(s, isSpace), " ")
	for _, mark := range []string{",", ":", "(", ")", ".", "_", ";", "'", "-"} {
		s = withoutBlanksAround(s, mark)
	}
	s = Lower(s)
	if strings.ContainsAny(s, "{}") {
		s = withoutBraces.Replace(s)
	}
	for _, mark := range []string{",", ".", ";"} {
		s = withoutRuns(s, mark)
	}
	return strings.ReplaceAll(s, "’", "'")
}

var withoutBraces = strings.NewReplacer("{", "", "}", "")

// withoutBlanksAround removes the spaces on both sides of a mark.
func withoutBlanksAround(s, mark string) string {
	if !strings.Contains(s, mark) {
		return s
	}
	pieces := strings.Split(s, mark)
	for i := range pieces {
		if i > 0 {
			pieces[i] = strings.TrimLeft(pieces[i], " ")
		}
		if i < len(pieces)-1 {
			pieces[i] = strings.TrimRight(pieces[i], " ")
		}
	}
	return strings.Join(pieces, mark)
}

// withoutRuns reduces runs of a mark to one.
func withoutRuns(s, mark string) string {
	for strings.Contains(s, mark+mark) {
		s = strings.ReplaceAll(s, mark+mark, mark)
	}
	return s
}

var (
	b2nerMarks = strings.NewReplacer("；", ";", "：", ":", "，", ",", "‘", "'", "’", "'", "“", `"`, "”", `"`)
	b2nerTitle = regexp.MustCompile(`《([^\n]+?)》`)
	b2nerEdges = regexp.MustCompile(`^[《》<>（）()]+([^\n]+?)[《》<>（）()]+\n?$`)
)

// formatB2NER is the format of B2NER (docs/spec/metrics.md §9.2).
func formatB2NER(s string) string {
	s = formatCommon(s)
	if !isASCII(s) {
		s = b2nerMarks.Replace(s)
	}
	s = strings.ReplaceAll(s, "located", "location")
	s = strings.ReplaceAll(s, "organisation", "organization")
	colon := strings.LastIndexByte(s, ':')
	if colon < 0 {
		return s
	}
	entity := strings.Trim(s[colon+1:], "@#")
	if strings.Contains(entity, "《") {
		if m := b2nerTitle.FindStringSubmatch(entity); m != nil {
			entity = m[1]
		}
	}
	if strings.IndexAny(entity, "《》<>（）()") == 0 {
		if m := b2nerEdges.FindStringSubmatch(entity); m != nil {
			entity = m[1]
		}
	}
	return s[:colon+1] + entity
}
