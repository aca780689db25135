package prompts

import "nerbench/ner"

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
