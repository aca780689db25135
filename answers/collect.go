package answers

import (
	"slices"
	"strings"
	"unicode/utf8"

	"nerbench/ner"
)

// collector collects the mentions of one answer, and counts all else.
type collector struct {
	types    *resolver
	asked    ner.EntityType // of a query for one type
	unknown  bool           // keep mentions of unknown types as the reserved type
	wrapper  bool           // the strict form of an object by type has a wrapper
	mentions []ner.FlaggedMention
	dropped  []ner.Dropped
	seen     map[ner.Mention]bool
	// lost counts the dropped items that were meant as mentions that the query asked for.
	lost int
	// counted is set if the unfinished item of the answer is counted.
	counted bool
	// loose is set if the answer has errors, so that its strings may be punctuation.
	loose bool
}

// reset empties the collector for another try.
func (c *collector) reset() {
	c.mentions, c.dropped, c.seen, c.lost, c.counted = nil, nil, nil, 0, false
}

// answered reports whether the collected items are an answer: there are mentions, or nothing
// that should have been one.
func (c *collector) answered() bool {
	return len(c.mentions) > 0 || c.lost == 0
}

// add adds a mention of a known type. Dots stand for more items and are never a mention;
// in an answer with errors, neither is punctuation of JSON.
func (c *collector) add(text string, t ner.EntityType, flags ...ner.Flag) {
	text = strings.TrimFunc(text, isSpace)
	if text != "" && text != "." && strings.Trim(text, ".… ") == "" || c.loose && strings.Trim(text, ".…[]{}\",: \t\r\n") == "" {
		c.drop(ner.BadItem, "", text)
		return
	}
	c.keep(text, t, flags...)
}

// keep adds a mention whose text is right, because it has a place in the passage.
func (c *collector) keep(text string, t ner.EntityType, flags ...ner.Flag) {
	text = strings.TrimFunc(text, isSpace)
	if text == "" {
		c.dropNothing()
		return
	}
	m := ner.Mention{Text: text, Type: t}
	if c.seen[m] {
		flags = append(flags, ner.Duplicate)
	}
	if c.seen == nil {
		c.seen = map[ner.Mention]bool{}
	}
	c.seen[m] = true
	c.mentions = append(c.mentions, ner.FlaggedMention{Mention: m, Flags: flags})
}

// addNamed adds a mention whose type is a string of the answer.
func (c *collector) addNamed(text, typ string, flags ...ner.Flag) {
	t, folded, ok := c.resolve(typ)
	switch {
	case !ok && c.unknown:
		c.add(text, ner.Unknown, flags...)
	case !ok:
		c.drop(ner.UnknownType, typ, strings.TrimFunc(text, isSpace))
	case folded:
		c.add(text, t, append(flags, ner.TypeFold)...)
	default:
		c.add(text, t, flags...)
	}
}

// resolve finds the type for a string, also behind a prefix of BIO labels.
func (c *collector) resolve(s string) (t ner.EntityType, folded, ok bool) {
	if t, folded, ok = c.types.resolve(s); ok || len(s) < 3 || s[1] != '-' || strings.IndexByte("BIESLU", s[0]) < 0 {
		return t, folded, ok
	}
	t, _, ok = c.types.resolve(s[2:])
	return t, true, ok
}

func (c *collector) drop(why, typ, text string) {
	d := ner.Dropped{Why: why, Type: typ, Text: text}
	c.dropped = append(c.dropped, d)
	if !d.Unused() || why == ner.Unfinished {
		c.lost++
	}
}

// dropNothing counts an item that stands for no mention, such as "" or null.
func (c *collector) dropNothing() { c.dropped = append(c.dropped, ner.Dropped{Why: ner.BadItem}) }

// cut counts the item in which the answer ends. An answer has one.
func (c *collector) cut(text string) {
	if !c.counted {
		c.drop(ner.Unfinished, "", strings.TrimFunc(text, isSpace))
	}
	c.counted = true
}

// cutRest counts the item in which a value ends, if the shape has not.
func (c *collector) cutRest(v value) {
	if rest := restOf(v); rest != "" {
		c.cut(rest)
	}
}

// restOf returns the beginning of the item in which a value ends.
func restOf(v value) string {
	for v.unfinished {
		switch {
		case len(v.items) > 0 && v.items[len(v.items)-1].unfinished:
			v = v.items[len(v.items)-1]
		case len(v.members) > 0 && v.members[len(v.members)-1].value.unfinished:
			v = v.members[len(v.members)-1].value
		default:
			return strings.Trim(v.text, "[{(\"'“”‘’ \t\r\n")
		}
	}
	return ""
}

// cutText returns the text of an unfinished item for a count.
func cutText(v value) string {
	if text := firstText(v); text != "" {
		return text
	}
	return restOf(v)
}

// The names of members, as plainKey returns them. The first present one counts.
var (
	mentionNames = []string{
		"text", "span", "entity", "mention", "name", "value", "word", "entitytext", "entityname", "entitymention", "entityvalue", "mentiontext",
		"spantext", "surface", "surfaceform", "surfacetext", "phrase", "term", "token", "string", "substring", "content", "extractedtext",
	}
	typeNames = []string{
		"type", "label", "entitytype", "category", "entitygroup", "class", "tag", "kind", "entitylabel", "entityclass", "entitycategory", "nertag",
		"nerlabel", "nertype", "group", "semantictype", "types", "labels",
	}
	wrapperNames = []string{
		"entities", "entity", "answer", "answers", "result", "results", "output", "items", "list",
		"namedentities", "data", "response", "mentions", "extractedentities", "entitylist", "extractions", "predictions", "spans", "finalanswer",
		"arguments", "parameters", "args", "function", "functioncall", "toolcall", "toolcalls",
	}
	// extraNames are names of members that models write beside their answers.
	extraNames = []string{
		"reasoning", "reason", "reasons", "rationale", "explanation", "explanations", "thinking", "thought", "thoughts", "analysis", "justification",
		"confidence", "confidencescore", "score", "scores", "probability", "note", "notes", "comment", "comments", "summary", "text", "sentence", "passage",
		"input", "document", "start", "end", "offset", "index", "id", "count", "total", "language", "status", "name", "type", "role", "model", "format",
		"instruction", "question", "query", "message", "description",
	}
)

// plainWrappers is the number of wrapper names that are the strict form of a family.
const plainWrappers = 9

// plainKey returns the name of a member as the tables have it: in lower case, without
// blanks, hyphens and underscores.
func plainKey(name string) string {
	plain := true
	for i := 0; i < len(name); i++ {
		if c := name[i]; c < 'a' || c > 'z' {
			plain = false
			break
		}
	}
	if plain {
		return name
	}
	return strings.Map(func(r rune) rune {
		if r == '_' || r == '-' || r == ' ' {
			return -1
		}
		return r
	}, strings.ToLower(name))
}

func extraKey(name string) bool { return slices.Contains(extraNames, plainKey(name)) }

// stringMember returns the first present of some members, if it is a string.
func (v *value) stringMember(names []string) (string, bool) {
	best, text := len(names), ""
	for _, m := range v.members {
		if m.value.kind != isString {
			continue
		}
		if at := slices.Index(names, plainKey(m.name)); at >= 0 && at < best {
			best, text = at, m.value.text
		}
	}
	return text, best < len(names)
}

// roles returns the mention and the type of an object. In {"entity": "B-PER", "word": …}
// the entity is the type.
func (c *collector) roles(v value) (text, typ string, named, typed bool) {
	if v.kind != isObject {
		return "", "", false, false
	}
	text, named = v.stringMember(mentionNames)
	typ, typed = v.stringMember(typeNames)
	for _, m := range v.members { // a list of one type
		if !typed && m.value.kind == isArray && len(m.value.items) == 1 && m.value.all(isString) && slices.Contains(typeNames, plainKey(m.name)) {
			typ, typed = m.value.items[0].text, true
		}
	}
	if !named || typed {
		return text, typ, named, typed
	}
	for k, m := range v.members {
		if m.value.kind != isString || plainKey(m.name) != "entity" && plainKey(m.name) != "name" {
			continue
		}
		if _, _, ok := c.resolve(m.value.text); !ok {
			continue
		}
		others := value{members: slices.Delete(slices.Clone(v.members), k, k+1)}
		if other, ok := others.stringMember(mentionNames); ok {
			return other, m.value.text, true, true
		}
	}
	return text, "", true, false
}

// pair returns the strings of an array of two.
func (v *value) pair() (a, b string, ok bool) {
	if v.kind != isArray || v.unfinished || len(v.items) != 2 || v.items[0].kind != isString || v.items[1].kind != isString {
		return "", "", false
	}
	return v.items[0].text, v.items[1].text, true
}

func (v *value) all(k kind) bool {
	return !slices.ContainsFunc(v.items, func(i value) bool { return i.kind != k })
}

// firstText returns the text of an item for a count: its own, or that of its first part.
func firstText(v value) string {
	if text, ok := v.stringMember(mentionNames); ok {
		return text
	}
	if len(v.items) > 0 {
		return firstText(v.items[0])
	}
	if v.unfinished {
		return ""
	}
	return v.text
}

// wrapped returns the value of the first member with the name of a wrapper whose value
// may hold mentions, if no member is a type.
func (c *collector) wrapped(v value) (at int, inner value, ok bool) {
	if v.kind != isObject {
		return 0, value{}, false
	}
	at = -1
	for k, m := range v.members {
		if _, _, known := c.resolve(m.name); known {
			return 0, value{}, false
		}
		if at >= 0 || !slices.Contains(wrapperNames, plainKey(m.name)) {
			continue
		}
		candidate := m.value
		if candidate.kind == isString {
			candidate, _ = jsonInside(candidate.text)
		}
		if candidate.kind == isObject || candidate.kind == isArray {
			at, inner = k, candidate
		}
	}
	if at < 0 {
		return 0, value{}, false
	}
	if _, _, named, typed := c.roles(v); named && typed && inner.kind == isArray && inner.all(isNumber) {
		return 0, value{}, false // the offsets of a mention
	}
	if inner.kind == isArray && !inner.all(isObject) {
		if _, typed := v.stringMember(typeNames); typed && len(v.members) > 1 {
			return 0, value{}, false // the mentions of one type
		}
	}
	return at, inner, true
}

// grouped reads an object with a type and a list of mentions. It calls add for each.
func (c *collector) grouped(v value, add func(text, typ string)) bool {
	typ, typed := v.stringMember(typeNames)
	if !typed || v.kind != isObject {
		return false
	}
	for _, m := range v.members {
		name := plainKey(m.name)
		listed := slices.Contains(wrapperNames, name) || slices.Contains(mentionNames, name) || slices.Contains(mentionNames, strings.TrimSuffix(name, "s"))
		if !listed || m.value.kind != isArray || !m.value.all(isString) {
			continue
		}
		for _, item := range m.value.items {
			add(item.text, typ)
		}
		return true
	}
	return false
}

// inverted reads an object whose names are mentions and whose values are their types. It
// calls add for each. A value that is no type is no mention.
func (c *collector) inverted(v value, add func(text, typ string)) bool {
	if v.kind != isObject {
		return false
	}
	types := false
	for _, m := range v.members {
		if _, _, ok := c.resolve(m.name); ok {
			return false
		}
		if isName(m.name) {
			return false // a key, and no mention
		}
		_, _, ok := c.resolve(typeOf(m.value))
		types = types || ok && !extraKey(m.name)
	}
	if !types {
		return false
	}
	for _, m := range v.members {
		if extraKey(m.name) {
			c.drop(ner.ExtraKey, m.name, m.value.text)
		} else if typ := typeOf(m.value); typ != "" {
			add(m.name, typ)
		} else {
			c.drop(ner.BadItem, "", m.name)
		}
	}
	return true
}

// typeOf returns the type in a value of an inverted object: a string, a list of one
// string, or the type member of an object.
func typeOf(v value) string {
	switch {
	case v.kind == isString:
		return v.text
	case v.kind == isArray && len(v.items) == 1:
		return v.items[0].text
	case v.kind == isObject:
		if _, named := v.stringMember(mentionNames); !named {
			typ, _ := v.stringMember(typeNames)
			return typ
		}
	}
	return ""
}

// isName reports whether a key is a name for a mention or a type, also in the plural.
func isName(key string) bool {
	name := plainKey(key)
	for _, names := range [][]string{mentionNames, typeNames, wrapperNames} {
		if slices.Contains(names, name) || slices.Contains(names, strings.TrimSuffix(name, "s")) {
			return true
		}
	}
	return false
}

// jsonInside parses the array or object in a string of JSON.
func jsonInside(text string) (value, bool) {
	text = strings.TrimFunc(text, isSpace)
	if len(text) < 2 || text[0] != '[' && text[0] != '{' || !utf8.ValidString(text) {
		return value{}, false
	}
	if v, ok := wholeJSON(text); ok {
		return v, true
	}
	p := looseParser{s: text, strings: newStringEnds(text)}
	v, end, ok := p.read(0)
	return v, ok && skipSpace(text, end) == len(text)
}
