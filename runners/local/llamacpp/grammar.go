package llamacpp

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Grammar converts a JSON schema of docs/spec/prompts.md §2.7 to a grammar of llama.cpp
// (GBNF). It supports arrays, strings, choices of strings, and objects whose members are
// all required and in the order of the schema. The schema "json" means any JSON. Other
// parts of a schema are errors, because they would be ignored.
//
// The grammar allows at most one blank between the parts of a value: a weak model writes
// white space up to its limit if a grammar allows it.
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

// texts are the rules of a JSON string.
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

// node is a schema, with its members in order.
type node struct {
	Type       string
	Items      string // the grammar of the elements
	Properties []property
	Required   []string
	Enum       []string
	Closed     bool // additionalProperties: false
}

type property struct{ name, grammar string }

// grammarOf reads a schema and returns the grammar of its values.
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
		return fmt.Errorf("%q is not supported", name)
	})
	if err != nil {
		return "", err
	}
	return n.grammar()
}

// members reads an object. It calls f for each member; f reads the value.
func members(d *json.Decoder, f func(name string) error) error {
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return errors.Join(errors.New("want an object"), err)
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return err
		}
		if err := f(name.(string)); err != nil { // names are strings
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
				return "", fmt.Errorf("member %q: optional members are not supported", p.name)
			}
			parts[i] = literal(jsonText(p.name)+":") + " ws " + p.grammar
		}
		return `"{" ws ` + strings.Join(parts, ` "," ws `) + ` "}"`, nil
	}
	return "", fmt.Errorf("type %q: not supported, or incomplete", n.Type)
}

// jsonText encodes a string as JSON. It does not escape letters.
func jsonText(s string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // strings cannot fail
	return strings.TrimSuffix(b.String(), "\n")
}

// literal encodes a string as a literal of a grammar. jsonText escapes line ends.
func literal(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}
