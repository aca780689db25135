package datasets

import (
	"fmt"
	"slices"
)

// Fields says what the records of a set's files hold, for the families whose
// records name their fields: jsonl-tokens, hf-parquet, csv-tokens, csv-offsets.
type Fields struct {
	Tokens string `toml:"tokens" json:"tokens,omitempty"` // the list of tokens, or the token
	Tags   string `toml:"tags" json:"tags,omitempty"`     // the list of tags, or the tag
	Scheme string `toml:"scheme" json:"scheme,omitempty"` // one of Schemes; empty is iob2
	// Require lists fields that every record must have: they tell a form from
	// another that numbers its tags differently.
	Require []string `toml:"require" json:"require,omitempty"`
	// Where keeps the records whose fields have these values.
	Where map[string]string `toml:"where" json:"where,omitempty"`
	// Names are the tags by number, for files whose tags are numbers.
	Names []string `toml:"names" json:"names,omitempty"`
	// NamesFile is the path of that file of a split that holds the tags by number:
	// a JSON object of names, or a list.
	NamesFile string `toml:"names_file" json:"names_file,omitempty"`
	// Read are tags that are read as another one, such as typos.
	Read map[string]string `toml:"read" json:"read,omitempty"`

	// Columns names the columns of a file of CSV that has no header.
	Columns []string `toml:"columns" json:"columns,omitempty"`
	// Key lists the fields that tell the documents of CSV records of one token
	// apart: a change of one of them begins a document.
	Key []string `toml:"key" json:"key,omitempty"`
	// Marks are tokens that are document marks: they end a document and are no
	// tokens of one.
	Marks []string `toml:"marks" json:"marks,omitempty"`
	// BlankToken is what a record is whose token is blank: "end" of a document, or
	// a token if empty.
	BlankToken string `toml:"blank_token" json:"blank_token,omitempty"`
	// Sentences names the files that cut the documents into sentences.
	Sentences *Sentences `toml:"sentences" json:"sentences,omitempty"`

	Text string `toml:"text" json:"text,omitempty"` // the text of a record
	// Mentions are those of a record, as JSON; in the family ace-apf "extent" or
	// "head", the part of a mention that is its span.
	Mentions string `toml:"mentions" json:"mentions,omitempty"`

	// Elements are those that are mentions; others are skipped. Empty: all.
	Elements []string `toml:"elements" json:"elements,omitempty"`
	// Skip leaves out annotations whose properties have these values.
	Skip map[string]string `toml:"skip" json:"skip,omitempty"`
}

// Sentences are the sentences of documents that lie in files of their own, one
// record each: the characters that are not white space are those of the tokens.
type Sentences struct {
	File string `toml:"file" json:"file"` // a part of the names of these files
	Text string `toml:"text" json:"text"` // the field of a sentence's text
	Key  string `toml:"key" json:"key"`   // the field that names the document
}

// fieldFamilies are the families whose sets have fields: those that each needs,
// and those that it may have.
var fieldFamilies = map[string]struct{ needs, may []string }{
	"jsonl-tokens":  {[]string{"tokens", "tags"}, []string{"scheme", "require", "where", "names", "names_file", "read"}},
	"hf-parquet":    {[]string{"tokens", "tags"}, []string{"scheme", "names", "names_file", "read"}},
	"csv-tokens":    {[]string{"tokens", "tags"}, []string{"scheme", "names", "names_file", "read", "columns", "key", "marks", "blank_token", "sentences"}},
	"csv-offsets":   {[]string{"text", "mentions"}, []string{"columns"}},
	"i2b2-tags-xml": {[]string{"tags"}, []string{"elements"}},
	"ace-apf":       {nil, []string{"mentions"}},
	"bioc-json":     {nil, []string{"skip"}},
	"bioc-xml":      {nil, []string{"skip"}},
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
		{"elements", len(f.Elements) > 0}, {"skip", len(f.Skip) > 0},
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
			l.fault(at+": fields."+name, "means nothing in the family %s", s.Family)
		}
	}
	oneOf(l, at+": fields.scheme", f.Scheme, append([]string{""}, Schemes...))
	oneOf(l, at+": fields.blank_token", f.BlankToken, []string{"", "end"})
	if s.Family == "ace-apf" {
		oneOf(l, at+": fields.mentions", f.Mentions, []string{"", "extent", "head"})
	}
	if len(f.Names) > 0 && f.NamesFile != "" {
		l.fault(at+": fields", "names and names_file: want one of them")
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
