package prompts

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"nerbench/ner"
)

// Settings are the settings of prompts. Zero values are the defaults of
// docs/spec/prompts.md.
type Settings struct {
	Family string // empty: uniner
	// Variant is a variant of the family, such as "repo", or "repo+nl" with a dataset
	// line.
	Variant string
	// Dataset is the name in the dataset line (§4.1). DatasetName is the kind of name:
	// table6 (default), or ids (§5.1).
	Dataset, DatasetName string
	Order                string // of the types: listed, name, shuffle:row, shuffle:document (§2.3)
	Wording              string // of the types: natural, native, upper, lower, title (§2.3)
	// Layout is chunk=K for at most K types in one query (§1); empty: the layout of the
	// variant.
	Layout string
	// Paraphrase replaces the name of one type: "city=metropolis" (§5.3).
	Paraphrase string
	Queries    string // query set: all, gold, gold+k:K:uniform, gold+k:K:frequency, ratio:R (§2.9)
	// Shots is the number and choice of demonstrations, such as "3", "3:random", or
	// "5:cover:1" with one demonstration without mentions (§2.8).
	Shots string
	Seed  int // of all choices (§2.2)
	// Constrained is the mode of constrained decoding: off, json, or schema (§2.7).
	Constrained string
	// As is the shape in which prompts are sent: chat, completion, or empty for that of
	// the variant (§1).
	As string
	// Think raises the limit of an answer to 4,096 tokens, for thinking (§2.5).
	Think bool
	// MaxTokens replaces the limit of an answer; 0: the default.
	MaxTokens int
	// Stop are stop strings in addition to those of the family.
	Stop []string
	// Own are the families of the user's own.
	Own []Family
}

// TypeInfo is a type of a dataset with its descriptions.
type TypeInfo struct {
	Name       ner.EntityType // natural name
	Native     string         // label of the file; the first of several
	Definition string         // a sentence; empty if there is none
	Phrase     string         // "are named human beings"; empty if there is none
	Guidelines string         // what to mark and what not; empty if there are none
	Examples   []string       // mentions
	// Paraphrases are other names of the type (docs/spec/prompts.md §5.3).
	Paraphrases []string
}

// Dataset has the data of a dataset that prompts need.
type Dataset struct {
	ID    string
	Types []TypeInfo // in listed order
	// Train are the documents to choose demonstrations from; nil without demonstrations
	// or without a train split.
	Train []*ner.Document
	// Frequency is the number of mentions of each type in the train split, for query
	// sets by frequency.
	Frequency map[ner.EntityType]int
}

// Refusal is the error about settings that cannot be rendered. Its code is one of
// docs/spec/prompts.md: no_definition, no_guidelines, no_fewshot, type_has_parenthesis.
type Refusal struct {
	Code string
	Why  string
}

func (e *Refusal) Error() string { return fmt.Sprintf("prompts: %s (%s)", e.Why, e.Code) }

// worded returns the word for a type.
func worded(t TypeInfo, wording string) string {
	name := string(t.Name)
	switch wording {
	case "native":
		return t.Native
	case "upper":
		return strings.ToUpper(name)
	case "lower":
		return strings.ToLower(name)
	case "title":
		return title(name)
	}
	return name
}

// title returns a text with the first letter of each word in upper case. Words are
// separated by spaces.
func title(name string) string {
	words := strings.Split(name, " ")
	for i, w := range words {
		if r, n := utf8.DecodeRuneInString(w); n > 0 {
			words[i] = string(unicode.ToUpper(r)) + w[n:]
		}
	}
	return strings.Join(words, " ")
}
