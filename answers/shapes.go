package answers

import (
	"slices"
	"strings"

	"nerbench/ner"
)

// fit is the degree to which a value has a shape.
type fit uint8

const (
	fitsNot fit = iota
	fitsTolerant
	fitsStrict
)

// shape collects the mentions of a value (docs/spec/prompts.md §3.3, "Shapes and
// tolerance").
type shape func(c *collector, v value) fit

// collector collects the mentions of one answer.
type collector struct {
	types    *resolver
	asked    ner.EntityType // of a query for one type
	unknown  bool           // keep mentions of unknown types as the reserved type
	wrapped  bool           // the strict form of an object by type has a wrapper
	mentions []ner.FlaggedMention
	dropped  []ner.Dropped
}

// reset empties the collector for another try.
func (c *collector) reset() { c.mentions, c.dropped = nil, nil }

// add adds a mention of a known type.
func (c *collector) add(text string, t ner.EntityType, flags ...ner.Flag) {
	text = strings.TrimFunc(text, isSpace)
	if text == "" {
		c.drop("bad_item", "", "")
		return
	}
	m := ner.Mention{Text: text, Type: t}
	if slices.ContainsFunc(c.mentions, func(f ner.FlaggedMention) bool { return f.Mention == m }) {
		flags = append(flags, ner.Duplicate)
	}
	c.mentions = append(c.mentions, ner.FlaggedMention{Mention: m, Flags: flags})
}

// addNamed adds a mention whose type is a string of the answer.
func (c *collector) addNamed(text, typ string, flags ...ner.Flag) {
	t, folded, ok := c.types.resolve(typ)
	switch {
	case !ok && c.unknown:
		c.add(text, ner.Unknown, flags...)
	case !ok:
		c.drop("unknown_type", typ, strings.TrimFunc(text, isSpace))
	case folded:
		c.add(text, t, append(flags, ner.TypeFold)...)
	default:
		c.add(text, t, flags...)
	}
}

func (c *collector) drop(why, typ, text string) {
	c.dropped = append(c.dropped, ner.Dropped{Why: why, Type: typ, Text: text})
}

var (
	mentionNames = []string{"text", "span", "entity", "mention", "name", "value", "word"}
	typeNames    = []string{"type", "label", "entity_type", "category"}
	wrapperNames = []string{"entities", "entity", "answer", "answers", "result", "results", "output", "items", "list"}
)

// stringMember returns the first present of some members, if it is a string.
func (v *value) stringMember(names []string) (string, bool) {
	for _, name := range names {
		for _, m := range v.members {
			if strings.ToLower(m.name) == name && m.value.kind == isString {
				return m.value.text, true
			}
		}
	}
	return "", false
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

// unwrap returns the value of an object's only member if that has the name of a
// wrapper and a value that may hold mentions.
func (v *value) unwrap() (value, bool) {
	if v.kind != isObject || len(v.members) != 1 || !slices.Contains(wrapperNames, strings.ToLower(v.members[0].name)) {
		return value{}, false
	}
	inner := v.members[0].value
	return inner, inner.kind == isObject || inner.kind == isArray
}

// listShape is a list of strings of one type.
func listShape(c *collector, v value) fit {
	switch v.kind {
	case isArray:
		if v.all(isString) {
			for _, item := range v.items {
				c.add(item.text, c.asked)
			}
			return fitsStrict
		}
		c.list(v, c.asked)
		return fitsTolerant
	case isString:
		if !noneWord(v.text) {
			c.add(v.text, c.asked)
		}
		return fitsTolerant
	case isObject:
		return c.objectForList(v)
	}
	return fitsNot
}

// list reads an array for one type, with tolerance.
func (c *collector) list(v value, t ner.EntityType) {
	for _, item := range v.items {
		switch item.kind {
		case isString:
			c.add(item.text, t)
		case isNumber:
			c.add(item.text, t, ner.Coerced)
		case isObject:
			c.objectInList(item, t)
		case isArray:
			c.arrayInList(item, t)
		default:
			c.drop("bad_item", "", "")
		}
	}
}

func (c *collector) objectInList(v value, t ner.EntityType) {
	text, ok := v.stringMember(mentionNames)
	typ, typed := v.stringMember(typeNames)
	switch {
	case v.unfinished: // dropped whole
	case !ok:
		c.drop("bad_item", "", "")
	case typed:
		c.typedFor(text, typ, t)
	default:
		c.add(text, t)
	}
}

// typedFor adds a mention if its type is that of the query.
func (c *collector) typedFor(text, typ string, t ner.EntityType) {
	got, folded, ok := c.types.resolve(typ)
	switch {
	case !ok || got != t:
		c.drop("other_type", typ, strings.TrimFunc(text, isSpace))
	case folded:
		c.add(text, t, ner.TypeFold)
	default:
		c.add(text, t)
	}
}

// arrayInList reads an array in the list: a pair whose second string is a type, or
// strings.
func (c *collector) arrayInList(v value, t ner.EntityType) {
	if text, typ, ok := v.pair(); ok {
		if _, _, known := c.types.resolve(typ); known {
			c.typedFor(text, typ, t)
			return
		}
	}
	if v.unfinished && len(v.items) < 2 {
		return // the beginning of a pair
	}
	for _, item := range v.items {
		if item.kind == isString {
			c.add(item.text, t)
		}
	}
}

// objectForList reads an object in place of the list.
func (c *collector) objectForList(v value) fit {
	for _, m := range v.members {
		if t, _, ok := c.types.resolve(m.name); ok && t == c.asked {
			switch m.value.kind {
			case isArray:
				c.list(m.value, c.asked)
			case isString:
				if !noneWord(m.value.text) {
					c.add(m.value.text, c.asked)
				}
			case isNull:
			default:
				return fitsNot
			}
			return fitsTolerant
		}
	}
	if len(v.members) == 1 && slices.Contains(wrapperNames, strings.ToLower(v.members[0].name)) {
		switch inner := v.members[0].value; inner.kind {
		case isArray:
			c.list(inner, c.asked)
			return fitsTolerant
		case isString:
			if _, typed := v.stringMember(typeNames); !typed {
				if !noneWord(inner.text) {
					c.add(inner.text, c.asked)
				}
				return fitsTolerant
			}
		case isObject:
			return c.objectForList(inner)
		}
	}
	if len(v.members) > 0 && !v.unfinished && c.allTypes(v) {
		return fitsTolerant // other types only: nothing of this one
	}
	if text, ok := v.stringMember(mentionNames); ok && !v.unfinished {
		if typ, typed := v.stringMember(typeNames); typed {
			c.typedFor(text, typ, c.asked)
			return fitsTolerant
		}
	}
	return fitsNot
}

func (c *collector) allTypes(v value) bool {
	return !slices.ContainsFunc(v.members, func(m member) bool {
		_, _, ok := c.types.resolve(m.name)
		return !ok
	})
}

// byTypeShape is an object whose members are types, with lists of strings.
func byTypeShape(c *collector, v value) fit {
	best := fitsStrict
	switch v.kind {
	case isObject:
		inner, ok := v.unwrap()
		switch {
		case ok && c.wrapped && inner.kind == isObject:
			return c.byType(inner)
		case ok:
			return min(byTypeShape(c, inner), fitsTolerant)
		case c.wrapped:
			best = fitsTolerant
		}
		return min(c.byType(v), best)
	case isArray:
		return c.arrayByType(v)
	}
	return fitsNot
}

// byType reads the members of an object by type.
func (c *collector) byType(v value) fit {
	best := fitsStrict
	seen := map[string]bool{}
	for _, m := range v.members {
		if seen[m.name] {
			best = fitsTolerant
		}
		seen[m.name] = true
		if f := c.member(m); f == fitsNot {
			return fitsNot
		} else if f < best {
			best = f
		}
	}
	return best
}

// member reads one member of an object by type.
func (c *collector) member(m member) fit {
	t, folded, known := c.types.resolve(m.name)
	if !known {
		return c.unknownMember(m)
	}
	from := len(c.mentions)
	defer func() {
		if folded {
			for i := from; i < len(c.mentions); i++ {
				c.mentions[i].Flags = append([]ner.Flag{ner.TypeFold}, c.mentions[i].Flags...)
			}
		}
	}()
	switch m.value.kind {
	case isArray:
		c.list(m.value, t)
		if m.value.all(isString) {
			return fitsStrict
		}
	case isString:
		if !noneWord(m.value.text) {
			c.add(m.value.text, t)
		}
	case isNumber:
		c.add(m.value.text, t, ner.Coerced)
	case isObject:
		if _, ok := m.value.stringMember(mentionNames); !ok {
			return fitsNot
		}
		c.objectInList(m.value, t)
	case isBool:
		c.drop("bad_item", "", "")
	}
	return fitsTolerant
}

// unknownMember drops the strings of a member that is not a type, or keeps them as
// [ner.Unknown].
func (c *collector) unknownMember(m member) fit {
	switch m.value.kind {
	case isArray:
		for _, item := range m.value.items {
			if item.kind == isString || item.kind == isNumber {
				c.addNamed(item.text, m.name)
			}
		}
		if m.value.all(isString) {
			return fitsStrict
		}
	case isString:
		if !noneWord(m.value.text) {
			c.addNamed(m.value.text, m.name)
		}
	case isNull:
	case isObject:
		text, ok := m.value.stringMember(mentionNames)
		if !ok {
			return fitsNot
		}
		c.addNamed(text, m.name)
	default:
		c.addNamed(m.value.text, m.name)
	}
	return fitsTolerant
}

// arrayByType reads typed objects, pairs, or objects by type in place of one object by
// type.
func (c *collector) arrayByType(v value) fit {
	for _, item := range v.items {
		switch {
		case c.typedObject(item), c.typedPair(item):
		case item.unfinished && item.kind == isArray:
		case item.kind == isObject && !hasMention(item):
			if c.byType(item) == fitsNot {
				return fitsNot
			}
		case item.kind == isObject:
			if !item.unfinished {
				c.drop("bad_item", "", "")
			}
		default:
			return fitsNot
		}
	}
	return fitsTolerant
}

func hasMention(v value) bool {
	_, ok := v.stringMember(mentionNames)
	return ok
}

// typedObject adds the mention of an object that has its type.
func (c *collector) typedObject(v value) bool {
	text, ok := v.stringMember(mentionNames)
	typ, typed := v.stringMember(typeNames)
	if v.kind != isObject || v.unfinished || !ok || !typed {
		return false
	}
	c.addNamed(text, typ)
	return true
}

// typedPair adds a pair of mention and type, or of type and mention if only the first
// string is a type.
func (c *collector) typedPair(v value) bool {
	a, b, ok := v.pair()
	if !ok {
		return false
	}
	_, _, first := c.types.resolve(a)
	_, _, second := c.types.resolve(b)
	if first && !second {
		c.addNamed(b, a)
	} else {
		c.addNamed(a, b)
	}
	return true
}

// objectsShape is a list of objects with text and type.
func objectsShape(c *collector, v value) fit {
	if v.kind == isArray {
		return c.objects(v, func(item value) bool {
			_, text := exactMember(item, "text")
			_, typ := exactMember(item, "type")
			return item.kind == isObject && text && typ
		})
	}
	return c.objectsOtherwise(v)
}

// pairsShape is a list of pairs of mention and type.
func pairsShape(c *collector, v value) fit {
	if v.kind == isArray {
		return c.objects(v, func(item value) bool {
			a, b, ok := item.pair()
			_, _, first := c.types.resolve(a)
			_, _, second := c.types.resolve(b)
			return ok && !(first && !second)
		})
	}
	return c.objectsOtherwise(v)
}

func exactMember(v value, name string) (string, bool) {
	for _, m := range v.members {
		if m.name == name && m.value.kind == isString {
			return m.value.text, true
		}
	}
	return "", false
}

// objects reads a list of typed mentions; strict tells which items have the
// family's own form.
func (c *collector) objects(v value, strict func(value) bool) fit {
	best := fitsStrict
	for _, item := range v.items {
		if item.unfinished {
			continue // dropped whole
		}
		if !strict(item) {
			best = fitsTolerant
		}
		switch {
		case c.typedObject(item), c.typedPair(item):
		case item.kind == isObject, item.kind == isNull, item.kind == isBool:
			c.drop("bad_item", "", "")
		default:
			return fitsNot
		}
	}
	return best
}

// objectsOtherwise reads other values in place of a list of typed mentions.
func (c *collector) objectsOtherwise(v value) fit {
	if v.kind != isObject {
		return fitsNot
	}
	if c.typedObject(v) {
		return fitsTolerant
	}
	if inner, ok := v.unwrap(); ok {
		if inner.kind == isArray {
			return min(c.objects(inner, func(value) bool { return false }), fitsTolerant)
		}
		return c.objectsOtherwise(inner)
	}
	return min(c.byType(v), fitsTolerant)
}
