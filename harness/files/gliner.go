package files

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"nerbench/loaders"
	"nerbench/metrics"
	"nerbench/ner"
)

// entityLine is an entity as predict_entities of GLiNER returns it: offsets are those of
// Python, code points with an exclusive end.
type entityLine struct {
	Start *int    `json:"start"`
	End   *int    `json:"end"`
	Text  *string `json:"text"`
	Label string  `json:"label"`
}

// glinerLine is a text with its entities, or tokens with entities in tokens, as in the
// training files of GLiNER.
type glinerLine struct {
	ID       *loaders.LineID   `json:"id"`
	Text     *string           `json:"text"`
	Entities *[]entityLine     `json:"entities"`
	Tokens   []string          `json:"tokenized_text"`
	NER      []json.RawMessage `json:"ner"`
}

var errGLiNER = errors.New(`want a list of {"start", "end", "text", "label"}, {"text", "entities": […]}, or {"tokenized_text", "ner": [[start, end, label]]}`)

// parseGLiNER parses the entities of one text.
func parseGLiNER(record []byte) (given, error) {
	var l glinerLine
	into := any(&l)
	if bytes.HasPrefix(bytes.TrimLeft(record, " \t\r\n"), []byte("[")) {
		l.Entities = &[]entityLine{}
		into = l.Entities
	}
	if err := json.Unmarshal(record, into); err != nil {
		return given{}, fmt.Errorf("%w: %w", errGLiNER, loaders.PlainJSON(err))
	}
	var g given
	if l.ID != nil {
		return g, fmt.Errorf(`entities have no "id" in this format, but follow the order of the documents: with ids, want {"id", "spans": [{"start", "end", "type"}]}`)
	}
	g.says.text = l.Text
	switch {
	case l.Entities != nil:
		spans := make([]spanLine, len(*l.Entities))
		for i, e := range *l.Entities {
			if e.Start == nil || e.End == nil || e.Label == "" {
				return g, fmt.Errorf(`entity %d: want {"start", "end", "label"}`, i)
			}
			spans[i] = spanLine{Start: e.Start, End: e.End, Type: ner.EntityType(e.Label), Text: e.Text}
		}
		return g, g.setSpans(spans)
	case l.Tokens != nil && l.NER != nil:
		return g, g.setTokenEntities(l.Tokens, l.NER)
	}
	return g, errGLiNER
}

// setTokenEntities sets entities [first, last, label] of tokens, with inclusive ends and
// possibly a score.
func (g *given) setTokenEntities(tokens []string, entities []json.RawMessage) error {
	g.says.tokens, g.says.chunks = tokens, []metrics.Chunk{}
	for i, raw := range entities {
		var parts []json.RawMessage
		var first, last int
		var label string
		if err := json.Unmarshal(raw, &parts); err != nil || len(parts) < 3 {
			return fmt.Errorf("entity %d: want [first token, last token, label]", i)
		}
		if err := errors.Join(json.Unmarshal(parts[0], &first), json.Unmarshal(parts[1], &last), json.Unmarshal(parts[2], &label)); err != nil || label == "" {
			return fmt.Errorf("entity %d: want [first token, last token, label]", i)
		}
		if first < 0 || first > last || last >= len(tokens) {
			return fmt.Errorf("entity %d: tokens %d to %d, the text has %d", i, first, last, len(tokens))
		}
		g.says.chunks = append(g.says.chunks, metrics.Chunk{Start: first, End: last + 1, Type: ner.EntityType(label)})
	}
	return nil
}
