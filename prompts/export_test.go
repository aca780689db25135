package prompts

import (
	"maps"
	"slices"

	"nerbench/ner"
)

// AnsweredVariants are the variants that a family's entry of the table names; "" stands
// for all others.
func AnsweredVariants(f Family) []string { return slices.Sorted(maps.Keys(f.answers)) }

// Chosen are the demonstrations for a text, of any number: New refuses more than
// there are.
func Chosen(dataset Dataset, setting string, seed int, text string) ([]*ner.Document, error) {
	s, err := parseShots(setting)
	if err != nil {
		return nil, err
	}
	s.order(dataset, seed)
	shown, _ := s.choose(text)
	return shown, nil
}
