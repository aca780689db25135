// Package cards holds cards of published models: their prompts, their decoding and
// their training data. A card is one TOML file; docs/models.md describes every field.
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
	"time"

	"nerbench/internal/names"
	"nerbench/internal/strict"
	"nerbench/ner"
)

// Card describes a model.
type Card struct {
	// Name is the file's name without .toml.
	Name  string `toml:"-" json:"name"`
	Title string `toml:"title" json:"title"`
	// Model is the model of run -m that the card names: ollama/NAME, vllm/NAME, ….
	// Empty: the card applies to any model.
	Model string `toml:"model" json:"model,omitempty"`
	// Command is the command line of the program of a model exec/NAME; a command of the
	// user's own overrides it.
	Command string `toml:"command" json:"command,omitempty"`
	// Where is the repository of the weights on the Hugging Face hub.
	Where string `toml:"where" json:"where,omitempty"`
	// Weights names the weights of a model whose server reports no digest, as run
	// --weights does; a path is relative to the folder of the card.
	Weights string `toml:"weights" json:"weights,omitempty"`
	// Family and Variant are those of the prompts; Shape is completion or chat.
	Family  string `toml:"family" json:"family"`
	Variant string `toml:"variant" json:"variant"`
	Shape   string `toml:"shape" json:"shape"`
	// Context is the longest context that the model was trained for, in tokens,
	// whatever its server reports; 0: unknown.
	Context int `toml:"context" json:"context,omitempty"`
	// Think: the model was trained to think before it answers.
	Think bool `toml:"think" json:"think,omitempty"`
	// ThinkingMarks are the texts before and behind the thinking in an answer, if they
	// are none of the known ones (docs/spec/prompts.md §3.2).
	ThinkingMarks []string `toml:"thinking_marks" json:"thinking_marks,omitempty"`
	// Stop are strings that end an answer, in addition to those of the family.
	// Special are texts that must be one token each.
	Stop    []string `toml:"stop" json:"stop,omitempty"`
	Special []string `toml:"special" json:"special,omitempty"`
	// Training are the datasets whose train split was in the training data; nil:
	// unknown, empty: none.
	Training []string `toml:"training" json:"training"`
	// PriceIn and PriceOut are the prices of a million tokens of prompts and answers.
	PriceIn  float64 `toml:"price_in" json:"price_in,omitempty"`
	PriceOut float64 `toml:"price_out" json:"price_out,omitempty"`
	// Organisation has published the model under Licence, in the year and month, or on the
	// day, Released: 2024-06 or 2024-06-28. Parameters is their number: "7B". OpenWeights:
	// anybody can download the weights. Empty or nil: unknown.
	Organisation string `toml:"organisation" json:"organisation,omitempty"`
	Parameters   string `toml:"parameters" json:"parameters,omitempty"`
	Licence      string `toml:"licence" json:"licence,omitempty"`
	OpenWeights  *bool  `toml:"open_weights" json:"open_weights,omitempty"`
	Released     string `toml:"released" json:"released,omitempty"`
	Note         string `toml:"note" json:"note,omitempty"`
}

// Saw returns whether the model was trained on the train split of a dataset: yes, no, or unknown.
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

// Embedded returns the cards of the program, by name.
func Embedded() ([]Card, error) {
	sub, err := fs.Sub(embedded, "data")
	if err != nil {
		return nil, err
	}
	return Read(sub)
}

var namePattern = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]*$`)

// Read reads the cards (*.toml) at the root of fsys, by name. Reading is strict. The
// error joins the errors of all files.
func Read(fsys fs.FS) ([]Card, error) {
	folder, err := ReadFolder(fsys)
	if err == nil {
		err = folder.Err()
	}
	return folder.Items, err
}

// ReadFolder is [Read] for a folder in which some files may be bad: it returns their
// errors by file name.
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

var parametersPattern = regexp.MustCompile(`^[0-9]+(\.[0-9]+)?[MBT]$`)

// isDay reports whether a text is a month or a day.
func isDay(text string) bool {
	_, month := time.Parse("2006-01", text)
	_, day := time.Parse(time.DateOnly, text)
	return month == nil || day == nil
}

func (c *Card) lint() error {
	_, unusable := names.Element(c.Name)
	switch {
	case !namePattern.MatchString(c.Name):
		return fmt.Errorf("the name of the file is the name of the card: want lower-case letters, digits, hyphens and full stops")
	case unusable != nil:
		return fmt.Errorf("name %w", unusable)
	case c.Title == "":
		return errors.New("title: missing")
	case c.Family == "":
		return errors.New("family: missing")
	case c.Command != "" && !strings.HasPrefix(c.Model, "exec/"):
		return errors.New("command: only for a model exec/NAME")
	case c.Shape != "completion" && c.Shape != "chat":
		return fmt.Errorf("shape: %q is not one of completion, chat", c.Shape)
	case c.Context < 0 || c.PriceIn < 0 || c.PriceOut < 0:
		return errors.New("context and prices: want numbers from 0")
	case len(c.ThinkingMarks) != 0 && len(c.ThinkingMarks) != 2 || slices.Contains(c.ThinkingMarks, ""):
		return errors.New("thinking_marks: want two texts, the mark before the thinking and the mark after it")
	case c.Parameters != "" && !parametersPattern.MatchString(c.Parameters):
		return fmt.Errorf("parameters: %q: want a number with M, B or T, such as 7B", c.Parameters)
	case c.Released != "" && !isDay(c.Released):
		return fmt.Errorf("released: %q: want YYYY-MM or YYYY-MM-DD", c.Released)
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
	return Card{}, fmt.Errorf("model card %q: unknown%s", name, ner.Choices(name, names))
}
