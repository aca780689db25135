package harness

import (
	"os"
	"slices"

	"nerbench/prompts"
)

// AllFamilies returns the embedded prompt families, then those of the user's own.
func (b *Bench) AllFamilies() ([]prompts.Family, error) {
	own, err := b.OwnFamilies()
	return append(append([]prompts.Family{}, prompts.Families...), own...), err
}

// OwnFamilies reads the prompt families in the folder Families.
func (b *Bench) OwnFamilies() ([]prompts.Family, error) {
	if b.Families == "" {
		return nil, nil
	}
	return prompts.ReadFamilies(os.DirFS(b.Families))
}

// answersOf returns how the answers of a run are parsed. A run with a family of the
// user's own has a key with the form of its answers, so the family may be gone.
func answersOf(keys map[string]string) (prompts.Answers, error) {
	if form := keys["answer"]; form != "" {
		return prompts.Answers{Form: form}, nil
	}
	return prompts.AnswersOf(keys["family"], keys["variant"])
}

// trainedTokens returns the longest prompt, in tokens, that the models of a run's
// family were trained on; 0: unknown.
func trainedTokens(keys map[string]string) int {
	i := slices.IndexFunc(prompts.Families, func(f prompts.Family) bool { return f.Name == keys["family"] })
	if i < 0 {
		return 0
	}
	return prompts.Families[i].TrainedTokens
}

// Describe adds the descriptions of its types to a dataset: those of the user, else
// the embedded ones.
func (b *Bench) Describe(dataset *prompts.Dataset) error {
	if b.Families != "" {
		found, err := prompts.Describe(dataset, os.DirFS(b.Families))
		if found || err != nil {
			return err
		}
	}
	_, err := prompts.Describe(dataset, prompts.Descriptions())
	return err
}
