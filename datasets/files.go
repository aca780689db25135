package datasets

import (
	"fmt"

	"nerbench/ner"
)

// Set is one native format of a dataset.
type Set struct {
	Name    string `toml:"name" json:"name"`
	Family  string `toml:"family" json:"family"`   // format family, one of Dataset.Families
	Primary bool   `toml:"primary" json:"primary"` // the set that is read by default
	Unit    string `toml:"unit" json:"unit"`       // kind of document: sentence, tweet, abstract
	// Labels replace the dataset's labels of the same names in this set.
	Labels []Label `toml:"labels" json:"labels,omitempty"`
	// Fields describes the records, for families whose records have named fields.
	Fields *Fields `toml:"fields" json:"fields,omitempty"`
	// Conll replaces the dataset's parameters of column files in this set.
	Conll *Conll `toml:"conll" json:"conll,omitempty"`
	// Splits are the parts of the set, in order.
	Splits []Part `toml:"split" json:"split"`
}

// Part is one split of a set: its files, with the recorded counts and checksums.
type Part struct {
	Name  ner.Split `toml:"name" json:"name"` // train, dev, test; "all" where the release has no split
	Files []File    `toml:"files" json:"files"`
	// First and End limit the documents of the files that belong to the split, from
	// 0, end exclusive; 0 for both: all. Splits of one file are divided by position.
	First int `toml:"first" json:"first,omitempty"`
	End   int `toml:"end" json:"end,omitempty"`
	// Layout describes the files of a release without a fixed list of names.
	Layout string `toml:"layout" json:"layout"`
	// Lock holds the recorded counts and checksums; nil if the files were not
	// measured.
	Lock *Lock `toml:"lock" json:"lock"`
}

// File is one native file. Files of a split are read in the order of the list.
type File struct {
	// Path is the file's name, relative to Dataset.DataDir, with slashes. It may end
	// in a pattern of path.Match to select files of a folder; the element "**"
	// matches any number of folders.
	Path string `toml:"path" json:"path"`
	// Also lists other names under which the same file is published.
	Also []string `toml:"also" json:"also"`
	// Except lists folders whose files do not match the pattern.
	Except []string `toml:"except" json:"except,omitempty"`
	// Members selects members of an archive: a pattern for the last element of their
	// names; empty: all.
	Members string `toml:"members" json:"members,omitempty"`
	SHA256  string `toml:"sha256" json:"sha256"` // empty where unknown
	Bytes   int64  `toml:"bytes" json:"bytes"`
}

// Lock holds the counts and checksums of the files of a split, as recorded.
type Lock struct {
	Documents int `toml:"documents" json:"documents"`
	Tokens    int `toml:"tokens" json:"tokens"` // 0 for running text
	// Spans is counted after label drops, without duplicates; ByType sums to it.
	Spans  int                    `toml:"spans" json:"spans"`
	ByType map[ner.EntityType]int `toml:"by_type" json:"by_type"`
	// Dropped counts the spans of dropped labels, by native label.
	Dropped map[string]int `toml:"dropped" json:"dropped"`
	// TextsSHA256 is the SHA-256 of all texts in order, each followed by LF.
	TextsSHA256 string `toml:"texts_sha256" json:"texts_sha256"`
	// SpansSHA256 is the SHA-256 of the lines "<document index> TAB <start> TAB
	// <end> TAB <type> LF" of all spans, documents in order, spans of a document
	// sorted by start, end, type; offsets in code points.
	SpansSHA256 string `toml:"spans_sha256" json:"spans_sha256"`
	// Ceiling is the span F1 of a perfect string answer, by alignment mode
	// (docs/spec/metrics.md §7.6), to six decimals.
	Ceiling map[string]float64 `toml:"ceiling" json:"ceiling,omitempty"`
}

// Part returns a split of the set.
func (s *Set) Part(split ner.Split) (*Part, error) {
	var names []ner.Split
	for i := range s.Splits {
		if s.Splits[i].Name == split {
			return &s.Splits[i], nil
		}
		names = append(names, s.Splits[i].Name)
	}
	return nil, fmt.Errorf("set %s: split %q: unknown%s", s.Name, split, ner.Choices(split, names))
}

// Conll holds the parameters of the family conll: one token per line, documents
// separated by blank lines.
type Conll struct {
	// Separator is "tab" or "space", exactly one byte, or "blanks": a sequence of
	// spaces and tabs.
	Separator   string `toml:"separator" json:"separator"`
	TokenColumn int    `toml:"token_column" json:"token_column"` // from 0
	TagColumn   int    `toml:"tag_column" json:"tag_column"`     // from 0; -1 is the last
	// Columns is the number of columns of every line; 0 if it varies.
	Columns int    `toml:"columns" json:"columns"`
	Scheme  string `toml:"scheme" json:"scheme"` // one of Schemes
	// StripPrefix ("I-") is removed from every tag of the scheme io.
	StripPrefix string `toml:"strip_prefix" json:"strip_prefix"`
	// TokenPrefix ("en:") is removed from every token; a token without it is an error.
	TokenPrefix string `toml:"token_prefix" json:"token_prefix,omitempty"`
	// SkipPrefix are the prefixes of lines that are document marks.
	SkipPrefix []string `toml:"skip_prefix" json:"skip_prefix"`
	// Blank selects the lines that end a document: "spaces" (default: empty, or only
	// spaces and tabs) or "empty".
	Blank string `toml:"blank" json:"blank"`
	// SkipLines selects lines that are skipped and counted: "without-separator".
	SkipLines string `toml:"skip_lines" json:"skip_lines"`
	// Untagged is the meaning of a line without a tag: "outside", or an error if
	// empty.
	Untagged string `toml:"untagged" json:"untagged"`
	// BlankToken is the meaning of a line with a blank token: "skip" (and count), or
	// a token if empty.
	BlankToken string `toml:"blank_token" json:"blank_token"`
	// LeaveOut lists groups of strings: a document whose text contains all strings
	// of a group is left out and counted.
	LeaveOut [][]string `toml:"leave_out" json:"leave_out"`
	// MergeEqualNeighbours joins adjacent blocks with equal tokens into one document
	// with the spans of all of them.
	MergeEqualNeighbours bool `toml:"merge_equal_neighbours" json:"merge_equal_neighbours"`
}

// DecisiveSplits are the splits of the primary set that a dataset requires: the
// test split, or all splits if there is no test split.
func (r *Dataset) DecisiveSplits() []ner.Split {
	set, err := r.Set("")
	if err != nil {
		return nil
	}
	var all []ner.Split
	for _, p := range set.Splits {
		if p.Name == ner.Test {
			return []ner.Split{ner.Test}
		}
		all = append(all, p.Name)
	}
	return all
}
