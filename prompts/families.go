package prompts

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	"nerbench/ner"
)

// Family is a prompt family of docs/spec/prompts.md §1, or one of the user's own
// ([ReadFamilies]).
type Family struct {
	Name    string
	Meaning string // one line
	// Layout is "per-type" or "all": how many types one query asks for.
	Layout string
	// Shape is "completion" or "chat".
	Shape string
	// Variants, the default first.
	Variants []Variant
	// Stop ends an answer; MaxTokens is its longest length, in tokens, where it does
	// not depend on what is asked.
	Stop      []string
	MaxTokens int
	// DatasetLine names the forms of the dataset line, which are appended to a
	// variant ("repo+nl").
	DatasetLine []string
	// Fewshot: the family has a form with demonstrations.
	Fewshot bool
	// Schema is that of constrained decoding (docs/spec/prompts.md §2.7): list, object,
	// objects; empty: there is none.
	Schema string
	// TrainedTokens is the length of the prompts that the models of the family were
	// trained on (docs/spec/prompts.md §2.6); 0: it is not known.
	TrainedTokens int

	answers   byVariant // of the table [Families], or of a header
	own       bool      // a family of the user's own
	templates templateFolder
	style     func(variant string) style
	newForm   func(*Renderer) (form, error) // nil: templates and style
}

// Variant is one template of a family. What it leaves empty is as the family has
// it.
type Variant struct {
	Name, Meaning string
	Layout, Shape string
	Stop          []string
	MaxTokens     int
	// Chunk is the largest number of types in one query; 0: all of them.
	Chunk int
	// Needs are what each type must have: definition, guidelines.
	Needs []string
	// NoFewshot and NoSchema: this variant has none, where the family has one.
	NoFewshot, NoSchema bool
	// NeedsShots: the prompt speaks of its demonstrations.
	NeedsShots bool
}

// form makes the queries of one document, and their answers.
type form interface {
	queries(r *Renderer, d *ner.Document, asked []int) ([]ner.Query, error)
	// answer is gold in the form of an answer.
	answer(r *Renderer, d *ner.Document, asked []int) string
}

// Find returns the family of a name, of the program or of own; the empty name
// stands for the first.
func Find(name string, own ...Family) (Family, error) {
	known := slices.Concat(Families, own)
	for _, f := range known {
		if f.Name == name || name == "" {
			return f, nil
		}
	}
	return Family{}, fmt.Errorf("prompts: family %q: unknown (known: %s)", name, strings.Join(Names(known), ", "))
}

// variant finds a variant, completed with what it has of its family, and the form
// of its dataset line.
func (f *Family) variant(name string) (v Variant, line string, err error) {
	base, line, hasLine := strings.Cut(name, "+")
	if base == "" {
		base = f.Variants[0].Name
	}
	if hasLine && !slices.Contains(f.DatasetLine, line) {
		if len(f.DatasetLine) == 0 {
			return v, "", fmt.Errorf("prompts: family %s: variant %q: the family has no dataset line", f.Name, name)
		}
		return v, "", fmt.Errorf("prompts: family %s: variant %q: unknown dataset line (known: %s)", f.Name, name, strings.Join(f.DatasetLine, ", "))
	}
	var names []string
	for _, v := range f.Variants {
		if v.Name == base {
			return f.complete(v), line, nil
		}
		names = append(names, v.Name)
	}
	return v, "", fmt.Errorf("prompts: family %s: variant %q: unknown (known: %s)", f.Name, base, strings.Join(names, ", "))
}

// complete fills in what a variant has of its family.
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

// Named returns the variant of a name, completed with what it has of its family.
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

// Hash identifies the templates, and where the family's answers end: the first 16
// hexadecimal digits of the SHA-256 of all of it. What variants have of their own in
// the program is not part of it: the hash would be another one for runs that asked
// the same.
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
