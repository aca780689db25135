package datasets

import (
	"maps"
	"slices"
)

// Presets are the fields of known exports, for sets of the family documents. A path
// is names of fields joined by dots; a number is a position in a list (-1 is the
// last), and * stands for all elements. Alternatives are separated by "|": the first
// that exists is used. An empty alternative at the end permits that the field is
// missing.
var Presets = map[string]Fields{
	// doccano: JSON Lines of a sequence labelling project, of all its versions.
	"doccano": {
		ID: "id|", Text: "text|data", Mentions: "label|labels|entities|annotations",
		Start: "0|start_offset", End: "1|end_offset", Label: "2|label",
	},
	// Prodigy: the output of db-out. Tokens have offsets.
	"prodigy": {
		Text: "text", Tokens: "tokens|", Mentions: "spans|",
		Start: "start", End: "end", Label: "label", Where: map[string]string{"answer": "accept|"},
	},
	// Label Studio: the exports JSON and JSON-MIN. The first annotation of a task is
	// used.
	"label-studio": {
		ID: "id|", Text: "data.text|text", Mentions: "annotations.0.result|completions.0.result|label",
		Start: "value.start|start", End: "value.end|end", Label: "value.labels|labels|value.hypertextlabels", Surface: "value.text|text|",
		Where: map[string]string{"annotations.0|completions.0|label": "*", "annotations.0.was_cancelled|completions.0.was_cancelled": "false|"},
		Only:  map[string]string{"type": "labels|hypertextlabels|"},
	},
	// spaCy: tuples (text, {"entities": [(start, end, label)]}) as JSON, and Doc.to_json.
	"spacy": {
		Records: "annotations|", Text: "0|text", Tokens: "tokens|", Mentions: "1.entities|entities|ents|spans",
		Start: "0|start", End: "1|end", Label: "2|label",
	},
	// GLiNER: training data. Mentions are tokens, ends inclusive.
	"gliner": {
		Tokens: "tokenized_text", Mentions: "ner", Start: "0", End: "1", Label: "2", Offsets: "tokens", Inclusive: "yes",
	},
	// PubAnnotation: denotations. A list of spans is a discontinuous mention.
	"pubannotation": {
		Text: "text", Mentions: "denotations|", Start: "span.begin|span.0.begin", End: "span.end|span.-1.end", Label: "obj",
	},
	// DocRED: sentences of tokens, mentions by entity, offsets in tokens of a sentence.
	"docred": {
		Tokens: "sents", Mentions: "vertexSet.*", Start: "pos.0", End: "pos.1", Label: "type", Sentence: "sent_id", Offsets: "tokens",
	},
	// Hugging Face: to_json and the rows of the dataset viewer. Lists of tokens and
	// tags, or a text with entities.
	"huggingface": {
		Records: "rows.*.row|", Text: "text|sentence|", Tokens: "tokens|words|", Tags: "ner_tags|tags|labels|",
		Mentions: "entities|spans|ner|", Start: "start|start_offset|0", End: "end|end_offset|1", Label: "label|type|entity_type|2",
	},
}

// WithPreset returns the fields with those of the preset as defaults.
func (f *Fields) WithPreset() Fields {
	all := *f
	p := Presets[f.Preset]
	for _, field := range []struct{ of, or *string }{
		{&all.Records, &p.Records}, {&all.ID, &p.ID}, {&all.Text, &p.Text}, {&all.Tokens, &p.Tokens}, {&all.Tags, &p.Tags},
		{&all.Mentions, &p.Mentions}, {&all.Start, &p.Start}, {&all.End, &p.End}, {&all.Label, &p.Label}, {&all.Surface, &p.Surface},
		{&all.Sentence, &p.Sentence}, {&all.Offsets, &p.Offsets}, {&all.Inclusive, &p.Inclusive},
	} {
		if *field.of == "" {
			*field.of = *field.or
		}
	}
	if all.Where == nil {
		all.Where = p.Where
	}
	if all.Only == nil {
		all.Only = p.Only
	}
	return all
}

// documentFields checks the fields of the family documents.
func (l *lint) documentFields(at string, f *Fields) {
	oneOf(l, at+": fields.preset", f.Preset, append([]string{""}, slices.Sorted(maps.Keys(Presets))...))
	all := f.WithPreset()
	if all.Text == "" && all.Tokens == "" {
		l.fault(at+": fields", "want text, or tokens")
	}
	switch {
	case all.Mentions == "" && all.Tags == "":
		l.fault(at+": fields", "want mentions, or tags")
	case all.Mentions != "" && (all.Start == "" || all.End == "" || all.Label == ""):
		l.fault(at+": fields", "want start, end and label with mentions: the paths of the values in a mention")
	case all.Tags != "" && all.Tokens == "":
		l.fault(at+": fields", "want tokens with tags")
	case all.Offsets == "tokens" && all.Tokens == "":
		l.fault(at+": fields", "want tokens with offsets in tokens")
	case all.Sentence != "" && all.Offsets != "tokens":
		l.fault(at+": fields.sentence", "is only used with offsets in tokens")
	}
}
