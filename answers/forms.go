package answers

import (
	"fmt"

	"nerbench/ner"
)

// answerForm describes how to parse a form of answers.
type answerForm struct {
	id string
	// shape is the shape of the JSON value; nil: the answer is parsed by read.
	shape shape
	read  func(*reply) ner.Prediction
	stop  string // the answer ends before it
	echo  string // prefix that some models repeat from the prompt
	// wrapped is set if the strict form has a wrapper object or a <response> tag.
	wrapped bool
	// tags is set if mentions are in tags named after their types.
	tags bool
	// list is set if the answer is a list of strings of the one type in the query.
	list bool
	// offsets is set if the answer has the positions of its mentions.
	offsets bool
	// spans is set if a tagger wrote the answer, or another system made the prediction.
	spans bool
	// given is set for [GivenForm].
	given bool
}

// forms is the table of the forms of answers. The table of prompt families
// (prompts.Families) and the headers of families of the user's own
// (docs/add-a-prompt.md) refer to their ids.
var forms = []answerForm{
	{id: "list", shape: listShape, list: true},
	{id: "object", shape: byTypeShape},
	{id: "objects", shape: objectsShape},
	{id: "pairs", shape: pairsShape},
	{id: "tags", read: readTagged, tags: true, offsets: true},
	{id: "uniner_list", shape: listShape, list: true, stop: "</s>", echo: "ASSISTANT:"},
	{id: "uniner_pairs", shape: pairsShape, stop: "</s>", echo: "ASSISTANT:"},
	{id: "wrapped_object", shape: byTypeShape, wrapped: true},
	{id: "segments", read: readSegments, echo: "Entity:"},
	{id: "typed_pairs", read: readTypedPairs, echo: "Answer:"},
	{id: "labels", read: readLabelled, offsets: true},
	{id: "wrapped_tags", read: readTagged, tags: true, wrapped: true, offsets: true},
	{id: "gollie", read: readGoLLIE, stop: "</s>"},
	{id: "knowcoder", read: readKnowCoder, stop: "</s>"},
	{id: "markers", read: readMarked, echo: "The labeled sentence:", offsets: true},
	{id: "spans", read: readSpans, offsets: true, spans: true},
}

// Forms lists the ids of the forms of answers that can be parsed.
func Forms() []string {
	ids := make([]string, len(forms))
	for i, f := range forms {
		ids[i] = f.id
	}
	return ids
}

func findForm(id string) (answerForm, error) {
	if id == GivenForm {
		return givenForm, nil
	}
	for _, f := range forms {
		if f.id == id {
			return f, nil
		}
	}
	return answerForm{}, fmt.Errorf("answers: form %q: unknown%s", id, ner.Choices(id, Forms()))
}
