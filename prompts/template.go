package prompts

import (
	"fmt"
	"strings"
)

// template is a text with placeholders in braces. It is filled in one pass:
// what is inserted is never searched for placeholders (PROMPTS.md §2.1).
type template []segment

// segment is literal text, or a placeholder.
type segment struct{ literal, name string }

// parseTemplate reads a template; each of its placeholders must be known.
func parseTemplate(text string, known ...string) (template, error) {
	var t template
	for text != "" {
		before, rest, ok := strings.Cut(text, "{")
		if before != "" {
			t = append(t, segment{literal: before})
		}
		if !ok {
			break
		}
		name, after, ok := strings.Cut(rest, "}")
		if !ok || !contains(known, name) {
			return nil, fmt.Errorf("template: placeholder {%s}: unknown (known: %s)", name, strings.Join(known, ", "))
		}
		t = append(t, segment{name: name})
		text = after
	}
	return t, nil
}

func contains(list []string, s string) bool {
	for _, l := range list {
		if l == s {
			return true
		}
	}
	return false
}

// fill appends the template with its placeholders replaced.
func (t template) fill(b []byte, values map[string]string) []byte {
	for _, s := range t {
		if s.name == "" {
			b = append(b, s.literal...)
		} else {
			b = append(b, values[s.name]...)
		}
	}
	return b
}

// before returns the part ahead of the first of the placeholders, and the rest.
func (t template) before(names ...string) (head, tail template) {
	for i, s := range t {
		if s.name != "" && contains(names, s.name) {
			return t[:i], t[i:]
		}
	}
	return t, nil
}
