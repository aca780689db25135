package harness

import (
	"os"
	"slices"

	"nerbench/answers"
	"nerbench/internal/strict"
	"nerbench/ner"
	"nerbench/prompts"
)

// AllFamilies returns the embedded prompt families, then those of the user's own. The
// error joins those of invalid families; the list has all others.
func (b *Bench) AllFamilies() ([]prompts.Family, error) {
	own, err := b.readFamilies()
	if err != nil {
		return nil, err
	}
	return slices.Concat(prompts.Families, own.Items), own.Err()
}

// OwnFamilies returns the valid families of the user's own. The error of an invalid
// family is returned only if it is the named one.
func (b *Bench) OwnFamilies(named string) ([]prompts.Family, error) {
	own, err := b.readFamilies()
	if err != nil {
		return nil, err
	}
	return own.Items, own.Faults[named]
}

// readFamilies reads the families of the user's own.
func (b *Bench) readFamilies() (strict.Folder[prompts.Family], error) {
	if b.Families == "" {
		return strict.Folder[prompts.Family]{}, nil
	}
	if err := checkFolder("prompts", b.Families); err != nil {
		return strict.Folder[prompts.Family]{}, err
	}
	return prompts.ReadFamilies(os.DirFS(b.Families))
}

// answersOf returns how the answers of a run are parsed. A run with a family of the
// user's own has a key with the form of its answers, so the family may be gone.
func answersOf(keys map[string]string) (prompts.Answers, error) {
	if form := keys["answer"]; form != "" {
		return prompts.Answers{Form: form}, nil
	}
	if ner.Imported(keys) && keys["family"] == "" {
		return prompts.Answers{Form: answers.GivenForm}, nil
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
