package prompts

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"nerbench/ner"
)

// Family is a prompt family of PROMPTS.md §1.
type Family struct {
	Name    string
	Meaning string // one line
	// Layout is "per-type" or "all": how many types one query asks for.
	Layout string
	// Shape is "completion" or "chat".
	Shape string
	// Variants, the default first.
	Variants []Variant
	// Stop ends an answer; MaxTokens is its longest length.
	Stop      []string
	MaxTokens int
	// Fewshot: the family has a form with demonstrations.
	Fewshot bool
	// DatasetLine names the forms of the dataset line, which are appended to a
	// variant ("repo+nl").
	DatasetLine []string
	// Schemas: there is a schema for constrained decoding.
	Schemas bool

	sources func(variant string) []string // texts that its hash covers
	newForm func(*Renderer) (form, error)
}

// Variant is one template of a family.
type Variant struct {
	Name, Meaning string
	Layout        string // where it differs from the family's
}

// form makes the queries of one document.
type form interface {
	queries(r *Renderer, d *ner.Document, asked []int) ([]ner.Query, error)
}

// Families lists the families, in the order in which help shows them. To add
// one, write its file and its templates, and list it here.
var Families = []Family{uniner, spans}

// Find returns the family of a name; the empty name stands for the first.
func Find(name string) (Family, error) {
	var names []string
	for _, f := range Families {
		if f.Name == name || name == "" {
			return f, nil
		}
		names = append(names, f.Name)
	}
	return Family{}, fmt.Errorf("prompts: family %q: unknown (known: %s)", name, strings.Join(names, ", "))
}

// variant finds a variant and the form of its dataset line.
func (f *Family) variant(name string) (v Variant, line string, err error) {
	base, line, _ := strings.Cut(name, "+")
	if base == "" {
		base = f.Variants[0].Name
	}
	if line != "" && !contains(f.DatasetLine, line) {
		return v, "", fmt.Errorf("prompts: family %s: variant %q: unknown dataset line (known: %s)", f.Name, name, strings.Join(f.DatasetLine, ", "))
	}
	var names []string
	for _, v := range f.Variants {
		if v.Name == base {
			if v.Layout == "" {
				v.Layout = f.Layout
			}
			return v, line, nil
		}
		names = append(names, v.Name)
	}
	return v, "", fmt.Errorf("prompts: family %s: variant %q: unknown (known: %s)", f.Name, base, strings.Join(names, ", "))
}

// Templates returns the texts of a variant, as they are in the program.
func (f *Family) Templates(variant string) []string { return f.sources(variant) }

// hash identifies the templates: the first 16 hexadecimal digits of the SHA-256
// of all of them.
func (f *Family) hash() string {
	h := sha256.New()
	for _, v := range f.Variants {
		fmt.Fprintf(h, "%s\x00", v.Name)
		for _, text := range f.sources(v.Name) {
			fmt.Fprintf(h, "%d\x00%s", len(text), text)
		}
	}
	fmt.Fprintf(h, "%q %d", f.Stop, f.MaxTokens)
	return hex.EncodeToString(h.Sum(nil))[:16]
}
