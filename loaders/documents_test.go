package loaders_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"nerbench/datasets"
)

// exports are invented files of each preset; the keys are the preset and the form.
var exports = map[string]struct {
	preset  string
	content string
	want    string
	counts  string // kinds that are counted once
}{
	"doccano": {"doccano", `{"id": 7, "text": "Zoë left Essa", "label": [[0, 3, "PER"], [9, 13, "LOC"]], "Comments": []}
{"id": 8, "text": "nothing", "label": []}
`, "\"Zoë left Essa\" person=Zoë place=Essa\n\"nothing\"\n", ""},
	"doccano, labels":   {"doccano", `{"text": "Zoë left", "labels": [[0, 3, "PER"]]}`, "\"Zoë left\" person=Zoë\n", ""},
	"doccano, entities": {"doccano", `{"id": 1, "text": "Zoë left", "entities": [{"id": 5, "label": "PER", "start_offset": 0, "end_offset": 3}], "relations": []}`, "\"Zoë left\" person=Zoë\n", ""},
	"doccano, JSON":     {"doccano", `[{"id": 1, "text": "Zoë left", "label": [[0, 3, "PER"]]}]`, "\"Zoë left\" person=Zoë\n", ""},
	"prodigy": {"prodigy", `{"text": "Zoë left", "_input_hash": 1, "_task_hash": 2, "tokens": [{"text": "Zoë", "start": 0, "end": 3, "id": 0, "ws": true}, {"text": "left", "start": 4, "end": 8, "id": 1, "ws": false}], "spans": [{"start": 0, "end": 3, "token_start": 0, "token_end": 0, "label": "PER"}], "answer": "accept"}
{"text": "refused", "spans": [], "answer": "reject"}
{"text": "Essa", "answer": "accept"}
`, "\"Zoë left\" person=Zoë\n\"Essa\"\n", "records_left_out records_without_mentions"},
	"label-studio": {"label-studio", `[
{"id": 3, "annotations": [{"id": 9, "was_cancelled": false, "result": [
  {"value": {"start": 3, "end": 6, "text": "Zoë", "labels": ["PER"]}, "id": "a", "from_name": "label", "to_name": "text", "type": "labels"},
  {"value": {"choices": ["x"]}, "id": "b", "from_name": "sentiment", "to_name": "text", "type": "choices"},
  {"value": {"start": 12, "end": 16, "text": "Essa", "labels": ["LOC", "MISC"]}, "id": "c", "type": "labels"}]},
  {"id": 10, "was_cancelled": false, "result": []}], "data": {"text": "🎉 Zoë left Essa"}},
{"id": 4, "annotations": [], "data": {"text": "not annotated"}},
{"id": 5, "annotations": [{"was_cancelled": true, "result": []}], "data": {"text": "skipped"}}
]`, "\"🎉 Zoë left Essa\" person=Zoë place=Essa\n", "utf16_offsets skipped_annotations other_annotations"},
	"label-studio, JSON-MIN": {"label-studio", `[{"id": 3, "text": "Zoë left", "label": [{"start": 0, "end": 3, "text": "Zoe", "labels": ["PER"]}, {"start": 4, "end": 8, "text": "left", "labels": []}], "annotator": 1}]`,
		"\"Zoë left\" person=Zoë\n", "text_mismatch without_label"},
	"spacy": {"spacy", `[["Zoë left", {"entities": [[0, 3, "PER"]]}], ["nothing", {"entities": []}]]`, "\"Zoë left\" person=Zoë\n\"nothing\"\n", ""},
	"spacy, lines": {"spacy", `["Zoë left", {"entities": [[0, 3, "PER"]]}]
["nothing", {"entities": []}]
`, "\"Zoë left\" person=Zoë\n\"nothing\"\n", ""},
	"spacy, annotator": {"spacy", `{"classes": ["PER"], "annotations": [["Zoë left", {"entities": [[0, 3, "PER"]]}], null]}`, "\"Zoë left\" person=Zoë\n", "records_left_out"},
	"spacy, to_json":   {"spacy", `{"text": "Zoë left", "ents": [{"start": 0, "end": 3, "label": "PER"}], "tokens": [{"id": 0, "start": 0, "end": 3}, {"id": 1, "start": 4, "end": 8}]}`, "\"Zoë left\" person=Zoë\n", ""},
	"gliner":           {"gliner", `[{"tokenized_text": ["Zoë", "Li", "left", "Essa"], "ner": [[0, 1, "PER"], [3, 3, "place"]]}]`, "\"Zoë Li left Essa\" person=Zoë Li place=Essa\n", ""},
	"pubannotation": {"pubannotation", `{"text": "Zoë left Essa", "sourcedb": "x", "denotations": [{"id": "T1", "span": {"begin": 0, "end": 3}, "obj": "PER"}, {"id": "T2", "span": [{"begin": 4, "end": 6}, {"begin": 9, "end": 13}], "obj": "LOC"}]}
`, "\"Zoë left Essa\" person=Zoë place=left Essa\n", "discontinuous"},
	"pubannotation, none": {"pubannotation", `[{"text": "nothing"}]`, "\"nothing\"\n", "records_without_mentions"},
	"docred": {"docred", `[{"title": "x", "sents": [["Zoë", "left"], ["Essa", "and", "Zoë", "Li"]], "vertexSet": [[{"name": "Zoë", "pos": [0, 1], "sent_id": 0, "type": "PER"}, {"name": "Zoë Li", "pos": [2, 4], "sent_id": 1, "type": "PER"}], [{"name": "Essa", "pos": [0, 1], "sent_id": 1, "type": "LOC"}]], "labels": []}]`,
		"\"Zoë left Essa and Zoë Li\" person=Zoë person=Zoë Li place=Essa\n", ""},
	"huggingface, tags":    {"huggingface", `{"id": "0", "tokens": ["Zoë", "Li", "left"], "ner_tags": ["B-PER", "I-PER", "O"]}`, "\"Zoë Li left\" person=Zoë Li\n", ""},
	"huggingface, columns": {"huggingface", `{"text": "Zoë left Essa", "entities": {"start": [0, 9], "end": [3, 13], "label": ["PER", "LOC"]}}`, "\"Zoë left Essa\" person=Zoë place=Essa\n", ""},
	"huggingface, viewer": {"huggingface", `{"features": [{"feature_idx": 0, "name": "tokens", "type": {"feature": {"dtype": "string"}}}, {"feature_idx": 1, "name": "ner_tags", "type": {"feature": {"names": ["O", "B-PER", "I-PER"], "_type": "ClassLabel"}, "_type": "Sequence"}}],
"rows": [{"row_idx": 0, "row": {"tokens": ["Zoë", "Li", "left"], "ner_tags": [1, 2, 0]}, "truncated_cells": []}]}`, "\"Zoë Li left\" person=Zoë Li\n", ""},
}

func presetDataset(preset string) *datasets.Dataset {
	dataset := familyDataset("documents", "document", "a.json")
	dataset.Sets[0].Fields = &datasets.Fields{Preset: preset}
	return dataset
}

// Every preset reads its export.
func TestPresets(t *testing.T) {
	tested := map[string]bool{}
	for name, tc := range exports {
		tested[tc.preset] = true
		t.Run(name, func(t *testing.T) {
			got, tally, err := loaded(t, presetDataset(tc.preset), map[string]string{"a.json": tc.content})
			if err != nil {
				t.Fatal(err)
			}
			if got != tc.want {
				t.Errorf("found\n%swant\n%s", got, tc.want)
			}
			for kind := range strings.FieldsSeq(tc.counts) {
				if tally.Repairs[kind] != 1 {
					t.Errorf("counted %v, want one %s", tally.Repairs, kind)
				}
			}
			if tc.counts == "" && len(tally.Repairs) > 0 {
				t.Errorf("counted %v, want nothing", tally.Repairs)
			}
		})
	}
	if want := slices.Sorted(maps.Keys(datasets.Presets)); !slices.Equal(slices.Sorted(maps.Keys(tested)), want) {
		t.Errorf("presets %v, tested %v", want, tested)
	}
}

// Records with field names of the user's own.
func TestOwnFields(t *testing.T) {
	triples := datasets.Fields{Text: "body", Mentions: "marks", Start: "0", End: "1", Label: "2"}
	with := func(change func(*datasets.Fields)) *datasets.Fields {
		f := triples
		change(&f)
		return &f
	}
	for name, tc := range map[string]struct {
		fields  *datasets.Fields
		content string
		want    string // documents, or a part of the error
		counts  string
	}{
		"triples":         {&triples, `{"body": "Zoë left", "marks": [[0, 3, "PER"]]}`, "\"Zoë left\" person=Zoë\n", ""},
		"numbers in text": {&triples, `{"body": "Zoë left", "marks": [["0", 3.0, "PER"]]}`, "\"Zoë left\" person=Zoë\n", ""},
		"byte order mark": {&triples, "\uFEFF" + `{"body": "Zoë left", "marks": [[0, 3, "PER"]]}`, "\"Zoë left\" person=Zoë\n", "bom"},
		// The offsets of one mention fit UTF-16 code units, and those of another one do not.
		"units that disagree":  {with(func(f *datasets.Fields) { f.Surface = "3" }), `{"body": "🎉 Zoë left", "marks": [[3, 6, "PER", "Zoë"], [1, 4, "PER", "x"]]}`, "a.json:1: mention: offset 1: within a character", ""},
		"inclusive":            {with(func(f *datasets.Fields) { f.Inclusive = "yes" }), `{"body": "Zoë left", "marks": [[0, 2, "PER"]]}`, "\"Zoë left\" person=Zoë\n", ""},
		"bytes":                {with(func(f *datasets.Fields) { f.Offsets = "bytes" }), `{"body": "Zoë left", "marks": [[0, 4, "PER"]]}`, "\"Zoë left\" person=Zoë\n", ""},
		"bytes, inside":        {with(func(f *datasets.Fields) { f.Offsets = "bytes" }), `{"body": "Zoë left", "marks": [[0, 3, "PER"]]}`, "a.json:1: mention: offset 3: within a character", ""},
		"utf-16":               {with(func(f *datasets.Fields) { f.Offsets = "utf-16" }), `{"body": "🎉 Zoë", "marks": [[3, 6, "PER"]]}`, "\"🎉 Zoë\" person=Zoë\n", ""},
		"tokens and text":      {with(func(f *datasets.Fields) { f.Tokens, f.Offsets = "words", "tokens" }), `{"body": "Zoë Li, left", "words": ["Zoë", "Li", ",", "left"], "marks": [[0, 2, "PER"]]}`, "\"Zoë Li, left\" person=Zoë Li\n", ""},
		"other tokens":         {with(func(f *datasets.Fields) { f.Tokens, f.Offsets = "words", "tokens" }), `{"body": "Zoë Li", "words": ["Zoe", "Li"], "marks": []}`, `a.json:1: field "words": the tokens are not the words of the text`, ""},
		"other tokens, unused": {with(func(f *datasets.Fields) { f.Tokens = "words" }), `{"body": "Zoë Li", "words": ["Zoe", "Li"], "marks": [[0, 3, "PER"]]}`, "\"Zoë Li\" person=Zoë\n", "tokens_without_place"},
		"outside the tokens":   {with(func(f *datasets.Fields) { f.Text, f.Tokens, f.Offsets = "", "words", "tokens" }), `{"words": ["Zoë"], "marks": [[0, 2, "PER"]]}`, "mention 0: mention of tokens 0 to 1: the document has 1 tokens", ""},
		"records within":       {with(func(f *datasets.Fields) { f.Records = "data.docs" }), `{"data": {"docs": [{"body": "Zoë", "marks": []}]}}`, "\"Zoë\"\n", ""},
		"records missing":      {with(func(f *datasets.Fields) { f.Records = "docs" }), `{"body": "Zoë", "marks": []}`, `a.json:1: field "docs": missing`, ""},
		"ids twice":            {with(func(f *datasets.Fields) { f.ID = "n" }), "{\"n\": 1, \"body\": \"a\", \"marks\": []}\n{\"n\": 1, \"body\": \"b\", \"marks\": []}\n", `a.json:2: id "1" occurs twice`, ""},
		"no mentions":          {&triples, "{\"body\": \"a\", \"marks\": []}\n{\"body\": \"b\"}", `a.json:2: field "marks": missing: the record has no mentions, not even an empty list`, ""},
		"null mentions":        {&triples, `{"body": "b", "marks": null}`, `a.json:1: field "marks": missing`, ""},
		"no text":              {&triples, `{"marks": []}`, `a.json:1: field "body": missing`, ""},
		"text is a number":     {&triples, `{"body": 3, "marks": []}`, `a.json:1: field "body": 3: expected a string`, ""},
		"mention":              {&triples, `{"body": "a", "marks": [[0, 1]]}`, `a.json:1: mention 0: [0,1]: field "2": missing`, ""},
		"offset":               {&triples, `{"body": "a", "marks": [["x", 1, "PER"]]}`, `a.json:1: mention 0: field "0": "x": expected a whole number`, ""},
		"offsets outside":      {&triples, `{"body": "a", "marks": [[0, 2, "PER"]]}`, `a.json:1: mention: offset 2: outside the text of 1 code points`, ""},
		"label":                {&triples, `{"body": "a", "marks": [[0, 1, "ORG"]]}`, `a.json:1: unknown label "ORG" (known: PER, LOC, MISC)`, ""},
		"in an array":          {&triples, "[\n{\"body\": \"a\", \"marks\": []},\n{\"body\": \"b\"}]", `a.json:3: field "marks": missing`, ""},
		"not JSON":             {&triples, "{\"body\": \"a\", \"marks\": []}\nx", `a.json:2: expected JSON: byte `, ""},
		"truncated":            {&triples, "[{\"body\": \"a\", \"marks\": []},\n{\"body\"", `a.json:2: expected JSON: unexpected end`, ""},
		"not UTF-8":            {&triples, "{\"body\": \"\xff\", \"marks\": []}", `a.json:1: expected JSON: byte`, ""},
		"numbered labels":      {with(func(f *datasets.Fields) { f.Names = []string{"PER", "LOC"} }), `{"body": "Zoë", "marks": [[0, 3, 0]]}`, "\"Zoë\" person=Zoë\n", ""},
		"tags":                 {&datasets.Fields{Tokens: "words", Tags: "tags", Scheme: "bilou"}, `{"words": ["Zoë", "Li", "left"], "tags": ["B-PER", "L-PER", "O"]}`, "\"Zoë Li left\" person=Zoë Li\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			dataset := familyDataset("documents", "document", "a.json")
			dataset.Sets[0].Fields = tc.fields
			got, tally, err := loaded(t, dataset, map[string]string{"a.json": tc.content})
			if err != nil {
				got = err.Error()
			}
			if err == nil && got != tc.want || !strings.Contains(got, tc.want) {
				t.Errorf("found\n%s\nwant\n%s", got, tc.want)
			}
			for kind := range strings.FieldsSeq(tc.counts) {
				if tally.Repairs[kind] != 1 {
					t.Errorf("counted %v, want one %s", tally.Repairs, kind)
				}
			}
		})
	}
}

// FuzzRecords checks that no input makes a preset panic, and that every span covers
// its mention.
func FuzzRecords(f *testing.F) {
	for _, e := range exports {
		f.Add(e.content)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for preset := range datasets.Presets {
			_, _, _ = loaded(t, presetDataset(preset), map[string]string{"a.json": s}) // an error is accepted, too
		}
	})
}
