package ner

import (
	"strconv"
	"strings"
)

// ClassNames are the names that types have as classes of code (docs/spec/prompts.md §4.9),
// in the order of the words that a prompt has for them: the pieces between
// everything but ASCII letters and digits, each with a capital, joined. Equal
// names, and Entity, which is the base class, get a number.
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

// TagNames are the names that types have as tags of markup (docs/spec/prompts.md §4.7), in
// the order of the words that a prompt has for them: lower case, with underscores.
// Equal names get a number. Where one of the texts holds such a tag already, all
// of them get the prefix x_, as often as needed.
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

// occurs reports whether one of the texts holds the beginning of a tag of one of
// the names.
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

// Markers are what stands around a marked mention of the family gpt_ner
// (docs/spec/prompts.md §4.10): @@ and ##, or brackets where one of the texts holds those.
func Markers(texts ...string) (open, closing string) {
	for _, text := range texts {
		if strings.Contains(text, "@@") || strings.Contains(text, "##") {
			return "⟦", "⟧"
		}
	}
	return "@@", "##"
}

// numbered makes a name unique: the second one of its kind gets separator and 2.
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
