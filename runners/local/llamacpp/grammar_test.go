package llamacpp_test

import (
	"encoding/json"
	"strings"
	"testing"

	"nerbench/internal/reference"
	"nerbench/ner"
	"nerbench/runners"
	"nerbench/runners/local/llamacpp"
)

const (
	listSchema   = `{"type":"array","items":{"type":"string"}}`
	objectSchema = `{"type":"object","properties":{"person":{"type":"array","items":{"type":"string"}},"a \"place\"":{"type":"array","items":{"type":"string"}}},"required":["person","a \"place\""],"additionalProperties":false}`
	pairsSchema  = `{"type":"array","items":{"type":"object","properties":{"text":{"type":"string"},"type":{"type":"string","enum":["person","Ort"]}},"required":["text","type"],"additionalProperties":false}}`
)

func TestGrammar(t *testing.T) {
	for schema, want := range map[string]string{
		listSchema:   `root ::= ws "[" ws (text ("," ws text)*)? "]"`,
		objectSchema: `root ::= ws "{" ws "\"person\":" ws "[" ws (text ("," ws text)*)? "]" "," ws "\"a \\\"place\\\"\":" ws "[" ws (text ("," ws text)*)? "]" "}"`,
		pairsSchema:  `root ::= ws "[" ws ("{" ws "\"text\":" ws text "," ws "\"type\":" ws ("\"person\"" | "\"Ort\"") "}" ("," ws "{" ws "\"text\":" ws text "," ws "\"type\":" ws ("\"person\"" | "\"Ort\"") "}")*)? "]"`,
	} {
		got, err := llamacpp.Grammar(json.RawMessage(schema))
		if first, _, _ := strings.Cut(got, "\n"); err != nil || first != want {
			t.Errorf("%s:\n%s\n%v, want\n%s", schema, first, err, want)
		}
	}
	for _, schema := range []string{
		``, `7`, `{"type":"number"}`, `{"type":"array"}`, `{"type":"string","minLength":3}`, `{"type":"object","properties":{}}`,
		`{"type":"object","properties":{"a":{"type":"string"}},"additionalProperties":false}`, `{"type":"array","items":{"type":"string"}} {}`,
	} {
		if g, err := llamacpp.Grammar(json.RawMessage(schema)); err == nil {
			t.Errorf("%s is accepted: %s", schema, g)
		}
	}
}

// TestGrammarOfVectors: all schemas of the vectors can be converted.
func TestGrammarOfVectors(t *testing.T) { reference.EachSet(t, grammarVectors) }

func grammarVectors(t *testing.T, set reference.Set) {
	var file struct {
		Schemas map[string]map[string]json.RawMessage
	}
	set.Read(t, &file, "vectors-prompts", "schemas.json")
	if len(file.Schemas) == 0 {
		t.Fatal("no schemas")
	}
	for types, schemas := range file.Schemas {
		for name, schema := range schemas {
			if _, err := llamacpp.Grammar(schema); err != nil {
				t.Errorf("%s %s: %v", types, name, err)
			}
		}
	}
}

// TestConstrained: a model of random weights, whose free answers are noise, follows the
// schema, with greedy decoding and with sampling.
func TestConstrained(t *testing.T) {
	file := tiny(t)
	for _, temperature := range []float64{0, 1} {
		r := open(t, llamacpp.Config{File: file, LongestAnswer: 200, Decoding: runners.Decoding{Temperature: temperature}})
		schemas := []string{listSchema, objectSchema, pairsSchema, `"json"`}
		var queries []ner.Query
		for _, schema := range schemas {
			q := query("Text: Mira left Port Varna .", 200)
			q.Prompt.Schema = json.RawMessage(schema)
			queries = append(queries, q)
		}
		got, err := r.Complete(t.Context(), queries)
		if err != nil {
			t.Fatal(err)
		}
		for i, c := range got {
			text := strings.TrimLeft(c.Text, " ")
			if c.Finish == ner.FinishStop && !json.Valid([]byte(text)) {
				t.Errorf("temperature %g, %s: %q is not JSON", temperature, schemas[i], c.Text)
			}
			if begin := map[int]string{0: "[", 1: "{", 2: "["}[i]; !strings.HasPrefix(text, begin) {
				t.Errorf("temperature %g, %s: %q", temperature, schemas[i], c.Text)
			}
		}
	}
}
