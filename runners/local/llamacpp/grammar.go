package llamacpp

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Grammar writes a JSON schema of the kinds of docs/spec/prompts.md §2.7 as a grammar of
// llama.cpp (GBNF): arrays, objects whose members are all required and stand in
// the order of the schema, texts, and choices of texts. The schema "json" stands
// for any JSON. What a schema says besides is an error: it would be ignored.
//
// Between the parts of a value one blank may stand, no more: a weak model writes
// white space until its limit where a grammar lets it.
func Grammar(schema json.RawMessage) (string, error) {
	if string(bytes.TrimSpace(schema)) == `"json"` {
		return anyJSON + texts, nil
	}
	d := json.NewDecoder(bytes.NewReader(schema))
	value, err := grammarOf(d)
	if err == nil && d.More() {
		err = errors.New("more than one value")
	}
	if err != nil {
		return "", fmt.Errorf("schema: %w", err)
	}
	return "root ::= ws " + value + "\n" + texts, nil
}

// texts are the rules of a JSON text.
const texts = `text ::= "\"" char* "\""
char ::= [^"\\\x7F\x00-\x1F] | "\\" (["\\bfnrt/] | "u" hex hex hex hex)
hex ::= [0-9a-fA-F]
ws ::= " "?
`

// anyJSON are the rules of any JSON value.
const anyJSON = `root ::= ws value
value ::= object | array | text | number | "true" | "false" | "null"
object ::= "{" ws (text ":" ws value ("," ws text ":" ws value)*)? "}"
array ::= "[" ws (value ("," ws value)*)? "]"
number ::= "-"? ("0" | [1-9] [0-9]*) ("." [0-9]+)? ([eE] [-+]? [0-9]+)?
`

// node is a schema, its members in order.
type node struct {
	Type       string
	Items      string // their grammar
	Properties []property
	Required   []string
	Enum       []string
	Closed     bool // additionalProperties: false
}

type property struct{ name, grammar string }

// grammarOf reads a schema and writes the grammar of its values.
func grammarOf(d *json.Decoder) (string, error) {
	var n node
	err := members(d, func(name string) (err error) {
		switch name {
		case "type":
			return d.Decode(&n.Type)
		case "items":
			n.Items, err = grammarOf(d)
			return err
		case "properties":
			return members(d, func(name string) error {
				g, err := grammarOf(d)
				n.Properties = append(n.Properties, property{name, g})
				return err
			})
		case "required":
			return d.Decode(&n.Required)
		case "enum":
			return d.Decode(&n.Enum)
		case "additionalProperties":
			var more bool
			if err := d.Decode(&more); err != nil || more {
				return errors.New("additionalProperties: want false")
			}
			n.Closed = true
			return nil
		}
		return fmt.Errorf("%q is not understood", name)
	})
	if err != nil {
		return "", err
	}
	return n.grammar()
}

// members reads an object and calls f for each member, which reads its value.
func members(d *json.Decoder, f func(name string) error) error {
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return errors.Join(errors.New("want an object"), err)
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return err
		}
		if err := f(name.(string)); err != nil { // names are texts
			return err
		}
	}
	_, err := d.Token()
	return err
}

func (n *node) grammar() (string, error) {
	switch {
	case n.Type == "string" && n.Enum != nil:
		choices := make([]string, len(n.Enum))
		for i, v := range n.Enum {
			choices[i] = literal(jsonText(v))
		}
		return "(" + strings.Join(choices, " | ") + ")", nil
	case n.Type == "string":
		return "text", nil
	case n.Type == "array" && n.Items != "":
		return `"[" ws (` + n.Items + ` ("," ws ` + n.Items + `)*)? "]"`, nil
	case n.Type == "object" && n.Closed && len(n.Properties) > 0:
		parts := make([]string, len(n.Properties))
		for i, p := range n.Properties {
			if !slices.Contains(n.Required, p.name) {
				return "", fmt.Errorf("member %q: only required ones are understood", p.name)
			}
			parts[i] = literal(jsonText(p.name)+":") + " ws " + p.grammar
		}
		return `"{" ws ` + strings.Join(parts, ` "," ws `) + ` "}"`, nil
	}
	return "", fmt.Errorf("type %q: not understood, or not in full", n.Type)
}

// jsonText writes a text as JSON, letters as they are.
func jsonText(s string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // texts cannot fail
	return strings.TrimSuffix(b.String(), "\n")
}

// literal writes a text as a literal of a grammar. jsonText leaves no line end in it.
func literal(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}
