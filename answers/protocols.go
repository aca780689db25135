package answers

import (
	"slices"
	"strings"

	"nerbench/ner"
)

// GNERItems returns mentions as GNER compares them: text and type normalised
// (docs/spec/metrics.md §9.1, step 5).
func GNERItems(mentions []ner.Mention) []ner.Mention {
	return each(mentions, func(m ner.Mention) ner.Mention {
		return ner.Mention{Text: Normalise(m.Text), Type: ner.EntityType(Normalise(string(m.Type)))}
	})
}

// GoLLIEItems returns mentions as GoLLIE compares them: the type, and the stripped text
// in lower case (docs/spec/metrics.md §9.3).
func GoLLIEItems(mentions []ner.Mention) []ner.Mention {
	return each(mentions, func(m ner.Mention) ner.Mention {
		return ner.Mention{Text: strings.TrimFunc(Lower(m.Text), isSpace), Type: m.Type}
	})
}

// GoLLIEFilter removes the predictions that GoLLIE's scorer does not count, in order
// (docs/spec/metrics.md §9.3): those that are not in the text, and repeats beyond the
// number of occurrences in the text. All types share this number, and a removed repeat
// still counts.
func GoLLIEFilter(text string, mentions []ner.Mention) []ner.Mention {
	text = Lower(text)
	used := map[string]int{}
	var kept []ner.Mention
	for _, m := range mentions {
		lowered := Lower(m.Text)
		if !strings.Contains(text, strings.TrimFunc(lowered, isSpace)) {
			continue
		}
		if lowered != "" {
			used[lowered]++
			if used[lowered] > strings.Count(text, lowered) {
				continue
			}
		}
		kept = append(kept, m)
	}
	return kept
}

// ReasoningNERItems returns predictions as ReasoningNER compares them: the text
// normalised, the type stripped and in lower case (docs/spec/metrics.md §9.4, step 4).
func ReasoningNERItems(mentions []ner.Mention) []ner.Mention {
	return each(mentions, func(m ner.Mention) ner.Mention {
		return ner.Mention{Text: Normalise(m.Text), Type: ner.EntityType(reasoningType(string(m.Type)))}
	})
}

// ReasoningNERGold returns gold mentions as ReasoningNER compares them: only mentions of
// the offered types, without its names for no type (docs/spec/metrics.md §9.4, step 5).
func ReasoningNERGold(mentions []ner.Mention, offered []ner.EntityType) []ner.Mention {
	types := map[ner.EntityType]bool{}
	for _, t := range offered {
		types[ner.EntityType(reasoningType(string(t)))] = true
	}
	return slices.DeleteFunc(ReasoningNERItems(mentions), func(m ner.Mention) bool {
		switch m.Type {
		case "na", "n a", "misc", "else", "other", "nan", "":
			return true
		}
		return !types[m.Type]
	})
}

func reasoningType(t string) string { return strings.TrimFunc(Lower(t), isSpace) }

// Words splits a text at white space (docs/spec/metrics.md §3.3, step 4).
func Words(text string) []string { return strings.FieldsFunc(text, isSpace) }

// WordRanges returns the ranges of [Words] in the text, in bytes.
func WordRanges(text string) []ner.Range {
	var ranges []ner.Range
	at := 0
	for _, w := range Words(text) {
		start := at + strings.Index(text[at:], w) // nothing but white space stands before it
		at = start + len(w)
		ranges = append(ranges, ner.Range{Start: start, End: at})
	}
	return ranges
}

// InstructUIEAnswer returns mentions in the form of instructuie and b2ner: "type: entity;
// type: entity", or " None" without mentions (docs/spec/metrics.md §9.2).
func InstructUIEAnswer(mentions []ner.Mention) string {
	if len(mentions) == 0 {
		return " None"
	}
	var b strings.Builder
	for i, m := range mentions {
		if i > 0 {
			b.WriteByte(';')
		}
		b.WriteString(" " + string(m.Type) + ": " + m.Text)
	}
	return b.String()
}

func each(mentions []ner.Mention, f func(ner.Mention) ner.Mention) []ner.Mention {
	out := make([]ner.Mention, len(mentions))
	for i, m := range mentions {
		out[i] = f(m)
	}
	return out
}
