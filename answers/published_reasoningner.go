package answers

import (
	"strings"

	"nerbench/ner"
)

// PublishedReasoningNER parses an answer {"entities": {type: [span, …]}} after optional
// thinking, like ReasoningNER's evaluator (docs/spec/metrics.md §9.4, steps 1 to 3). ok is
// false if the original fails; the answer is then malformed, without entities. Types
// are as in the answer.
func PublishedReasoningNER(answer string) (found []ner.Mention, ok bool) {
	answer, ok = reasoningAnswer(answer)
	if !ok {
		return nil, false
	}
	v, valid := pythonJSON(answer)
	if !valid || v.kind != isObject {
		return nil, true
	}
	entities, there := lastMember(v, "entities")
	if !there {
		return nil, true
	}
	if entities.kind != isObject {
		return nil, false
	}
	for i, m := range entities.members {
		if overwritten(entities.members[i+1:], m.name) {
			continue
		}
		texts, ok := reasoningTexts(m.value)
		if !ok {
			return nil, false
		}
		for _, text := range texts {
			found = append(found, ner.Mention{Text: text, Type: ner.EntityType(m.name)})
		}
	}
	return found, true
}

// reasoningAnswer removes the text around the answer (step 1).
func reasoningAnswer(s string) (string, bool) {
	s = withoutThinking(s)
	for _, mark := range [][2]string{{"<answer>", "</answer>"}, {"```json", "```"}} {
		_, rest, there := strings.Cut(s, mark[0])
		if !there {
			continue
		}
		inside, _, closed := strings.Cut(rest, mark[1])
		if !closed {
			return "", false
		}
		s = inside
	}
	return strings.TrimFunc(s, isSpace), true
}

// withoutThinking removes the shortest <think>…</think> blocks, then all other such
// tags.
func withoutThinking(s string) string {
	var b strings.Builder
	for {
		before, rest, opened := strings.Cut(s, "<think>")
		_, after, closed := strings.Cut(rest, "</think>")
		if !opened || !closed {
			b.WriteString(s)
			break
		}
		b.WriteString(before)
		s = after
	}
	s = strings.ReplaceAll(b.String(), "<think>", "")
	return strings.ReplaceAll(s, "</think>", "")
}

// lastMember finds the last member with a name.
func lastMember(v value, name string) (value, bool) {
	for i := len(v.members) - 1; i >= 0; i-- {
		if v.members[i].name == name {
			return v.members[i].value, true
		}
	}
	return value{}, false
}

func overwritten(later []member, name string) bool {
	for _, m := range later {
		if m.name == name {
			return true
		}
	}
	return false
}

// reasoningTexts returns the entities of one type (step 2): the strings of a list, the
// code points of a string, or the keys of an object.
func reasoningTexts(v value) (texts []string, ok bool) {
	switch v.kind {
	case isArray:
		for _, item := range v.items {
			if item.kind == isString {
				texts = append(texts, item.text)
			}
		}
	case isString:
		for _, r := range v.text {
			texts = append(texts, string(r))
		}
	case isObject:
		for _, m := range v.members {
			texts = append(texts, m.name)
		}
	default:
		return nil, false
	}
	return texts, true
}
