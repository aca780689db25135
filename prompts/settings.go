package prompts

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"nerbench/ner"
)

// Settings says how documents become questions. Zero values are the defaults of
// docs/spec/prompts.md.
type Settings struct {
	Family string // empty: uniner
	// Variant of the family, such as "repo" or "repo+nl" with a dataset line.
	Variant string
	// Dataset is the D of the dataset line (§4.1), and DatasetName says which name
	// that is: table6 (also if empty), or ids (§5.1).
	Dataset, DatasetName string
	Order                string // of the types: listed, name, shuffle:row, shuffle:document (§2.3)
	Wording              string // of the types: natural, native, upper, lower, title (§2.3)
	// Layout is empty for that of the variant, or chunk=K: at most K types in one
	// query (§1).
	Layout string
	// Paraphrase asks for one type by another name: "city=metropolis" (§5.3).
	Paraphrase string
	Queries    string // query set: all, gold, gold+k:K:uniform, gold+k:K:frequency, ratio:R (§2.9)
	// Shots is the number of demonstrations, and how they are chosen: "3",
	// "3:random", "5:cover:1" with the last one without mentions (§2.8).
	Shots string
	Seed  int // of all choices (§2.2)
	// Constrained decoding: off, json, or schema (§2.7).
	Constrained string
	// AsChat sends a completion prompt as one user message (§1).
	AsChat bool
	// Think gives the model room to think before it answers: 4,096 tokens (§2.5).
	Think bool
	// MaxTokens replaces the family's limit, and that of thinking; 0 keeps it.
	MaxTokens int
	// Stop are strings that end an answer, beside those of the family.
	Stop []string
	// Own are the families of the user's own, beside those of the program.
	Own []Family
}

// TypeInfo is a type of a dataset as prompts need it.
type TypeInfo struct {
	Name       ner.EntityType // natural name
	Native     string         // label of the file; the first of several
	Definition string         // a sentence; empty if there is none
	Phrase     string         // "are named human beings"; empty if there is none
	Guidelines string         // what to mark and what not; empty if there are none
	Examples   []string       // mentions
	// Paraphrases are other names to ask by (docs/spec/prompts.md §5.3).
	Paraphrases []string
}

// Dataset is what prompts need of a dataset.
type Dataset struct {
	ID    string
	Types []TypeInfo // in listed order
	// Train are the documents that demonstrations are chosen from; nil where the
	// dataset has none, or no demonstrations are asked for.
	Train []*ner.Document
	// Frequency is the number of mentions of each type in the train split, for
	// query sets that draw by it.
	Frequency map[ner.EntityType]int
}

// Refusal tells that a plan makes no sense, before anything is asked. Its code
// is one of those of docs/spec/prompts.md: no_definition, no_guidelines, no_fewshot,
// type_has_parenthesis.
type Refusal struct {
	Code string
	Why  string
}

func (e *Refusal) Error() string { return fmt.Sprintf("prompts: %s (%s)", e.Why, e.Code) }

// wordings are the ways to word a type (docs/spec/prompts.md §2.3).
var wordings = []string{"natural", "native", "upper", "lower", "title"}

// worded is what the prompt says for a type.
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

// title puts the first letter of each blank-separated word in upper case and
// leaves the rest as it is.
func title(name string) string {
	words := strings.Split(name, " ")
	for i, w := range words {
		if r, n := utf8.DecodeRuneInString(w); n > 0 {
			words[i] = string(unicode.ToUpper(r)) + w[n:]
		}
	}
	return strings.Join(words, " ")
}
