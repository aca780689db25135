package prompts

import (
	"fmt"
	"slices"
	"strings"

	"nerbench/ner"
)

// Families is the table of the embedded families, in the order of help texts. It has
// the form of the answers and the presets of metrics of each family. These are ids,
// because prompts, answers and metrics do not import each other; a test of package
// harness checks them. CONTRIBUTING.md describes how to add a family.
var Families = joined(
	entry{uniner, byVariant{
		"":         {Form: "uniner_list", Published: "uniner"},
		"allinone": {Form: "uniner_pairs"},
	}},
	entry{jsonByType, byVariant{
		"":     {Form: "object"},
		"rner": {Form: "wrapped_object", Published: "reasoningner", Presets: []string{"reasoningner_f1"}},
	}},
	entry{jsonPerType, byVariant{"": {Form: "list"}}},
	entry{ye2023, byVariant{"": {Form: "segments"}}},
	entry{instructuie, byVariant{
		"": {Form: "typed_pairs", Published: "instructuie", Presets: []string{"instructuie_f1", "instructuie_original_f1", "b2ner_f1"}},
	}},
	entry{b2ner, byVariant{
		"": {Form: "typed_pairs", Published: "b2ner", Presets: []string{"b2ner_f1", "instructuie_f1", "instructuie_original_f1"}},
	}},
	entry{gner, byVariant{"": {Form: "labels", Published: "gner", Presets: []string{"gner_f1"}}}},
	entry{inlineXML, byVariant{
		"":          {Form: "tags"},
		"evalscope": {Form: "wrapped_tags"},
	}},
	entry{jsonList, byVariant{"": {Form: "objects"}}},
	entry{code, byVariant{
		"":          {Form: "gollie", Presets: []string{"gollie_f1", "gollie_unfiltered_f1"}},
		"knowcoder": {Form: "knowcoder", Presets: []string{"gollie_f1", "gollie_unfiltered_f1"}},
	}},
	entry{gptNER, byVariant{"": {Form: "markers"}}},
	entry{spans, byVariant{"": {Form: "spans"}}},
)

// Answers has the ids of the parsers and presets for the answers to prompts.
type Answers struct {
	// Form is the form of the answers, one of answers.Forms.
	Form string
	// Published is the published parser of the authors of the prompt, one of
	// answers.PublishedParsers; empty: no such parser.
	Published string
	// Presets are the metrics whose published parser can parse the answers
	// (docs/spec/metrics.md §9). The preset of the authors' own evaluation is first.
	Presets []string
}

// byVariant has the answers by variant; "" stands for all other variants.
type byVariant map[string]Answers

// entry is a line of the table.
type entry struct {
	family  Family
	answers byVariant
}

func joined(entries ...entry) []Family {
	families := make([]Family, len(entries))
	for i, e := range entries {
		families[i] = e.family
		families[i].answers = e.answers
	}
	return families
}

// Answers returns how the answers to a variant are parsed. The dataset line does not
// matter. A variant that no longer exists is parsed like the others.
func (f *Family) Answers(variant string) Answers {
	base, _, _ := strings.Cut(variant, "+")
	if base == "" {
		base = f.Variants[0].Name
	}
	if a, ok := f.answers[base]; ok {
		return a
	}
	return f.answers[""]
}

// Published returns the published parser of the first variant that has one; empty: no
// such parser.
func (f *Family) Published() string {
	for _, v := range f.Variants {
		if id := f.Answers(v.Name).Published; id != "" {
			return id
		}
	}
	return ""
}

// Names lists the names of families.
func Names(families []Family) []string {
	names := make([]string, len(families))
	for i, f := range families {
		names[i] = f.Name
	}
	return names
}

// AnswersOf returns how the answers to prompts of an embedded family are parsed. Unlike
// in [Find], the empty name is unknown.
func AnswersOf(family, variant string, own ...Family) (Answers, error) {
	for _, f := range slices.Concat(own, Families) {
		if f.Name == family {
			return f.Answers(variant), nil
		}
	}
	return Answers{}, fmt.Errorf("answers: family %q: unknown%s", family, ner.Choices(family, Names(Families)))
}

// CheckVariant returns an error if an embedded family has no variant of a name, with or
// without its dataset line. The empty name stands for the first one.
func CheckVariant(family, variant string) error {
	f, err := Find(family)
	if err == nil {
		_, _, err = f.variant(variant)
	}
	return err
}

// AnsweredAs returns the family and the variant of a preset: the first ones that list
// it first. ok is false if there are none. An empty variant stands for all variants that
// the table does not name.
func AnsweredAs(preset string) (family, variant string, ok bool) {
	best := -1
	for _, f := range Families {
		names := []string{""}
		for _, v := range f.Variants {
			names = append(names, v.Name)
		}
		for _, name := range names {
			at := slices.Index(f.answers[name].Presets, preset)
			if at >= 0 && (best < 0 || at < best) {
				family, variant, best = f.Name, name, at
			}
		}
	}
	return family, variant, best >= 0
}
