package harness

import (
	"os"

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
