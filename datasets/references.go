package datasets

import (
	"fmt"
	"slices"
	"strings"
)

// PaperKey is the BibTeX key of the paper of the benchmark.
const PaperKey = "zhou2024universalner"

// EmbeddedReferences returns the entries for the paper and for the datasets of the
// benchmark.
func EmbeddedReferences() ([]Reference, error) {
	text, err := embedded.ReadFile("references.bib")
	if err != nil {
		return nil, fmt.Errorf("embedded references: %w", err)
	}
	references, err := ParseBibTeX(string(text))
	if err != nil {
		return nil, fmt.Errorf("references.bib: %w", err)
	}
	return references, nil
}

// Paper returns the entry for the paper of the benchmark.
func Paper() (Reference, error) {
	references, err := EmbeddedReferences()
	if err != nil {
		return Reference{}, err
	}
	return findReference(references, PaperKey)
}

// References returns the entries of datasets, each once, in the order of the datasets. A
// dataset of your own without BibTeX has an entry with its title and the text of its
// citation. Two entries with one key that differ are an error.
func References(ds []*Dataset) ([]Reference, error) {
	known, err := EmbeddedReferences()
	if err != nil {
		return nil, err
	}
	var out []Reference
	for _, d := range ds {
		r, err := d.reference(known)
		if err != nil {
			return nil, fmt.Errorf("dataset %s: %w", d.ID, err)
		}
		if i := slices.IndexFunc(out, func(other Reference) bool { return other.Key == r.Key }); i < 0 {
			out = append(out, r)
		} else if out[i].String() != r.String() {
			return nil, fmt.Errorf("dataset %s: citation.key: %s has another entry in another dataset", d.ID, r.Key)
		}
	}
	return out, nil
}

// reference returns the entry of a dataset.
func (d *Dataset) reference(known []Reference) (Reference, error) {
	c := d.Citation
	if c.BibTeX != "" {
		return c.reference()
	}
	if r, err := findReference(known, c.Key); err == nil {
		return r, nil
	}
	return Reference{Type: "misc", Key: c.Key, Fields: []ReferenceField{
		{"key", escapeBibTeX(d.Title)}, {"title", "{" + escapeBibTeX(d.Title) + "}"}, {"note", escapeBibTeX(c.Text)},
	}}, nil
}

func findReference(references []Reference, key string) (Reference, error) {
	i := slices.IndexFunc(references, func(r Reference) bool { return r.Key == key })
	if i < 0 {
		return Reference{}, fmt.Errorf("no reference %s", key)
	}
	return references[i], nil
}

// reference reads BibTeX of a dataset file: one entry with the key of the citation.
func (c Citation) reference() (Reference, error) {
	references, err := ParseBibTeX(c.BibTeX)
	switch {
	case err != nil:
		return Reference{}, err
	case len(references) != 1:
		return Reference{}, fmt.Errorf("%d entries: want one", len(references))
	case references[0].Key != c.Key:
		return Reference{}, fmt.Errorf("key %s: want citation.key, %s", references[0].Key, c.Key)
	}
	return references[0], nil
}

// escapeBibTeX escapes a text. Characters that are not ASCII stay, since current
// versions of LaTeX read UTF-8.
func escapeBibTeX(s string) string {
	return strings.NewReplacer("\\", "\\textbackslash ", "{", "\\{", "}", "\\}", "&", "\\&", "%", "\\%", "#", "\\#", "$", "\\$", "_", "\\_", "^", "\\^{}", "~", "\\~{}").Replace(s)
}
