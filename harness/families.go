package harness

import (
	"os"

	"nerbench/prompts"
)

// families are the prompt families of the program, then those of the user's own.
func (b *Bench) families() ([]prompts.Family, error) {
	own, err := b.ownFamilies()
	return append(append([]prompts.Family{}, prompts.Families...), own...), err
}

// ownFamilies reads the folders of --prompts.
func (b *Bench) ownFamilies() ([]prompts.Family, error) {
	if b.Families == "" {
		return nil, nil
	}
	return prompts.ReadFamilies(os.DirFS(b.Families))
}

// describe adds to a dataset what is known of its types beside their names: by the
// user, else by the program.
func (b *Bench) describe(dataset *prompts.Dataset) error {
	if b.Families != "" {
		found, err := prompts.Describe(dataset, os.DirFS(b.Families))
		if found || err != nil {
			return err
		}
	}
	_, err := prompts.Describe(dataset, prompts.Descriptions())
	return err
}
