package answers

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"nerbench/ner"
)

// element is a marked mention in an echoed text.
type element struct {
	start, end int // in the echo, in bytes
	typ        ner.EntityType
	folded     bool
}

// echoed is an answer that repeats the text, without its marks.
type echoed struct {
	text     strings.Builder
	elements []element
	// marked is set if there are marks, known or not. odd is set for deviations from the
	// strict form.
	marked, odd bool
}

// place finds the elements of an echo in the document (docs/spec/prompts.md §4.7). shown is
// the document's text as the prompt had it, byte for byte as long.
func (r *reply) place(e *echoed, c *collector, shown string) ner.Prediction {
	echo := e.text.String()
	slices.SortStableFunc(e.elements, func(a, b element) int {
		if a.start != b.start {
			return a.start - b.start
		}
		return a.end - b.end
	})
	if strings.TrimFunc(echo, isSpace) == strings.TrimFunc(shown, isSpace) {
		shift := edge(shown) - edge(echo)
		step := "strict"
		if e.odd {
			step = "echo"
		}
		return r.positions(e, c, step, func(el element) (start, end int, ok bool) { return el.start + shift, el.end + shift, true })
	}
	words, said := ner.Words(shown), ner.Words(echo)
	partner := matchWords(surfaces(shown, words), surfaces(echo, said))
	step, matched := matchStep(partner, len(said))
	switch {
	case step == "strict":
		step = "space"
	case 2*matched < len(words) && !e.marked:
		return r.conclude(nil, "none", false)
	case r.finish == ner.FinishLength:
		step = "cut"
	default:
		step = "align"
	}
	of := make([]int, len(said)) // the document's word for each of the echo's
	for i := range of {
		of[i] = -1
	}
	for i, j := range partner {
		if j >= 0 {
			of[j] = i
		}
	}
	return r.positions(e, c, step, func(el element) (start, end int, ok bool) { return throughWords(el, said, words, of) })
}

// throughWords finds an element by its words: they must be whole words, and match
// adjacent words of the document.
func throughWords(el element, said, words []ner.Range, of []int) (start, end int, ok bool) {
	first, _ := slices.BinarySearchFunc(said, el.start, func(w ner.Range, at int) int { return w.End - 1 - at })
	last := first
	for last < len(said) && said[last].Start < el.end {
		last++
	}
	if first == last || said[first].Start < el.start || said[last-1].End > el.end || of[first] < 0 {
		return 0, 0, false
	}
	for i := first + 1; i < last; i++ {
		if of[i] != of[i-1]+1 {
			return 0, 0, false
		}
	}
	return words[of[first]].Start, words[of[last-1]].End, true
}

// positions collects the elements in order, with their positions. Elements without a
// position are aligned later.
func (r *reply) positions(e *echoed, c *collector, step string, find func(element) (start, end int, ok bool)) ner.Prediction {
	echo := e.text.String()
	var spans []ner.Span
	for _, el := range e.elements {
		var flags []ner.Flag
		if el.folded {
			flags = append(flags, ner.TypeFold)
		}
		for el.start < el.end && isSpaceAt(echo, el.start) { // also what stands outside of the text
			_, n := utf8.DecodeRuneInString(echo[el.start:])
			el.start += n
		}
		el.end = el.start + len(strings.TrimRightFunc(echo[el.start:el.end], isSpace))
		start, end, ok := 0, 0, true
		if el.start < el.end {
			start, end, ok = find(el)
		}
		if !ok {
			c.add(echo[el.start:el.end], el.typ, append(flags, ner.Searched)...)
			continue
		}
		c.keep(r.document.Text[start:end], el.typ, flags...)
		if start < end {
			spans = append(spans, ner.Span{Start: start, End: end, Type: el.typ})
		}
	}
	p := r.conclude(c, step, true)
	p.Spans = sortedSpans(spans)
	return p
}

// sortedSpans returns sorted spans without duplicates. They are never nil, because nil
// stands for an answer without positions.
func sortedSpans(spans []ner.Span) []ner.Span {
	out := append([]ner.Span{}, spans...)
	slices.SortFunc(out, ner.Span.Compare)
	return slices.Compact(out)
}

// edge returns the length of the white space at the start of a text.
func edge(text string) int { return len(text) - len(strings.TrimLeftFunc(text, isSpace)) }

func isSpaceAt(text string, i int) bool {
	r, _ := utf8.DecodeRuneInString(text[i:])
	return isSpace(r)
}

func surfaces(text string, words []ner.Range) []string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = text[w.Start:w.End]
	}
	return out
}

// tag is a tag of markup in an answer.
type tag struct {
	name      string
	closing   bool
	odd       bool // with attributes, or self-closing
	selfClose bool
	length    int
}

// tagAt reads a tag at the start of s, which begins with "<".
func tagAt(s string) (t tag, ok bool) {
	i := 1
	if strings.HasPrefix(s[i:], "/") {
		t.closing = true
		i++
	}
	start := i
	for i < len(s) {
		r, n := utf8.DecodeRuneInString(s[i:])
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '_' && r != '.' && r != '-' {
			break
		}
		i += n
	}
	t.name = s[start:i]
	if t.name == "" || i == len(s) {
		return t, false
	}
	if s[i] != '>' {
		end := strings.IndexAny(s[i:], "<>\n")
		if end < 0 || s[i+end] != '>' {
			return t, false
		}
		inside := s[i : i+end]
		t.selfClose = strings.HasSuffix(inside, "/")
		if !isSpaceAt(inside, 0) && inside != "/" || !t.selfClose && !strings.Contains(inside, "=") {
			return t, false
		}
		t.odd = true
		i += end
	}
	t.length = i + 1
	return t, true
}

// readTagged reads the text with a tag around each mention (docs/spec/prompts.md §4.7).
func readTagged(r *reply) ner.Prediction {
	e, c := &echoed{}, r.collector()
	body := r.unwrapped(e)
	names := ner.TagNames(r.wordsOf(r.asked), r.document.Text)
	type opened struct {
		tag     string
		element element
		known   bool
	}
	var open []opened
	from := 0
	for i := 0; i < len(body); {
		if body[i] != '<' {
			i++
			continue
		}
		t, ok := tagAt(body[i:])
		if !ok || strings.Contains(r.document.Text, body[i:i+t.length]) {
			i++
			continue
		}
		e.text.WriteString(body[from:i])
		at := e.text.Len()
		literal := body[i : i+t.length]
		i += t.length
		from = i
		e.odd = e.odd || t.odd
		switch {
		case t.selfClose:
			if _, _, known := r.typeOfTag(t.name, names); known {
				c.drop(ner.BadItem, "", literal)
			}
		case !t.closing && len(open) > deepest:
			e.odd = true
			c.drop(ner.BadItem, "", literal)
		case !t.closing:
			typ, folded, known := r.typeOfTag(t.name, names)
			open = append(open, opened{literal, element{start: at, typ: typ, folded: folded}, known})
		default:
			k := len(open) - 1
			for k >= 0 && !strings.EqualFold(tagName(open[k].tag), t.name) {
				k--
			}
			e.odd = e.odd || k != len(open)-1 || k < 0
			if k < 0 {
				continue
			}
			o := open[k]
			open = slices.Delete(open, k, k+1)
			o.element.end = at
			e.marked = true
			switch {
			case o.known:
				e.elements = append(e.elements, o.element)
			case r.unknown:
				o.element.typ = ner.Unknown
				e.elements = append(e.elements, o.element)
			default:
				c.drop(ner.UnknownType, t.name, strings.TrimFunc(e.text.String()[o.element.start:at], isSpace))
			}
		}
	}
	e.text.WriteString(body[from:])
	for _, o := range open {
		e.odd = true
		c.drop(ner.BadItem, "", o.tag)
	}
	return r.place(e, c, r.document.Text)
}

// tagName returns the name in the text of a tag.
func tagName(literal string) string {
	t, _ := tagAt(literal)
	return t.name
}

// typeOfTag finds the type of a tag by its name, exactly, in lower case, or as another
// spelling of a type of the query. Because of demonstrations, the name may have more
// prefixes x_ than the document needs.
func (r *reply) typeOfTag(name string, names []string) (t ner.EntityType, folded, ok bool) {
	for _, candidate := range []string{name, strings.ToLower(name)} {
		for stripped := candidate; ; stripped = stripped[len("x_"):] {
			if i := slices.Index(names, stripped); i >= 0 {
				return r.asked[i], candidate != name, true
			}
			if !strings.HasPrefix(stripped, "x_") {
				break
			}
		}
	}
	if t, _, ok := r.types.resolve(name); ok && slices.Contains(r.asked, t) {
		return t, true, true
	}
	return "", false, false
}

const wrapperOpen, wrapperClose = "<response>", "</response>"

// unwrapped removes a <response> around the answer. odd is set if the answer
// has one that the prompt does not ask for, or lacks one.
func (r *reply) unwrapped(e *echoed) string {
	body := r.answer
	e.odd = e.odd || r.fenced
	if strings.Contains(r.document.Text, wrapperOpen) && !r.form.wrapped {
		return body
	}
	before, inside, opened := strings.Cut(body, wrapperOpen)
	if !opened {
		e.odd = e.odd || r.form.wrapped
		return body
	}
	i := strings.LastIndex(inside, wrapperClose)
	if i < 0 || !r.form.wrapped || before != "" || inside[i+len(wrapperClose):] != "" {
		e.odd = true
	}
	if i >= 0 {
		inside = inside[:i]
	}
	return inside
}
