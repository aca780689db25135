package datasets

import (
	"crypto/sha256"
	"fmt"
	"slices"

	"nerbench/ner"
)

// Dataset is one dataset of Table 6 of the UniversalNER paper, or a custom one.
// docs/dataset.md describes every field; keep it up to date.
type Dataset struct {
	ID    string `toml:"id" json:"id"`       // the file's name without .toml
	Title string `toml:"title" json:"title"` // for people
	// Released is the name of the dataset in released files of others, if it is
	// known. A prompt can use it in its dataset line (docs/spec/prompts.md §5.1).
	Released string `toml:"released" json:"released,omitempty"`
	// Corpus is shared by several datasets, such as the domains of CrossNER.
	Corpus string `toml:"dataset" json:"dataset"`
	Domain string `toml:"domain" json:"domain"` // one of Domains
	// DataDir is the folder of the native files below the data folder. Datasets of
	// one corpus may share it.
	DataDir string `toml:"data_dir" json:"data_dir"`
	// Families are the format families in which the dataset is published, the
	// original format first.
	Families []string `toml:"families" json:"families"`
	Overlap  string   `toml:"overlap" json:"overlap"` // one of Overlaps
	// Offsets describes the offsets of the native files in words.
	Offsets string `toml:"offsets" json:"offsets"`
	Access  string `toml:"access" json:"access"` // one of AccessKinds
	Licence string `toml:"licence" json:"licence"`
	// Text is whether the licence permits that others see the text; empty: never. Use
	// [Dataset.MayShow].
	Text TextRule `toml:"text" json:"text"`
	// LabelSource is the source of the wording of the types, unless a label has its
	// own.
	LabelSource string `toml:"label_source" json:"label_source"`
	// LabelRule changes a native label before it is looked up.
	LabelRule LabelRule `toml:"label_rule" json:"label_rule"`
	// LabelSuffixes are cut off by the rule WithoutSuffix.
	LabelSuffixes []string `toml:"label_suffixes" json:"label_suffixes"`
	// UniNERGold is the gold rule of the UniversalNER test file; empty if the
	// paper's authors published no test file of the dataset.
	UniNERGold UniNERGold `toml:"uniner_gold" json:"uniner_gold"`
	Notes      string     `toml:"notes" json:"notes"`
	// Labels is the label map, in the order in which types are listed.
	Labels []Label `toml:"labels" json:"labels"`

	Table6    Table6    `toml:"table6" json:"table6"`
	CountRule CountRule `toml:"count_rule" json:"count_rule"`
	Citation  Citation  `toml:"citation" json:"citation"`
	Sources   []Source  `toml:"source" json:"source"`
	// Conll holds the parameters of the family conll, for datasets that have it.
	Conll *Conll `toml:"conll" json:"conll"`
	// Sets are the native formats of the dataset. Exactly one of them is primary.
	Sets []Set `toml:"set" json:"set"`

	// File is the path of the file that describes the dataset.
	File string `toml:"-" json:"-"`
}

// Label maps one native label to a type, or drops its spans.
type Label struct {
	Native string         `toml:"native" json:"native"`
	Type   ner.EntityType `toml:"type" json:"type"`
	// Drop removes the spans and keeps the documents.
	Drop bool `toml:"drop" json:"drop"`
	// Joins names another label that has the same meaning: when spans are formed, a
	// tag of one label continues a span of the other.
	Joins string `toml:"joins" json:"joins,omitempty"`
	// Source is the source of the wording, if it differs from the dataset's.
	Source string `toml:"source" json:"source"`
}

// TextRule is whether the text of a dataset may be shown to others, and for what use.
type TextRule string

// The text rules.
const (
	PublishText       TextRule = "publish"       // the licence plainly permits redistribution
	NonCommercialText TextRule = "noncommercial" // the licence permits it for non-commercial use
	NeverText         TextRule = "never"         // the default
)

// MayShow reports whether a file that is meant for others may contain text of the
// dataset. Every command that writes such files asks it. The use is PublishText, or
// NonCommercialText for a file that is made for such use only.
func (r *Dataset) MayShow(use TextRule) bool {
	switch r.Text {
	case PublishText:
		return use == PublishText || use == NonCommercialText
	case NonCommercialText:
		return use == NonCommercialText
	}
	return false
}

// LabelRule changes a native label before it is looked up in the label map.
type LabelRule string

// The label rules. The empty rule leaves labels unchanged.
const (
	BeforeHyphen  LabelRule = "before-hyphen"  // cut at the first hyphen, before spans are formed
	SemPrefix     LabelRule = "sem-prefix"     // GENIA's ontology classes: G#DNA_*, G#RNA_*, G#protein_*, G#cell_line, G#cell_type
	Single        LabelRule = "single"         // every mention has the dataset's one label
	WithoutSuffix LabelRule = "without-suffix" // one of label_suffixes is cut off
	PositionLast  LabelRule = "position-last"  // tag letters follow the label: PER_B, PER_I
)

// UniNERGold is how the gold of the UniversalNER test files differs from the native
// gold.
type UniNERGold string

// The gold rules of UniversalNER's test files.
const (
	NativeGold UniNERGold = "native"
	// WithoutSentenceFinal leaves out every entity that ends with the last token of
	// its sentence.
	WithoutSentenceFinal UniNERGold = "without-sentence-final"
)

// GoldRule returns the gold rule of a name: native (also if it is empty), or uniner.
func (r *Dataset) GoldRule(name string) (UniNERGold, error) {
	switch name {
	case "", "native":
		return NativeGold, nil
	case "uniner":
		if r.UniNERGold == "" {
			return "", fmt.Errorf("dataset %s: gold=uniner: the authors of the paper published no test file of this dataset", r.ID)
		}
		return r.UniNERGold, nil
	}
	return "", fmt.Errorf("gold %q: want native or uniner", name)
}

// Table6 holds the counts that the paper reports.
type Table6 struct {
	Train int `toml:"train" json:"train"` // instances
	Dev   int `toml:"dev" json:"dev"`
	Test  int `toml:"test" json:"test"`
	Types int `toml:"types" json:"types"`
}

// Count returns the instances of a split; ok is false for other splits.
func (t Table6) Count(s ner.Split) (n int, ok bool) {
	switch s {
	case ner.Train:
		return t.Train, true
	case ner.Dev:
		return t.Dev, true
	case ner.Test:
		return t.Test, true
	}
	return 0, false
}

// CountRule describes how the counts of Table 6 can be reproduced.
type CountRule struct {
	// Status: whether the native files can give the counts: exact, near, or no.
	Status string `toml:"status" json:"status"`
	// Verified: whether the counts were reproduced: yes, partly (in some splits), or
	// no.
	Verified string `toml:"verified" json:"verified"`
	Text     string `toml:"text" json:"text"`
	// Cut is how the view splits documents into instances, one of Cuts; empty: not
	// split.
	Cut string `toml:"cut" json:"cut,omitempty"`
	// Join joins the documents between two document marks before they are split.
	Join bool `toml:"join" json:"join,omitempty"`
	// View turns the documents of a split into the instances of Table 6.
	View map[ner.Split]View `toml:"view" json:"view"`
	// Measured are the counts of the view, if known.
	Measured map[ner.Split]Counts `toml:"measured" json:"measured"`
}

// View is how the documents of a split become the instances of Table 6.
type View string

// The views. Only the first three can be created from native files.
const (
	ViewAll        View = "all"
	ViewAllButLast View = "all-but-last" // the authors' parser lost the last document
	ViewSameAsTest View = "same-as-test"
	ViewMarks      View = "with-document-marks"
	ViewSample     View = "sample"
	ViewSplitter   View = "unknown-splitter"
	ViewConversion View = "conversion"
	ViewUnknown    View = "unknown"
)

// Counts are numbers of documents and spans.
type Counts struct {
	Documents int `toml:"documents" json:"documents"`
	Spans     int `toml:"spans" json:"spans"`
}

// Citation identifies the paper of the dataset.
type Citation struct {
	Key  string `toml:"key" json:"key"`
	Text string `toml:"text" json:"text"`
	// BibTeX is the entry of a dataset of your own; those of the benchmark are in
	// references.bib.
	BibTeX string `toml:"bibtex" json:"bibtex,omitempty"`
}

// Source is an official source of the native files, or a copy of them.
type Source struct {
	Kind   string `toml:"kind" json:"kind"`   // one of SourceKinds
	Where  string `toml:"where" json:"where"` // owner/repository, dataset id, catalogue number, or URL
	Commit string `toml:"commit" json:"commit,omitempty"`
	Files  string `toml:"files" json:"files,omitempty"`
	Note   string `toml:"note" json:"note,omitempty"`
}

// Types returns the types of the dataset, in listed order, without duplicates.
func (r *Dataset) Types() []ner.EntityType {
	var types []ner.EntityType
	for _, l := range r.Labels {
		if !l.Drop && !slices.Contains(types, l.Type) {
			types = append(types, l.Type)
		}
	}
	return types
}

// LabelsHash identifies the label map in a run's keys: the first 16 hexadecimal
// digits of the SHA-256 of the label rule and of the labels, in order.
func (r *Dataset) LabelsHash() string {
	h := sha256.New()
	fmt.Fprintf(h, "%s\n%q\n", r.LabelRule, r.LabelSuffixes)
	for _, l := range r.Labels {
		fmt.Fprintf(h, "%q %q %v\n", l.Native, l.Type, l.Drop)
	}
	return ner.ShortHash(h)
}

// Set returns the set of that name, or the primary one for the empty name.
func (r *Dataset) Set(name string) (*Set, error) {
	var names []string
	for i := range r.Sets {
		s := &r.Sets[i]
		if name == "" && s.Primary || name != "" && s.Name == name {
			return s, nil
		}
		names = append(names, s.Name)
	}
	if name == "" {
		return nil, fmt.Errorf("dataset %s: has no primary set", r.ID)
	}
	return nil, fmt.Errorf("dataset %s: set %q: unknown%s", r.ID, name, ner.Choices(name, names))
}
