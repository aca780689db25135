package answers

import (
	"slices"

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

// byTypeShape is an object whose members are types, with lists of strings.
func byTypeShape(c *collector, v value) fit {
	best := fitsStrict
	switch v.kind {
	case isObject:
		k, inner, ok := c.wrapped(v)
		switch {
		case ok && c.wrapper && inner.kind == isObject && len(v.members) == 1 && strictWrapper(v):
			return c.byType(inner)
		case ok:
			f := min(byTypeShape(c, inner), fitsTolerant)
			c.beside(v, k)
			return f
		case c.wrapper:
			best = fitsTolerant
		}
		return min(c.byType(v), best)
	case isArray:
		return min(c.arrayOf(v), fitsTolerant)
	case isString:
		if inner, ok := jsonInside(v.text); ok {
			return min(byTypeShape(c, inner), fitsTolerant)
		}
	}
	return fitsNot
}

// strictWrapper reports whether the only member has one of the names of a wrapper that
// do not need tolerance.
func strictWrapper(v value) bool {
	return slices.Contains(wrapperNames[:plainWrappers], plainKey(v.members[0].name)) && v.members[0].value.kind == isObject
}

// byType reads the members of an object by type.
func (c *collector) byType(v value) fit {
	if c.typedObject(v) || !v.unfinished && c.grouped(v, c.addPlain) {
		return fitsTolerant
	}
	if c.inverted(v, func(text, typ string) { c.addNamed(text, typ) }) {
		return fitsTolerant
	}
	typed := slices.ContainsFunc(v.members, func(m member) bool { return c.isType(m.name) })
	best := fitsStrict
	seen := map[string]bool{}
	for _, m := range v.members {
		if seen[m.name] {
			best = fitsTolerant
		}
		seen[m.name] = true
		if typed && extraKey(m.name) && !c.isType(m.name) {
			c.drop(ner.ExtraKey, m.name, m.value.text)
			best = fitsTolerant
			continue
		}
		best = min(best, c.member(m))
	}
	return best
}

func (c *collector) isType(name string) bool {
	_, _, ok := c.resolve(name)
	return ok
}

// member reads one member of an object by type.
func (c *collector) member(m member) fit {
	t, folded, known := c.resolve(m.name)
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
	inner := m.value
	if inner.kind == isString {
		if parsed, ok := jsonInside(inner.text); ok {
			inner = parsed
		}
	}
	switch inner.kind {
	case isArray:
		c.list(inner, t)
		if inner.all(isString) && m.value.kind == isArray {
			return fitsStrict
		}
	case isString:
		if !noneWord(inner.text) {
			c.add(inner.text, t)
		}
	case isNumber:
		c.add(inner.text, t, ner.Coerced)
	case isObject:
		if _, list, ok := c.wrapped(inner); ok && list.kind == isArray {
			c.list(list, t)
		} else {
			c.objectInList(inner, t)
		}
	case isBool:
		c.drop(ner.BadItem, "", "")
	}
	return fitsTolerant
}

// unknownMember drops the strings of a member that is not a type, or keeps them as
// [ner.Unknown].
func (c *collector) unknownMember(m member) fit {
	switch m.value.kind {
	case isArray:
		for _, item := range m.value.items {
			if item.kind == isObject || item.kind == isArray {
				c.drop(ner.UnknownType, m.name, firstText(item))
				continue
			}
			c.addNamed(item.text, m.name)
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
		text, _, named, _ := c.roles(m.value)
		switch {
		case m.value.unfinished:
			c.cut(cutText(m.value))
		case c.typedObject(m.value): // under a number or an id
		case named:
			c.addNamed(text, m.name)
		case len(m.value.members) > 0 && c.allTypes(m.value):
			return min(c.byType(m.value), fitsTolerant)
		default:
			c.drop(ner.BadItem, m.name, "")
		}
	default:
		c.addNamed(m.value.text, m.name)
	}
	return fitsTolerant
}

// arrayOf reads an array of typed objects, pairs, or objects by type. Items of another
// form are dropped, if at least one has the form.
func (c *collector) arrayOf(v value) fit {
	any := len(v.items) == 0
	strays := false
	for _, item := range v.items {
		switch {
		case item.unfinished: // dropped whole
			c.cut(cutText(item))
			any = true
		case c.typedPair(item), c.inArray(item):
			any = true
		case item.kind == isNull:
			c.dropNothing()
		default:
			c.drop(ner.BadItem, "", item.text)
			strays = strays || item.kind == isString || item.kind == isNumber || item.kind == isArray
		}
	}
	if !any && strays {
		return fitsNot
	}
	return fitsStrict
}

// inArray reads an object in an array of typed mentions: a typed object, a group, a
// wrapper or an object by type.
func (c *collector) inArray(item value) bool {
	if item.kind != isObject {
		return false
	}
	if c.typedObject(item) || c.grouped(item, c.addPlain) || c.inverted(item, c.addPlain) {
		return true
	}
	if k, inner, ok := c.wrapped(item); ok {
		if f := byTypeShape(c, inner); f == fitsNot {
			return false
		}
		c.beside(item, k)
		return true
	}
	if _, _, named, _ := c.roles(item); named || len(item.members) == 0 {
		return false
	}
	return c.byType(item) != fitsNot
}

func (c *collector) addPlain(text, typ string) { c.addNamed(text, typ) }

// typedObject adds the mention of an object that has its type.
func (c *collector) typedObject(v value) bool {
	text, typ, named, typed := c.roles(v)
	if v.kind != isObject || v.unfinished || !named || !typed {
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
	_, _, first := c.resolve(a)
	_, _, second := c.resolve(b)
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
			_, _, first := c.resolve(a)
			_, _, second := c.resolve(b)
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

// objects reads a list of typed mentions; strict reports which items have the
// family's own form.
func (c *collector) objects(v value, strict func(value) bool) fit {
	best := fitsStrict
	for _, item := range v.items {
		if !item.unfinished && !strict(item) {
			best = fitsTolerant
		}
	}
	return min(best, c.arrayOf(v))
}

// objectsOtherwise reads other values in place of a list of typed mentions.
func (c *collector) objectsOtherwise(v value) fit {
	if v.kind == isString {
		if inner, ok := jsonInside(v.text); ok {
			return min(c.objectsAny(inner), fitsTolerant)
		}
	}
	if v.kind != isObject {
		return fitsNot
	}
	if k, inner, ok := c.wrapped(v); ok {
		f := c.objectsAny(inner)
		c.beside(v, k)
		return min(f, fitsTolerant)
	}
	return min(c.byType(v), fitsTolerant)
}

// objectsAny reads a list of typed mentions or another value in its place.
func (c *collector) objectsAny(v value) fit {
	if v.kind == isArray {
		return c.objects(v, func(value) bool { return false })
	}
	return c.objectsOtherwise(v)
}
