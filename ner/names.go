package ner

import (
	"strconv"
	"strings"
)

// ClassNames returns the class names of types in code prompts
// (docs/spec/prompts.md §4.9), in the order of words. A name is split at characters
// other than ASCII letters and digits; the pieces are capitalized and joined. A
// repeated name gets a number, and so does Entity, the name of the base class.
func ClassNames(words []string) []string {
	taken := map[string]int{"Entity": 1}
	names := make([]string, len(words))
	for i, w := range words {
		names[i] = numbered(taken, className(w), "")
	}
	return names
}

func className(word string) string {
	var b strings.Builder
	for _, piece := range strings.FieldsFunc(word, func(r rune) bool { return !asciiAlphanumeric(r) }) {
		b.WriteString(strings.ToUpper(piece[:1]) + piece[1:])
	}
	name := b.String()
	switch {
	case name == "" || name == "None" || name == "True" || name == "False" || '0' <= name[0] && name[0] <= '9':
		return "T" + name
	}
	return name
}

// TagNames returns the markup tags of types (docs/spec/prompts.md §4.7), in the order
// of words: lower case, with underscores. A repeated name gets a number. If one of
// the texts already contains such a tag, all names get the prefix x_, repeated until
// no text contains a tag.
func TagNames(words []string, texts ...string) []string {
	taken := map[string]int{}
	names := make([]string, len(words))
	for i, w := range words {
		names[i] = numbered(taken, tagName(w), "_")
	}
	for occurs(names, texts) {
		for i := range names {
			names[i] = "x_" + names[i]
		}
	}
	return names
}

func tagName(word string) string {
	name := strings.Join(strings.FieldsFunc(strings.ToLower(word), func(r rune) bool { return !asciiAlphanumeric(r) }), "_")
	switch {
	case name == "":
		return "t"
	case '0' <= name[0] && name[0] <= '9':
		return "t_" + name
	}
	return name
}

// occurs reports whether one of the texts contains the beginning of a tag with one
// of the names.
func occurs(names, texts []string) bool {
	for _, text := range texts {
		if !strings.Contains(text, "<") {
			continue
		}
		for _, name := range names {
			if strings.Contains(text, "<"+name) || strings.Contains(text, "</"+name) {
				return true
			}
		}
	}
	return false
}

// Markers returns the strings that enclose a marked mention of the family gpt_ner
// (docs/spec/prompts.md §4.10): @@ and ##, or brackets if one of the texts contains @@
// or ##.
func Markers(texts ...string) (open, closing string) {
	for _, text := range texts {
		if strings.Contains(text, "@@") || strings.Contains(text, "##") {
			return "⟦", "⟧"
		}
	}
	return "@@", "##"
}

// numbered makes a name unique: the second equal name gets the separator and 2.
func numbered(taken map[string]int, name, separator string) string {
	for n := taken[name]; n > 0; n++ {
		unique := name + separator + strconv.Itoa(n+1)
		if taken[unique] == 0 {
			taken[name], taken[unique] = n+1, 1
			return unique
		}
	}
	taken[name] = 1
	return name
}

func asciiAlphanumeric(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
}
