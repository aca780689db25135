package answers

import (
	"slices"
	"strings"

	"nerbench/ner"
)

// listShape is a list of strings of one type.
func listShape(c *collector, v value) fit {
	switch v.kind {
	case isArray:
		if v.all(isString) {
			c.list(v, c.asked)
			return fitsStrict
		}
		if len(v.items) == 1 { // a list of tool calls
			if k, inner, ok := c.wrapped(v.items[0]); ok {
				f := min(listShape(c, inner), fitsTolerant)
				c.beside(v.items[0], k)
				return f
			}
		}
		c.list(v, c.asked)
		return fitsTolerant
	case isString:
		if inner, ok := jsonInside(v.text); ok {
			return min(listShape(c, inner), fitsTolerant)
		}
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
		case isNull:
			c.dropNothing()
		default:
			c.drop(ner.BadItem, "", "")
		}
	}
}

func (c *collector) objectInList(v value, t ner.EntityType) {
	text, typ, named, typed := c.roles(v)
	switch {
	case v.unfinished: // dropped whole
		c.cut(cutText(v))
	case named && typed:
		c.typedFor(text, typ, t)
	case named:
		c.add(text, t)
	case c.grouped(v, func(text, typ string) { c.typedFor(text, typ, t) }):
	case c.inverted(v, func(text, typ string) { c.typedFor(text, typ, t) }):
	case c.asked != "" && len(v.members) > 0 && c.allTypes(v):
		c.objectForList(v)
	default:
		c.drop(ner.BadItem, "", "")
	}
}

// typedFor adds a mention if its type is that of the query.
func (c *collector) typedFor(text, typ string, t ner.EntityType) {
	got, folded, ok := c.resolve(typ)
	switch {
	case !ok || got != t:
		c.drop(ner.OtherType, typ, strings.TrimFunc(text, isSpace))
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
		if _, _, known := c.resolve(typ); known {
			c.typedFor(text, typ, t)
			return
		}
	}
	if v.unfinished && len(v.items) < 2 { // the beginning of a pair
		c.cut(cutText(v))
		return
	}
	for _, item := range v.items {
		switch item.kind {
		case isString:
			c.add(item.text, t)
		case isArray:
			c.arrayInList(item, t)
		case isObject:
			c.objectInList(item, t)
		default: // an offset or a score
			c.drop(ner.BadItem, "", item.text)
		}
	}
}

// objectForList reads an object in place of the list.
func (c *collector) objectForList(v value) fit {
	for k, m := range v.members {
		if t, _, ok := c.resolve(m.name); ok && t == c.asked {
			inner := m.value
			if inner.kind == isString {
				if parsed, ok := jsonInside(inner.text); ok {
					inner = parsed
				}
			}
			switch inner.kind {
			case isArray:
				c.list(inner, c.asked)
			case isString:
				if !noneWord(inner.text) {
					c.add(inner.text, c.asked)
				}
			case isObject:
				c.objectInList(inner, c.asked)
			case isNull:
			default:
				return fitsNot
			}
			c.beside(v, k)
			return fitsTolerant
		}
	}
	if k, inner, ok := c.wrapped(v); ok {
		f := fitsTolerant
		if inner.kind == isArray {
			f = min(listShape(c, inner), f)
		} else {
			f = min(c.objectForList(inner), f)
		}
		c.beside(v, k)
		return f
	}
	if k, text, ok := c.wrappedString(v); ok {
		if !noneWord(text) {
			c.add(text, c.asked)
		}
		c.beside(v, k)
		return fitsTolerant
	}
	if len(v.members) > 0 && !v.unfinished && c.allTypes(v) {
		c.beside(v, -1)
		return fitsTolerant // other types only: nothing of this one
	}
	if text, typ, named, typed := c.roles(v); named && typed && !v.unfinished {
		c.typedFor(text, typ, c.asked)
		return fitsTolerant
	}
	one := func(text, typ string) { c.typedFor(text, typ, c.asked) }
	if !v.unfinished && (c.grouped(v, one) || c.inverted(v, one)) {
		return fitsTolerant
	}
	return fitsNot
}

// wrappedString returns the string of a wrapper that is not a mention with a type.
func (c *collector) wrappedString(v value) (at int, text string, ok bool) {
	if _, typed := v.stringMember(typeNames); typed || v.kind != isObject {
		return 0, "", false
	}
	for k, m := range v.members {
		if m.value.kind == isString && slices.Contains(wrapperNames, plainKey(m.name)) {
			for j, other := range v.members {
				if j != k && !extraKey(other.name) {
					return 0, "", false
				}
			}
			return k, m.value.text, true
		}
	}
	return 0, "", false
}

// beside counts the members of an object beside the one that is the answer: the
// mentions of other types, and other keys.
func (c *collector) beside(v value, answer int) {
	for k, m := range v.members {
		if k == answer {
			continue
		}
		if _, _, ok := c.resolve(m.name); !ok || c.asked == "" {
			c.drop(ner.ExtraKey, m.name, m.value.text)
			continue
		}
		switch m.value.kind {
		case isArray:
			for _, item := range m.value.items {
				c.drop(ner.NotAsked, m.name, firstText(item))
			}
		case isNull:
		default:
			if !noneWord(m.value.text) {
				c.drop(ner.NotAsked, m.name, firstText(m.value))
			}
		}
	}
}

func (c *collector) allTypes(v value) bool {
	types := false
	for _, m := range v.members {
		_, _, ok := c.resolve(m.name)
		if !ok && !extraKey(m.name) {
			return false
		}
		types = types || ok
	}
	return types
}
