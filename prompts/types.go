package prompts

import (
	"crypto/sha256"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"nerbench/internal/strict"
	"nerbench/ner"
)

// descriptions is a file types/DATASET.toml with descriptions of the types of a dataset
// (docs/spec/prompts.md §2.3) and their other names (§5.3). docs/add-a-prompt.md describes
// every field; keep it up to date.
type descriptions struct {
	Types []struct {
		Name        string   `toml:"name"`
		Definition  string   `toml:"definition"` // a sentence
		Phrase      string   `toml:"phrase"`     // "are named human beings"
		Guidelines  string   `toml:"guidelines"`
		Examples    []string `toml:"examples"` // mentions
		Paraphrases []string `toml:"paraphrases"`
	} `toml:"type"`
}

//go:embed types
var embeddedTypes embed.FS

// Descriptions returns the embedded descriptions of types, for [Describe].
func Descriptions() fs.FS { return embeddedTypes }

// Describe adds the descriptions in the file types/DATASET.toml of fsys to a dataset.
// found is false if there is no such file. Reading is strict: types that are not in the
// dataset and duplicate names are errors with file and line.
func Describe(dataset *Dataset, fsys fs.FS) (found bool, err error) {
	name := path.Join(typesFolder, dataset.ID+".toml")
	text, err := fs.ReadFile(fsys, name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("prompts: %w", err)
	}
	var file descriptions
	if err := strict.ReadTOML(fsys, name, &file); err != nil {
		return true, err
	}
	var faults []error
	fault := func(about, format string, args ...any) {
		faults = append(faults, fmt.Errorf("%s: %s", placeOf(name, string(text), about), fmt.Sprintf(format, args...)))
	}
	seen := map[string]bool{}
	for _, t := range file.Types {
		i := dataset.place(t.Name)
		switch {
		case i < 0:
			fault(t.Name, "type %q: dataset %s has no such type (known: %s)", t.Name, dataset.ID, strings.Join(dataset.names(), ", "))
			continue
		case seen[t.Name]:
			fault(t.Name, "type %q: occurs twice", t.Name)
		}
		seen[t.Name] = true
		for k, p := range t.Paraphrases {
			if p == "" || p == t.Name || slices.Contains(t.Paraphrases[:k], p) {
				fault(p, "type %q: paraphrase %q: want another name", t.Name, p)
			}
			for _, other := range dataset.Types { // of two types with one name, no answer says which it means
				if string(other.Name) != t.Name && strings.EqualFold(string(other.Name), p) {
					fault(p, "type %q: paraphrase %q: is the type %q of the dataset", t.Name, p, other.Name)
				}
			}
		}
		for _, s := range slices.Concat([]string{t.Definition, t.Phrase, t.Guidelines}, t.Examples, t.Paraphrases) {
			if strings.TrimSpace(s) != s {
				fault(t.Name, "type %q: %q has white space at its edge", t.Name, s)
			}
		}
		info := &dataset.Types[i]
		info.Definition, info.Phrase, info.Guidelines = t.Definition, t.Phrase, t.Guidelines
		info.Examples, info.Paraphrases = t.Examples, t.Paraphrases
	}
	return true, errors.Join(faults...)
}

// placeOf returns the file with the line of the first string of a value.
func placeOf(file, text, value string) string {
	for i, line := range strings.Split(text, "\n") {
		if strings.Contains(line, ner.JSONString(value)) || strings.Contains(line, "'"+value+"'") {
			return fmt.Sprintf("%s:%d", file, i+1)
		}
	}
	return file
}

func (r *Dataset) place(name string) int {
	return slices.IndexFunc(r.Types, func(t TypeInfo) bool { return string(t.Name) == name })
}

func (r *Dataset) names() []string {
	names := make([]string, len(r.Types))
	for i, t := range r.Types {
		names[i] = string(t.Name)
	}
	return names
}

// paraphrase replaces a word by the setting "type=other name".
func paraphrase(dataset Dataset, setting string, words []string) error {
	if setting == "" {
		return nil
	}
	name, other, ok := strings.Cut(setting, "=")
	i := dataset.place(name)
	switch {
	case !ok || other == "":
		return fmt.Errorf("prompts: paraphrase %q: want type=other name", setting)
	case i < 0:
		return fmt.Errorf("prompts: paraphrase %q: dataset %s has no type %q (known: %s)", setting, dataset.ID, name, strings.Join(dataset.names(), ", "))
	}
	words[i] = other
	return nil
}

// describedHash identifies the descriptions of the types.
func describedHash(types []TypeInfo) string {
	h := sha256.New()
	for _, t := range types {
		fmt.Fprintf(h, "%q %q %q %q %q\n", t.Name, t.Definition, t.Phrase, t.Guidelines, t.Examples)
	}
	return ner.ShortHash(h)
}
