package prompts

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	"nerbench/ner"
)

// Family is an embedded prompt family (docs/spec/prompts.md §1), or one of the user's
// own ([ReadFamilies]).
type Family struct {
	Name    string
	Meaning string // one line
	// Layout is "per-type" (one type per query) or "all".
	Layout string
	// Shape is "completion" or "chat".
	Shape string
	// Variants are the variants, the default first.
	Variants []Variant
	// Stop has the strings that end an answer. MaxTokens is the limit of an answer in
	// tokens, unless it depends on the query.
	Stop      []string
	MaxTokens int
	// DatasetLine names the forms of the dataset line. They are suffixes of a variant,
	// as in "repo+nl".
	DatasetLine []string
	// Fewshot is set if prompts can have demonstrations.
	Fewshot bool
	// Schema is the kind of schema for constrained decoding (docs/spec/prompts.md §2.7):
	// list, object, objects; empty: no schema.
	Schema string
	// TrainedTokens is the longest prompt, in tokens, that the models of the family were
	// trained on (docs/spec/prompts.md §2.6); 0: unknown.
	TrainedTokens int

	answers   byVariant // of the table [Families], or of a header
	own       bool      // a family of the user's own
	templates templateFolder
	style     func(variant string) style
	newForm   func(*Renderer) (form, error) // nil: templates and style
}

// Variant is one template of a family. Empty fields have the values of the family.
type Variant struct {
	Name, Meaning string
	Layout, Shape string
	Stop          []string
	MaxTokens     int
	// Chunk is the largest number of types in one query; 0: all types.
	Chunk int
	// Needs are the descriptions that each type must have: definition, guidelines.
	Needs []string
	// NoFewshot and NoSchema disable Fewshot and Schema of the family.
	NoFewshot, NoSchema bool
	// NeedsShots is set if the prompt needs demonstrations.
	NeedsShots bool
}

// form renders the queries about one document, and their answers.
type form interface {
	queries(r *Renderer, d *ner.Document, asked []int) ([]ner.Query, error)
	// answer returns gold in the form of an answer.
	answer(r *Renderer, d *ner.Document, asked []int) string
}

// Find returns the family with a name, from the embedded ones and own. The empty name
// stands for the first embedded family.
func Find(name string, own ...Family) (Family, error) {
	known := slices.Concat(Families, own)
	for _, f := range known {
		if f.Name == name || name == "" {
			return f, nil
		}
	}
	return Family{}, fmt.Errorf("prompts: family %q: unknown%s", name, ner.Choices(name, Names(known)))
}

// variant finds a variant, with the values of its family, and the form of its dataset
// line.
func (f *Family) variant(name string) (v Variant, line string, err error) {
	base, line, hasLine := strings.Cut(name, "+")
	if base == "" {
		base = f.Variants[0].Name
	}
	if hasLine && !slices.Contains(f.DatasetLine, line) {
		if len(f.DatasetLine) == 0 {
			return v, "", fmt.Errorf("prompts: family %s: variant %q: the family has no dataset line", f.Name, name)
		}
		return v, "", fmt.Errorf("prompts: family %s: variant %q: unknown dataset line%s", f.Name, name, ner.Choices(line, f.DatasetLine))
	}
	var names []string
	for _, v := range f.Variants {
		if v.Name == base {
			return f.complete(v), line, nil
		}
		names = append(names, v.Name)
	}
	return v, "", fmt.Errorf("prompts: family %s: variant %q: unknown%s", f.Name, base, ner.Choices(base, names))
}

// complete sets empty fields of a variant to the values of its family.
func (f *Family) complete(v Variant) Variant {
	if v.Layout == "" {
		v.Layout = f.Layout
	}
	if v.Shape == "" {
		v.Shape = f.Shape
	}
	if v.Stop == nil {
		v.Stop = f.Stop
	}
	if v.MaxTokens == 0 {
		v.MaxTokens = f.MaxTokens
	}
	v.NoFewshot = v.NoFewshot || !f.Fewshot
	v.NoSchema = v.NoSchema || f.Schema == ""
	return v
}

// Named returns the variant with a name, with the values of its family.
func (f *Family) Named(variant string) (Variant, error) {
	v, _, err := f.variant(variant)
	return v, err
}

// Parts returns the templates of a variant.
func (f *Family) Parts(variant string) []Part {
	if f.templates.files == nil {
		return []Part{{"", "", spansTemplate}}
	}
	return f.templates.parts(variant)
}

// Hash identifies the templates, stop strings and limits of a family: the first 16
// hexadecimal digits of their SHA-256. Settings of variants in the program are not part
// of it, because existing runs must keep their hash.
func (f *Family) Hash() string {
	h := sha256.New()
	for _, v := range f.Variants {
		fmt.Fprintf(h, "%s\x00", v.Name)
		for _, p := range f.Parts(v.Name) {
			fmt.Fprintf(h, "%d\x00%s", len(p.Text), p.Text)
		}
	}
	fmt.Fprintf(h, "%q %d", f.Stop, f.MaxTokens)
	if f.own { // everything that its header can change
		fmt.Fprintf(h, " %s %s %s %v %s", f.ownForm(), f.Layout, f.Shape, f.Fewshot, f.Schema)
	}
	return ner.ShortHash(h)
}
