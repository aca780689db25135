package prompts

import (
	"fmt"
	"strings"
	"unicode"

	"nerbench/ner"
)

// code is the family with Python classes as types (docs/spec/prompts.md §4.9).
var code = Family{
	Name: "code", Meaning: "types as Python classes, mentions as their instances",
	Layout: "all", Shape: "completion", MaxTokens: 512, Fewshot: true,
	Variants: []Variant{
		{Name: "gollie", Meaning: "GoLLIE's template with generic docstrings, unlike its published setting"},
		{Name: "knowcoder", Meaning: "KnowCoder's template, with one base class", Stop: []string{`"""`}, MaxTokens: 640},
	},
	templates: folder("code"),
	style:     codeStyle,
}

func codeStyle(variant string) style {
	s := style{names: func(words, _ []string) []string { return ner.ClassNames(words) }}
	if variant == "knowcoder" {
		s.answer = knowCoderAnswer
		s.describe = func(t TypeInfo, _ string, v *values) {
			v[slotDefinition], v[slotSuch] = docstring(t.Definition), strings.Join(t.Examples, ", ")
		}
		return s
	}
	s.text = func(d *ner.Document) string { return pythonString(d.Text) }
	s.answer = gollieAnswer
	s.describe = func(t TypeInfo, word string, v *values) {
		definition := t.Definition
		if definition == "" {
			definition = "Refers to entities of type " + word + "."
		}
		v[slotDefinition] = docstring(definition)
		if len(t.Examples) > 0 {
			literals := make([]string, len(t.Examples))
			for i, e := range t.Examples {
				literals[i] = pythonString(e)
			}
			v[slotSuch] = "  # Such as: " + strings.Join(literals, ", ")
		}
	}
	return s
}

func gollieAnswer(q *question, d *ner.Document) string {
	var b strings.Builder
	for _, m := range q.mentions(d) {
		fmt.Fprintf(&b, "    %s(span=%s),\n", q.names[m.of], pythonString(m.text))
	}
	return "[\n" + b.String() + "]"
}

func knowCoderAnswer(q *question, d *ner.Document) string {
	var calls []string
	for _, m := range q.mentions(d) {
		calls = append(calls, "\t"+q.names[m.of]+"("+pythonString(m.text)+")")
	}
	if calls == nil {
		return "results = []"
	}
	return "results = [\n" + strings.Join(calls, ",\n") + "\n]"
}

// docstring returns a text that is valid between triple quotes.
func docstring(text string) string {
	text = strings.ReplaceAll(strings.ReplaceAll(text, `\`, `\\`), `"""`, `\"\"\"`)
	if strings.HasSuffix(text, `"`) {
		text += " "
	}
	return text
}

// pythonString returns a Python string literal, in double quotes unless the text has
// more of them than single quotes.
func pythonString(text string) string {
	quote := byte('"')
	if strings.Count(text, `"`) > strings.Count(text, "'") {
		quote = '\''
	}
	b := append(make([]byte, 0, len(text)+2), quote)
	for _, r := range text {
		switch {
		case r == rune(quote) || r == '\\':
			b = append(b, '\\', byte(r))
		case r == '\n':
			b = append(b, `\n`...)
		case r == '\r':
			b = append(b, `\r`...)
		case r == '\t':
			b = append(b, `\t`...)
		case r == ' ' || unicode.In(r, unicode.L, unicode.M, unicode.N, unicode.P, unicode.S):
			b = append(b, string(r)...)
		case r < 0x100:
			b = fmt.Appendf(b, `\x%02x`, r)
		case r < 0x10000:
			b = fmt.Appendf(b, `\u%04x`, r)
		default:
			b = fmt.Appendf(b, `\U%08x`, r)
		}
	}
	return string(append(b, quote))
}
