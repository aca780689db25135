package prompts

import (
	"fmt"
	"slices"
	"strings"
)

// Families is the table of the families of the program, in the order in which help
// shows them. It joins the prompts of a family with the form of their answers and
// with the presets of metrics. These are named by their ids, because prompts, answers
// and metrics do not import each other; a test of package harness walks the table.
// CONTRIBUTING.md says how to add a family.
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

// Answers says how the answers to prompts are parsed, by the ids of other packages.
type Answers struct {
	// Form is the form of the answers, one of answers.Forms.
	Form string
	// Published is the parser that the authors of the prompt published, one of
	// answers.PublishedParsers; empty: there is none.
	Published string
	// Presets are the metrics whose published parser can parse the answers
	// (docs/spec/metrics.md §9); those of the authors' own evaluation stand first.
	Presets []string
}

// byVariant are the answers of a family's variants; "" stands for all others.
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

// Answers says how the answers to a variant are parsed. A dataset line changes
// nothing, and a variant that the family does not have any more is parsed as the
// others are.
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

// Published returns the published parser of the family: that of the first variant
// that has one. Empty: there is none.
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

// AnswersOf says how the answers to prompts of a family are parsed, of the program
// or of own. Unlike for [Find], the empty name is unknown.
func AnswersOf(family, variant string, own ...Family) (Answers, error) {
	for _, f := range slices.Concat(own, Families) {
		if f.Name == family {
			return f.Answers(variant), nil
		}
	}
	return Answers{}, fmt.Errorf("answers: family %q: unknown (known: %s)", family, strings.Join(Names(Families), ", "))
}

// AnsweredAs returns the family and the variant whose answers the published parser
// of a preset is for: the first that lists it foremost. ok is false where there is
// none. An empty variant stands for all but those that the table names.
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
