package fleet

import (
	"encoding/json"
	"testing"

	"nerbench/ner"
	"nerbench/runners/open"
)

// TestNoSchema: a prompt without a schema has none on another machine. The JSON null would
// be one.
func TestNoSchema(t *testing.T) {
	for name, schema := range map[string]json.RawMessage{"none": nil, "one": json.RawMessage(`{"type":"array"}`)} {
		sent := ner.Prompt{Text: "Who?", Schema: schema}
		var p passage
		var o order
		for _, m := range []struct{ from, to any }{
			{passage{Prompts: []prompt{{Prompt: sent}}}, &p},
			{order{Spec: &open.Spec{Example: sent}}, &o},
		} {
			data, err := encode(m.from)
			if err != nil {
				t.Fatal(err)
			}
			if err := decode(data, m.to); err != nil {
				t.Fatal(err)
			}
		}
		for _, got := range []ner.Prompt{p.Prompts[0].Prompt, o.Spec.Example} {
			if string(got.Schema) != string(schema) || (got.Schema == nil) != (schema == nil) {
				t.Errorf("%s: schema %q, want %q", name, got.Schema, schema)
			}
		}
	}
}
