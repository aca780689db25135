package datasets

import (
	"bytes"
	"fmt"
	"io"
	"regexp"
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
		{"key", EscapeBibTeX(d.Title)}, {"title", "{" + EscapeBibTeX(d.Title) + "}"}, {"note", EscapeBibTeX(c.Text)},
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

// EscapeBibTeX escapes a text. Characters that are not ASCII stay, since current
// versions of LaTeX read UTF-8.
func EscapeBibTeX(s string) string {
	return strings.NewReplacer("\\", "\\textbackslash ", "{", "\\{", "}", "\\}", "&", "\\&", "%", "\\%", "#", "\\#", "$", "\\$", "_", "\\_", "^", "\\^{}", "~", "\\~{}").Replace(s)
}

// ReferencesOf returns the entries of datasets, behind that of the paper of the benchmark
// if it is wanted.
func ReferencesOf(ds []*Dataset, withPaper bool) ([]Reference, error) {
	references, err := References(ds)
	if err != nil || !withPaper {
		return references, err
	}
	first, err := Paper()
	return slices.Insert(references, 0, first), err
}

// CitedReference is an entry with its datasets, as JSON.
type CitedReference struct {
	Key      string            `json:"key"`
	Type     string            `json:"type"`
	Fields   map[string]string `json:"fields"`
	Datasets []string          `json:"datasets"` // empty for the paper of the benchmark
	BibTeX   string            `json:"bibtex"`
}

// Citations adds to each entry the datasets that cite it.
func Citations(references []Reference, ds []*Dataset) []CitedReference {
	var out []CitedReference
	for _, r := range references {
		c := CitedReference{Key: r.Key, Type: r.Type, Fields: map[string]string{}, Datasets: []string{}, BibTeX: r.String()}
		for _, f := range r.Fields {
			c.Fields[f.Name] = f.Value
		}
		for _, d := range ds {
			if d.Citation.Key == r.Key {
				c.Datasets = append(c.Datasets, d.ID)
			}
		}
		out = append(out, c)
	}
	return out
}

// WriteReferences prints entries as BibTeX.
func WriteReferences(w io.Writer, references []Reference) error {
	for i, r := range references {
		text := r.String()
		if i > 0 {
			text = "\n" + text
		}
		if _, err := io.WriteString(w, text); err != nil {
			return err
		}
	}
	return nil
}

// MergeReferences adds entries to a BibTeX file. Entries that the file has are kept as
// they are: it may be the file of a user's paper. changed is false if the file has all of
// them.
func MergeReferences(file []byte, references []Reference) (merged []byte, changed bool) {
	missing := slices.DeleteFunc(slices.Clone(references), func(r Reference) bool {
		return regexp.MustCompile(`@\w+\s*\{\s*` + regexp.QuoteMeta(r.Key) + `\s*,`).Match(file)
	})
	if len(missing) == 0 {
		return file, false
	}
	var b bytes.Buffer
	if len(file) > 0 {
		b.Write(bytes.TrimRight(file, "\n"))
		b.WriteString("\n\n")
	}
	_ = WriteReferences(&b, missing) // memory
	return b.Bytes(), true
}
