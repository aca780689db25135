package main

import (
	"os"

	"nerbench/prompts"
)

// families are the prompt families of the program, then those of the user's own.
func (env *environment) families() ([]prompts.Family, error) {
	own, err := env.ownFamilies()
	return append(append([]prompts.Family{}, prompts.Families...), own...), err
}

// ownFamilies reads the folders of --prompts.
func (env *environment) ownFamilies() ([]prompts.Family, error) {
	if env.prompts == "" {
		return nil, nil
	}
	return prompts.ReadFamilies(os.DirFS(env.prompts))
}

// describe adds to a dataset what is known of its types beside their names: by the
// user, else by the program.
func (env *environment) describe(dataset *prompts.Dataset) error {
	if env.prompts != "" {
		found, err := prompts.Describe(dataset, os.DirFS(env.prompts))
		if found || err != nil {
			return err
		}
	}
	_, err := prompts.Describe(dataset, prompts.Descriptions())
	return err
}
