package harness

import (
	"os"
	"slices"

	"nerbench/prompts"
)

// AllFamilies returns the prompt families of the program, then those of the user's own.
func (b *Bench) AllFamilies() ([]prompts.Family, error) {
	own, err := b.OwnFamilies()
	return append(append([]prompts.Family{}, prompts.Families...), own...), err
}

// OwnFamilies reads the folders of --prompts.
func (b *Bench) OwnFamilies() ([]prompts.Family, error) {
	if b.Families == "" {
		return nil, nil
	}
	return prompts.ReadFamilies(os.DirFS(b.Families))
}

// answersOf says how the answers of a run are parsed. A family of the user's own need
// not be there any more: the run has the form of its answers.
func answersOf(keys map[string]string) (prompts.Answers, error) {
	if form := keys["answer"]; form != "" {
		return prompts.Answers{Form: form}, nil
	}
	return prompts.AnswersOf(keys["family"], keys["variant"])
}

// trainedTokens is the length of the prompts that the models of a run's family were
// trained on; 0: it is not known.
func trainedTokens(keys map[string]string) int {
	i := slices.IndexFunc(prompts.Families, func(f prompts.Family) bool { return f.Name == keys["family"] })
	if i < 0 {
		return 0
	}
	return prompts.Families[i].TrainedTokens
}

// Describe adds to a dataset what is known of its types beside their names: by the
// user, else by the program.
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
