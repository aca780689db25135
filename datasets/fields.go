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

	Text     string `toml:"text" json:"text,omitempty"`         // the text of a record
	Mentions string `toml:"mentions" json:"mentions,omitempty"` // its mentions, as JSON
}

// Sentences are the sentences of documents that lie in files of their own, one
// record each: the characters that are not white space are those of the tokens.
type Sentences struct {
	File string `toml:"file" json:"file"` // a part of the names of these files
	Text string `toml:"text" json:"text"` // the field of a sentence's text
	Key  string `toml:"key" json:"key"`   // the field that names the document
}

// fieldFamilies are the families that need fields, with those that each needs.
var fieldFamilies = map[string][]string{
	"jsonl-tokens": {"tokens", "tags"},
	"hf-parquet":   {"tokens", "tags"},
	"csv-tokens":   {"tokens", "tags"},
	"csv-offsets":  {"text", "mentions"},
}

func (l *lint) fields(at string, s *Set) {
	needed, ok := fieldFamilies[s.Family]
	f := s.Fields
	switch {
	case f == nil && ok:
		l.fault(at+": fields", "missing: the family %s needs %q", s.Family, needed)
		return
	case f == nil:
		return
	case !ok:
		l.fault(at+": fields", "mean nothing in the family %s", s.Family)
		return
	}
	values := map[string]string{"tokens": f.Tokens, "tags": f.Tags, "text": f.Text, "mentions": f.Mentions}
	for _, name := range []string{"tokens", "tags", "text", "mentions"} {
		switch wanted := slices.Contains(needed, name); {
		case wanted && values[name] == "":
			l.fault(at+": fields."+name, "missing")
		case !wanted && values[name] != "":
			l.fault(at+": fields."+name, "means nothing in the family %s", s.Family)
		}
	}
	oneOf(l, at+": fields.scheme", f.Scheme, append([]string{""}, Schemes...))
	oneOf(l, at+": fields.blank_token", f.BlankToken, []string{"", "end"})
	if len(f.Names) > 0 && f.NamesFile != "" {
		l.fault(at+": fields", "names and names_file: want one of them")
	}
	if s.Family != "csv-tokens" && (len(f.Columns) > 0 || len(f.Key) > 0 || len(f.Marks) > 0 || f.Sentences != nil || f.BlankToken != "") {
		l.fault(at+": fields", "columns, key, marks, blank_token and sentences mean nothing in the family %s", s.Family)
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
