package answers

import (
	"fmt"
	"nerbench/ner"
	"strings"
)

// answerForm says how the answers of a form are parsed.
type answerForm struct {
	id string
	// shape is what the JSON ladder looks for; nil: read reads the answer.
	shape shape
	read  func(*reply) ner.Prediction
	stop  string // cuts an answer
	echo  string // a prompt that some models repeat first
	// wrapped: the strict form of an object by type has a wrapper, that of tagged
	// text a <response>.
	wrapped bool
	// list: shape is a list of strings, of the one type that was asked for.
	list bool
	// offsets: the answer says where its mentions are.
	offsets bool
	// spans: a program wrote the answer.
	spans bool
}

// forms is the table of the forms of answers. The table of prompt families
// (prompts.Families) names them by their ids; the header of a family of the user's
// own does so, too (docs/add-a-prompt.md).
var forms = []answerForm{
	{id: "list", shape: listShape, list: true},
	{id: "object", shape: byTypeShape},
	{id: "objects", shape: objectsShape},
	{id: "pairs", shape: pairsShape},
	{id: "tags", read: readTagged, offsets: true},
	{id: "uniner_list", shape: listShape, list: true, stop: "</s>", echo: "ASSISTANT:"},
	{id: "uniner_pairs", shape: pairsShape, stop: "</s>", echo: "ASSISTANT:"},
	{id: "wrapped_object", shape: byTypeShape, wrapped: true},
	{id: "segments", read: readSegments, echo: "Entity:"},
	{id: "typed_pairs", read: readTypedPairs, echo: "Answer:"},
	{id: "labels", read: readLabelled, offsets: true},
	{id: "wrapped_tags", read: readTagged, wrapped: true, offsets: true},
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
	for _, f := range forms {
		if f.id == id {
			return f, nil
		}
	}
	return answerForm{}, fmt.Errorf("answers: form %q: unknown (known: %s)", id, strings.Join(Forms(), ", "))
}
