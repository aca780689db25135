package datasets

import (
	"fmt"
	"slices"
)

// Fields describes the records of a set's files, for families whose records have
// named fields: documents, jsonl-tokens, hf-parquet, csv-tokens, csv-offsets.
type Fields struct {
	Tokens string `toml:"tokens" json:"tokens,omitempty"` // the list of tokens, or the token
	Tags   string `toml:"tags" json:"tags,omitempty"`     // the list of tags, or the tag
	Scheme string `toml:"scheme" json:"scheme,omitempty"` // one of Schemes; empty is iob2
	// Require lists fields that every record must have. They distinguish this format
	// from another one with different tag numbers.
	Require []string `toml:"require" json:"require,omitempty"`
	// Where keeps the records whose fields have these values.
	Where map[string]string `toml:"where" json:"where,omitempty"`
	// Names are the tags by number, for files whose tags are numbers.
	Names []string `toml:"names" json:"names,omitempty"`
	// NamesFile is the path of the split's file that lists the tag names by number:
	// a JSON object or a list.
	NamesFile string `toml:"names_file" json:"names_file,omitempty"`
	// Read replaces tags, such as typos, by other tags.
	Read map[string]string `toml:"read" json:"read,omitempty"`

	// Columns names the columns of a CSV file without a header.
	Columns []string `toml:"columns" json:"columns,omitempty"`
	// Key lists the fields that identify the document of a CSV record with one
	// token: if one of them changes, a new document begins.
	Key []string `toml:"key" json:"key,omitempty"`
	// Marks are tokens that mark the end of a document and are not part of it.
	Marks []string `toml:"marks" json:"marks,omitempty"`
	// BlankToken is the meaning of a record with a blank token: "end" of a document,
	// or a token if empty.
	BlankToken string `toml:"blank_token" json:"blank_token,omitempty"`
	// Sentences describes the files that split the documents into sentences.
	Sentences *Sentences `toml:"sentences" json:"sentences,omitempty"`

	Text string `toml:"text" json:"text,omitempty"` // the text of a record
	// Mentions is the field with the mentions, as JSON. In the family ace-apf it is
	// "extent" or "head", the part of a mention that becomes its span.
	Mentions string `toml:"mentions" json:"mentions,omitempty"`

	// Separator of CSV fields, one of Separators; empty is a comma.
	Separator string `toml:"separator" json:"separator,omitempty"`

	// Preset is the name of a known export, one of [Presets]: its fields are the
	// defaults of the others (family documents).
	Preset string `toml:"preset" json:"preset,omitempty"`
	// Records is the path of the list of records in a value of the file, if there is
	// one.
	Records string `toml:"records" json:"records,omitempty"`
	ID      string `toml:"id" json:"id,omitempty"`
	// Start, End, Label, Surface and Sentence are paths in a mention: its offsets, its
	// label or labels, its own text, and the number of its sentence, to which offsets
	// in tokens are relative.
	Start    string `toml:"start" json:"start,omitempty"`
	End      string `toml:"end" json:"end,omitempty"`
	Label    string `toml:"label" json:"label,omitempty"`
	Surface  string `toml:"surface" json:"surface,omitempty"`
	Sentence string `toml:"sentence" json:"sentence,omitempty"`
	// Offsets is the unit of start and end, one of OffsetUnits; empty is code-points.
	Offsets string `toml:"offsets" json:"offsets,omitempty"`
	// Inclusive is "yes" if end is the last position of the mention, and not the one
	// after it; empty is "no".
	Inclusive string `toml:"inclusive" json:"inclusive,omitempty"`
	// Only keeps the mentions whose fields have these values.
	Only map[string]string `toml:"only" json:"only,omitempty"`

	// FirstLine is "document" if the first line of a text is a document like the
	// others; by default it is a title (family brat, unit line).
	FirstLine string `toml:"first_line" json:"first_line,omitempty"`

	// Elements are the XML elements that are mentions; others are skipped. Empty:
	// all.
	Elements []string `toml:"elements" json:"elements,omitempty"`
	// Skip leaves out annotations whose properties have these values.
	Skip map[string]string `toml:"skip" json:"skip,omitempty"`
}

// Sentences describes separate files with the sentences of documents, one record
// per sentence. Without white space, a sentence has the same characters as its
// tokens.
type Sentences struct {
	File string `toml:"file" json:"file"` // substring of the names of these files
	Text string `toml:"text" json:"text"` // field with the text of a sentence
	Key  string `toml:"key" json:"key"`   // field with the name of the document
}

// fieldFamilies are the families whose sets have fields, with the required and the
// optional fields of each.
var fieldFamilies = map[string]struct{ needs, may []string }{
	"jsonl-tokens":  {[]string{"tokens", "tags"}, []string{"scheme", "require", "where", "names", "names_file", "read"}},
	"hf-parquet":    {[]string{"tokens", "tags"}, []string{"scheme", "names", "names_file", "read"}},
	"csv-tokens":    {[]string{"tokens", "tags"}, []string{"scheme", "names", "names_file", "read", "columns", "separator", "key", "marks", "blank_token", "sentences"}},
	"csv-offsets":   {[]string{"text", "mentions"}, []string{"columns", "separator"}},
	"conllu":        {nil, []string{"tags", "scheme", "read"}},
	"webanno-tsv":   {nil, []string{"tags"}},
	"documents":     {nil, documentFields},
	"brat":          {nil, []string{"first_line"}},
	"i2b2-tags-xml": {[]string{"tags"}, []string{"elements"}},
	"ace-apf":       {nil, []string{"mentions"}},
	"bioc-json":     {nil, []string{"skip"}},
	"bioc-xml":      {nil, []string{"skip"}},
}

// documentFields are the fields of the family documents.
var documentFields = []string{
	"preset", "records", "where", "id", "text", "tokens", "tags", "scheme", "names", "read", "mentions",
	"start", "end", "label", "surface", "sentence", "offsets", "inclusive", "only",
}

// present lists the fields that are set, by their keys.
func (f *Fields) present() []string {
	var names []string
	for _, field := range []struct {
		name string
		set  bool
	}{
		{"tokens", f.Tokens != ""}, {"tags", f.Tags != ""}, {"scheme", f.Scheme != ""}, {"require", len(f.Require) > 0},
		{"where", len(f.Where) > 0}, {"names", len(f.Names) > 0}, {"names_file", f.NamesFile != ""}, {"read", len(f.Read) > 0},
		{"columns", len(f.Columns) > 0}, {"key", len(f.Key) > 0}, {"marks", len(f.Marks) > 0}, {"blank_token", f.BlankToken != ""},
		{"sentences", f.Sentences != nil}, {"text", f.Text != ""}, {"mentions", f.Mentions != ""},
		{"elements", len(f.Elements) > 0}, {"skip", len(f.Skip) > 0}, {"separator", f.Separator != ""},
		{"preset", f.Preset != ""}, {"records", f.Records != ""}, {"id", f.ID != ""}, {"start", f.Start != ""}, {"end", f.End != ""},
		{"label", f.Label != ""}, {"surface", f.Surface != ""}, {"sentence", f.Sentence != ""}, {"offsets", f.Offsets != ""},
		{"inclusive", f.Inclusive != ""}, {"only", len(f.Only) > 0}, {"first_line", f.FirstLine != ""},
	} {
		if field.set {
			names = append(names, field.name)
		}
	}
	return names
}

func (l *lint) fields(at string, s *Set) {
	family := fieldFamilies[s.Family]
	f := s.Fields
	if f == nil {
		if len(family.needs) > 0 {
			l.fault(at+": fields", "missing: the family %s needs %q", s.Family, family.needs)
		}
		return
	}
	present := f.present()
	for _, name := range family.needs {
		if !slices.Contains(present, name) {
			l.fault(at+": fields."+name, "missing")
		}
	}
	for _, name := range present {
		if !slices.Contains(family.needs, name) && !slices.Contains(family.may, name) {
			l.fault(at+": fields."+name, "is not used in the family %s", s.Family)
		}
	}
	oneOf(l, at+": fields.scheme", f.Scheme, append([]string{""}, Schemes...))
	oneOf(l, at+": fields.blank_token", f.BlankToken, []string{"", "end"})
	oneOf(l, at+": fields.separator", f.Separator, append([]string{""}, Separators...))
	oneOf(l, at+": fields.offsets", f.Offsets, append([]string{""}, OffsetUnits...))
	oneOf(l, at+": fields.inclusive", f.Inclusive, []string{"", "yes", "no"})
	oneOf(l, at+": fields.first_line", f.FirstLine, []string{"", "title", "document"})
	if s.Family == "documents" {
		l.documentFields(at, f)
	}
	if s.Family == "ace-apf" {
		oneOf(l, at+": fields.mentions", f.Mentions, []string{"", "extent", "head"})
	}
	if len(f.Names) > 0 && f.NamesFile != "" {
		l.fault(at+": fields", "names and names_file: want only one")
	}
	if c := f.Sentences; c != nil && (c.File == "" || c.Text == "" || c.Key == "") {
		l.fault(at+": fields.sentences", "want file, text and key")
	}
	for i, name := range f.Names {
		if name == "" {
			l.fault(fmt.Sprintf("%s: fields.names[%d]", at, i), "is empty")
		}
	}
}
