package loaders

import (
	stdjson "encoding/json"
	"fmt"
	"slices"

	"nerbench/ner"
)

// otherAnnotations counts the annotations that a position in the path of mentions
// does not select, such as those of other annotators.
func (f *recordForm) otherAnnotations(v any) {
	for _, names := range f.mentions.alternatives {
		if _, ok := walk(found{value: v}, names); !ok {
			continue
		}
		for i, name := range names {
			at, ok := walk(found{value: v}, names[:i])
			if list, isList := at.value.([]any); ok && isList && len(list) > 1 && name != "*" && !slices.ContainsFunc(list, notObject) {
				f.tally.Repairs["other_annotations"] += len(list) - 1
			}
		}
		return
	}
}

// mentionList lists the mentions of a record: a list, or an object of equally long
// lists, as in Hugging Face exports.
func mentionList(v any) ([]any, error) {
	switch v := v.(type) {
	case nil:
		return nil, nil
	case []any:
		return v, nil
	case map[string]any:
		n := -1
		for _, column := range v {
			list, ok := column.([]any)
			if !ok || n >= 0 && len(list) != n {
				return nil, fmt.Errorf("%s: expected a list of mentions", jsonText(v))
			}
			n = len(list)
		}
		var rows []any
		for i := range max(n, 0) {
			row := map[string]any{}
			for name, column := range v {
				row[name] = column.([]any)[i]
			}
			rows = append(rows, row)
		}
		return rows, nil
	}
	return nil, fmt.Errorf("%s: expected a list of mentions", jsonText(v))
}

// mention adds a mention for each of its labels.
func (f *recordForm) mention(all []placed, m any, d *ner.Document, firsts []int) ([]placed, error) {
	if !holds(f.only, m) {
		f.tally.Repairs["skipped_annotations"]++
		return all, nil
	}
	start, err := numberAt(m, f.start)
	if err != nil {
		return nil, err
	}
	end, err := numberAt(m, f.end)
	if err != nil {
		return nil, err
	}
	if f.inclusive {
		end++
	}
	if f.inTokens {
		if start, end, err = f.tokensToBytes(m, d, firsts, start, end); err != nil {
			return nil, err
		}
	}
	fragments := [][2]int{{start, end}}
	if f, _ := f.end.find(m); f.parts > 1 {
		fragments = [][2]int{{start, start}, {end, end}} // discontinuous
	}
	labels, err := f.labelsOf(m)
	if err != nil {
		return nil, err
	}
	var own *string
	if s, ok := f.surface.find(m); ok && len(fragments) == 1 {
		if text, ok := s.value.(string); ok {
			own = &text
		}
	}
	for _, l := range labels {
		all = append(all, placed{label: l, fragments: fragments, own: own})
	}
	return all, nil
}

func numberAt(m any, p fieldPath) (int, error) {
	v, ok := p.find(m)
	if !ok {
		return 0, fmt.Errorf("%s: field %q: missing", jsonText(m), p)
	}
	n, err := wholeNumber(v.value)
	if err != nil {
		return 0, fmt.Errorf("field %q: %w", p, err)
	}
	return n, nil
}

// tokensToBytes converts a range of tokens, end exclusive, to bytes.
func (f *recordForm) tokensToBytes(m any, d *ner.Document, firsts []int, start, end int) (from, to int, err error) {
	if f.sentence.used() {
		n, err := numberAt(m, f.sentence)
		if err != nil {
			return 0, 0, err
		}
		if n < 0 || n >= len(firsts) {
			return 0, 0, fmt.Errorf("sentence %d: the document has %d", n, len(firsts))
		}
		start, end = start+firsts[n], end+firsts[n]
	}
	if start < 0 || end <= start || end > len(d.Tokens) {
		return 0, 0, fmt.Errorf("mention of tokens %d to %d: the document has %d tokens", start, end-1, len(d.Tokens))
	}
	return d.Tokens[start].Start, d.Tokens[end-1].End, nil
}

// labelsOf are the labels of a mention. A mention with an empty list has none
// (without_label).
func (f *recordForm) labelsOf(m any) ([]string, error) {
	v, ok := f.label.find(m)
	if !ok {
		return nil, fmt.Errorf("%s: field %q: missing", jsonText(m), f.label)
	}
	list, ok := v.value.([]any)
	if !ok {
		list = []any{v.value}
	}
	if len(list) == 0 {
		f.tally.Repairs["without_label"]++
	}
	var labels []string
	for _, l := range list {
		text, ok := plainText(l)
		if !ok {
			return nil, fmt.Errorf("field %q: %s: expected a label", f.label, jsonText(l))
		}
		if _, number := l.(stdjson.Number); number && len(f.names.byID) > 0 {
			name, err := f.names.ofText([]byte(text))
			if err != nil {
				return nil, err
			}
			text = string(name)
		}
		labels = append(labels, text)
	}
	return labels, nil
}
