package harness

import (
	"nerbench/internal/fault"
	"nerbench/prompts"
)

// FamilyLine is a prompt family in a list.
type FamilyLine struct {
	Name        string        `json:"name"`
	Meaning     string        `json:"meaning"`
	Layout      string        `json:"layout"`
	Shape       string        `json:"shape"`
	Variants    []VariantLine `json:"variants"`
	DatasetLine []string      `json:"dataset_line"`
}

// VariantLine is a variant of a family in a list.
type VariantLine struct {
	Name    string `json:"name"`
	Meaning string `json:"meaning"`
}

// ListFamilies lists the prompt families. The error joins those of invalid families of
// the user's own; the list has all others.
func (b *Bench) ListFamilies() ([]FamilyLine, error) {
	families, bad := b.AllFamilies()
	lines := []FamilyLine{}
	for _, f := range families {
		l := FamilyLine{Name: f.Name, Meaning: f.Meaning, Layout: f.Layout, Shape: f.Shape, DatasetLine: f.DatasetLine}
		for _, v := range f.Variants {
			l.Variants = append(l.Variants, VariantLine{v.Name, v.Meaning})
		}
		lines = append(lines, l)
	}
	return lines, bad
}

// FindFamily returns a prompt family: an embedded one, or one of the user's own. An
// unknown one is a usage error.
func (b *Bench) FindFamily(name string) (prompts.Family, error) {
	own, err := b.OwnFamilies(name)
	if err != nil {
		return prompts.Family{}, err
	}
	f, err := prompts.Find(name, own...)
	if err != nil {
		return prompts.Family{}, fault.Usagef("%v", err)
	}
	return f, nil
}
