package datasets

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Reference is an entry of a BibTeX file.
type Reference struct {
	Type string `json:"type"` // article, inproceedings, …
	Key  string `json:"key"`
	// Fields are in the order of the file.
	Fields []ReferenceField `json:"fields"`
}

// ReferenceField is a field of an entry: author, title, year, …
type ReferenceField struct {
	Name  string `json:"name"`
	Value string `json:"value"` // in LaTeX, without the outer braces
}

// Field returns the value of a field; empty if the entry does not have it.
func (r *Reference) Field(name string) string {
	for _, f := range r.Fields {
		if f.Name == name {
			return f.Value
		}
	}
	return ""
}

// String prints the entry as [ParseBibTeX] reads it.
func (r *Reference) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "@%s{%s,\n", r.Type, r.Key)
	for _, f := range r.Fields {
		fmt.Fprintf(&b, "  %s = {%s},\n", f.Name, f.Value)
	}
	b.WriteString("}\n")
	return b.String()
}

var (
	referenceBegin = regexp.MustCompile(`^@([a-z]+)\{([^\s,{}]+),$`)
	referenceField = regexp.MustCompile(`^\s*([a-z]+)\s*=\s*\{(.*)\},?$`)
)

// ParseBibTeX reads entries of the plain form of BibTeX: "@type{key,", one line for each
// field, "name = {value},", and "}". Empty lines and lines that begin with % are between
// entries. Anything else is an error with its line, and so is a fault of an entry: see
// [Reference.Lint].
func ParseBibTeX(text string) ([]Reference, error) {
	var references []Reference
	var open *Reference
	for n, line := range strings.Split(text, "\n") {
		line = strings.TrimRight(line, " \t\r")
		begin, field := referenceBegin.FindStringSubmatch(line), referenceField.FindStringSubmatch(line)
		switch {
		case open == nil && (line == "" || strings.HasPrefix(line, "%")):
		case open == nil && begin != nil:
			open = &Reference{Type: begin[1], Key: begin[2]}
		case open != nil && field != nil:
			open.Fields = append(open.Fields, ReferenceField{field[1], field[2]})
		case open != nil && line == "}":
			if err := open.Lint(); err != nil {
				return nil, fmt.Errorf("line %d: %w", n+1, err)
			}
			if slices.ContainsFunc(references, func(r Reference) bool { return r.Key == open.Key }) {
				return nil, fmt.Errorf("line %d: %s: the key is used twice", n+1, open.Key)
			}
			references, open = append(references, *open), nil
		case open != nil:
			return nil, fmt.Errorf("line %d: %s: %q: want name = {value}, or } alone", n+1, open.Key, line)
		default:
			return nil, fmt.Errorf("line %d: %q: want @type{key,", n+1, line)
		}
	}
	if open != nil {
		return nil, fmt.Errorf("%s: the entry does not end", open.Key)
	}
	return references, nil
}

// venues is the field that names the place of publication, by the type of the entry.
var venues = map[string]string{
	"article": "journal", "inproceedings": "booktitle", "incollection": "booktitle", "book": "publisher", "techreport": "institution",
	"phdthesis": "school", "mastersthesis": "school", "misc": "howpublished",
}

var (
	referenceKey  = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9:._-]*$`)
	referenceYear = regexp.MustCompile(`^[0-9]{4}$`)
)

// Lint returns the first fault of an entry: an unknown type; no author, title, year or
// venue; a field twice; braces that do not match; a character that LaTeX does not print,
// or that is not ASCII, which the program bibtex does not sort.
func (r *Reference) Lint() error {
	venue, known := venues[r.Type]
	switch {
	case !known:
		return fmt.Errorf("%s: type %q: unknown", r.Key, r.Type)
	case !referenceKey.MatchString(r.Key):
		return fmt.Errorf("%q: key: want letters, digits, and - . _ : inside", r.Key)
	case !referenceYear.MatchString(r.Field("year")):
		return fmt.Errorf("%s: year %q: want four digits", r.Key, r.Field("year"))
	}
	for _, name := range []string{"author", "title", venue} {
		if strings.TrimSpace(r.Field(name)) == "" {
			return fmt.Errorf("%s: %s: missing", r.Key, name)
		}
	}
	for i, f := range r.Fields {
		if slices.ContainsFunc(r.Fields[:i], func(other ReferenceField) bool { return other.Name == f.Name }) {
			return fmt.Errorf("%s: %s: twice", r.Key, f.Name)
		}
		if err := lintValue(f); err != nil {
			return fmt.Errorf("%s: %s: %w", r.Key, f.Name, err)
		}
	}
	return nil
}

func lintValue(f ReferenceField) error {
	depth, escaped := 0, false
	for _, r := range f.Value {
		switch {
		case r < ' ' || r > '~':
			return fmt.Errorf("%q is not ASCII: write it as LaTeX, such as {\\\"o}", r)
		case escaped:
		case r == '{':
			depth++
		case r == '}':
			depth--
		case strings.ContainsRune("&%#$_^", r) && f.Name != "url" && f.Name != "doi":
			return fmt.Errorf("%q is not escaped", r)
		}
		escaped = r == '\\' && !escaped
		if depth < 0 {
			break
		}
	}
	if depth != 0 || escaped {
		return fmt.Errorf("%q: braces do not match", f.Value)
	}
	return nil
}
