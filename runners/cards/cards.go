// Package cards has cards of published models: how each is asked, and what it was
// trained on. A card is one TOML file; docs/models.md describes every field.
package cards

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"nerbench/internal/strict"
)

// Card is what is known of a model.
type Card struct {
	// Name is the file's name without .toml.
	Name  string `toml:"-" json:"name"`
	Title string `toml:"title" json:"title"`
	// Model is what run -m asks when the card is named: ollama/NAME, vllm/NAME, …;
	// empty: the card says how to ask, not whom.
	Model string `toml:"model" json:"model,omitempty"`
	// Where is the repository of the weights on the Hugging Face hub.
	Where string `toml:"where" json:"where,omitempty"`
	// Family and Variant are those of the prompts; Shape is completion or chat.
	Family  string `toml:"family" json:"family"`
	Variant string `toml:"variant" json:"variant"`
	Shape   string `toml:"shape" json:"shape"`
	// Context is the longest that the model was made for, in tokens, whatever its
	// server says; 0: not known.
	Context int `toml:"context" json:"context,omitempty"`
	// Think says that the model was made to think before it answers.
	Think bool `toml:"think" json:"think,omitempty"`
	// Stop are strings that end an answer beside those of the family, Special texts
	// that must be one token each.
	Stop    []string `toml:"stop" json:"stop,omitempty"`
	Special []string `toml:"special" json:"special,omitempty"`
	// Training are the datasets whose train split the model saw; nil: not known, empty:
	// none.
	Training []string `toml:"training" json:"training"`
	// PriceIn and PriceOut are those of a million tokens of prompts and answers.
	PriceIn  float64 `toml:"price_in" json:"price_in,omitempty"`
	PriceOut float64 `toml:"price_out" json:"price_out,omitempty"`
	Note     string  `toml:"note" json:"note,omitempty"`
}

// Saw says whether the model saw the train split of a dataset: yes, no, or unknown.
func (c *Card) Saw(dataset string) string {
	switch {
	case c.Training == nil:
		return "unknown"
	case slices.Contains(c.Training, dataset):
		return "yes"
	}
	return "no"
}

//go:embed data/*.toml
var embedded embed.FS

// Embedded are the cards of the program, by name.
func Embedded() ([]Card, error) {
	sub, err := fs.Sub(embedded, "data")
	if err != nil {
		return nil, err
	}
	return Read(sub)
}

var namePattern = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]*$`)

// Read reads the cards (*.toml) at the root of fsys, by name. Reading is strict; the
// error joins all faults, each with its file.
func Read(fsys fs.FS) ([]Card, error) {
	folder, err := ReadFolder(fsys)
	if err == nil {
		err = folder.Err()
	}
	return folder.Items, err
}

// ReadFolder is [Read] for a folder in which some files may be bad: their errors
// are kept by file name.
func ReadFolder(fsys fs.FS) (strict.Folder[Card], error) {
	folder, err := strict.ReadFolder(fsys, readCard)
	if err != nil {
		return folder, fmt.Errorf("read model cards: %w", err)
	}
	return folder, nil
}

func readCard(fsys fs.FS, name string) (Card, error) {
	c := Card{Name: strings.TrimSuffix(path.Base(name), ".toml")}
	if err := strict.ReadTOML(fsys, name, &c); err != nil {
		return c, err
	}
	if err := c.lint(); err != nil {
		return c, fmt.Errorf("%s: %w", name, err)
	}
	return c, nil
}

func (c *Card) lint() error {
	switch {
	case !namePattern.MatchString(c.Name):
		return fmt.Errorf("the file names the card: want lower-case letters, digits, hyphens and full stops")
	case c.Title == "":
		return errors.New("title: missing")
	case c.Family == "":
		return errors.New("family: missing")
	case c.Shape != "completion" && c.Shape != "chat":
		return fmt.Errorf("shape: %q is not one of completion, chat", c.Shape)
	case c.Context < 0 || c.PriceIn < 0 || c.PriceOut < 0:
		return errors.New("context and prices: want numbers from 0")
	case slices.Contains(c.Stop, "") || slices.Contains(c.Special, ""):
		return errors.New("stop and special: want texts that are not empty")
	}
	return nil
}

// Find returns the card of a name.
func Find(cards []Card, name string) (Card, error) {
	var names []string
	for _, c := range cards {
		if c.Name == name {
			return c, nil
		}
		names = append(names, c.Name)
	}
	return Card{}, fmt.Errorf("model card %q: unknown (known: %s)", name, strings.Join(names, ", "))
}
