package loaders

import (
	stdjson "encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"nerbench/ner"
)

// viewerNames takes the names of tags from the features of the Hugging Face dataset
// viewer, unless the dataset file has names.
func (f *recordForm) viewerNames(v any) {
	file, _ := v.(map[string]any)
	features, _ := file["features"].([]any)
	for _, feature := range features {
		of, _ := feature.(map[string]any)
		name, _ := of["name"].(string)
		if len(f.names.byID) > 0 || !slices.ContainsFunc(f.tags.alternatives, func(p []string) bool { return len(p) == 1 && p[0] == name }) {
			continue
		}
		if raw, err := stdjson.Marshal(of["type"]); err == nil {
			f.names.setNames(namesWithin(raw))
		}
	}
}

// document makes the text and the tokens of a record. firsts are the numbers of the
// first tokens of its sentences.
func (f *recordForm) document(v any) (d *ner.Document, firsts []int, err error) {
	tokens, hasTokens := f.tokens.find(v)
	text, hasText := f.text.find(v)
	var words []string
	var ranges []any
	if hasTokens {
		if words, ranges, firsts, err = tokenList(tokens.value); err != nil {
			return nil, nil, fmt.Errorf("field %q: %w", f.tokens, err)
		}
	} else if f.tokens.used() && !f.tokens.optional {
		return nil, nil, fmt.Errorf("field %q: missing", f.tokens)
	}
	if !hasText {
		if f.text.used() && !f.text.optional || !hasTokens {
			return nil, nil, fmt.Errorf("field %q: missing", strings.Trim(f.text.String()+"|"+f.tokens.String(), "|"))
		}
		if len(ranges) > 0 {
			return nil, nil, fmt.Errorf("field %q: expected words, or a text", f.tokens)
		}
		return tokenDocument(words), firsts, nil
	}
	written, ok := text.value.(string)
	if !ok {
		return nil, nil, fmt.Errorf("field %q: %s: expected a string", f.text, jsonText(text.value))
	}
	d = &ner.Document{Text: written}
	if len(ranges) > 0 {
		return d, firsts, f.tokenRanges(d, ranges)
	}
	if d.Tokens, ok = locate(written, words); !ok {
		if f.inTokens {
			return nil, nil, fmt.Errorf("field %q: the tokens are not the words of the text", f.tokens)
		}
		f.tally.Repairs["tokens_without_place"]++
		d.Tokens = nil
	}
	return d, firsts, nil
}

// tokenList reads tokens: words, sentences of words, or objects with offsets.
func tokenList(v any) (words []string, ranges []any, firsts []int, err error) {
	list, ok := v.([]any)
	if !ok {
		return nil, nil, nil, fmt.Errorf("%s: expected a list of tokens", jsonText(v))
	}
	for _, token := range list {
		switch t := token.(type) {
		case string:
			words = append(words, t)
		case []any:
			firsts = append(firsts, len(words))
			for _, word := range t {
				w, ok := word.(string)
				if !ok {
					return nil, nil, nil, fmt.Errorf("%s: expected a word", jsonText(word))
				}
				words = append(words, w)
			}
		case map[string]any:
			ranges = append(ranges, t)
		default:
			return nil, nil, nil, fmt.Errorf("%s: expected a word, a list of words, or a token with start and end", jsonText(token))
		}
	}
	if len(words) > 0 && len(ranges) > 0 {
		return nil, nil, nil, errors.New("expected tokens of one form")
	}
	return words, ranges, firsts, nil
}

// tokenRanges gives a document tokens {"start", "end"} in its unit of offsets.
func (f *recordForm) tokenRanges(d *ner.Document, ranges []any) error {
	rulers := f.rulers(d.Text)
	if f.inTokens {
		rulers = []*ruler{inPoints(d.Text)}
	}
	for i, t := range ranges {
		token := t.(map[string]any)
		start, err1 := wholeNumber(token["start"])
		end, err2 := wholeNumber(token["end"])
		if err := errors.Join(err1, err2); err != nil {
			return fmt.Errorf("token %d: start and end: %w", i, errors.Join(err1, err2))
		}
		from, err1 := rulers[0].at(start)
		to, err2 := rulers[0].at(end)
		if err1 != nil || err2 != nil || from > to {
			f.tally.Repairs["tokens_without_place"]++
			d.Tokens = nil
			return nil
		}
		d.Tokens = append(d.Tokens, ner.Range{Start: from, End: to})
	}
	return nil
}

// locate finds the words of a text, one after the other, with only white space
// between them.
func locate(text string, words []string) ([]ner.Range, bool) {
	var tokens []ner.Range
	at := 0
	for _, w := range words {
		at += len(text[at:]) - len(strings.TrimLeft(text[at:], " \t\r\n\u00a0"))
		if !strings.HasPrefix(text[at:], w) {
			return nil, false
		}
		tokens = append(tokens, ner.Range{Start: at, End: at + len(w)})
		at += len(w)
	}
	return tokens, strings.TrimSpace(text[at:]) == "" || len(words) == 0
}

// tagged makes a document of a record with tokens and tags.
func (f *recordForm) tagged(v, tags any, id string) error {
	tokens, ok := f.tokens.find(v)
	if !ok {
		return fmt.Errorf("field %q: missing", f.tokens)
	}
	words, ranges, _, err := tokenList(tokens.value)
	if err != nil || len(ranges) > 0 {
		return fmt.Errorf("field %q: expected a list of words", f.tokens)
	}
	list, ok := tags.([]any)
	if !ok {
		return fmt.Errorf("field %q: %s: expected a list of tags", f.tags, jsonText(tags))
	}
	if len(words) != len(list) {
		return fmt.Errorf("%d tokens, %d tags: expected equal numbers", len(words), len(list))
	}
	if len(words) == 0 {
		f.tally.Repairs["records_without_tokens"]++
		return nil
	}
	for i, w := range words {
		tag, err := f.tagOf(list[i])
		if err == nil {
			err = f.token([]byte(w), tag)
		}
		if err != nil {
			return fmt.Errorf("token %d: %w", i, err)
		}
	}
	d, spans := f.block.document()
	d.ID = id
	return f.emit(d, spans)
}

func (f *recordForm) tagOf(v any) ([]byte, error) {
	text, ok := plainText(v)
	if !ok {
		return nil, fmt.Errorf("%s: expected a tag", jsonText(v))
	}
	if _, number := v.(stdjson.Number); number {
		n, err := wholeNumber(v)
		if err != nil {
			return nil, err
		}
		return f.names.ofNumber(n)
	}
	return f.names.ofText([]byte(text))
}
