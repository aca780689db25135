package prompts

import (
	"slices"

	"nerbench/ner"
)

// demonstrations are solved queries, either as text in the prompt or as messages before
// its last one (docs/spec/prompts.md §2.8).
type demonstrations struct {
	text     string
	messages []ner.Message
}

// prepareDemonstrations renders the demonstrations that most documents share.
func (f *textForm) prepareDemonstrations() {
	f.standard = map[int]demonstrations{}
	if f.r.shots == nil || !f.plain {
		return
	}
	shown := f.r.shots.standard
	if f.r.variant.Layout == "all" {
		f.standard[allTypes] = f.demonstrate(&f.whole, f.question(f.r.listed, nil), shown)
		return
	}
	for n := range f.byType {
		f.standard[n] = f.demonstrate(&f.byType[n], f.question([]int{n}, nil), shown)
	}
}

// show returns the demonstrations for a group of types. v are the values of their
// placeholders. prepared is set if the prepared demonstrations are valid for this
// document.
func (f *textForm) show(v *values, q *question, group []int, shown []*ner.Document, texts []string, prepared bool) demonstrations {
	if prepared {
		key := allTypes
		if f.r.variant.Layout == "per-type" {
			key = group[0]
		}
		if key != allTypes || f.isWhole(group) {
			return f.standard[key]
		}
	}
	if q == nil {
		q = f.question(group, texts)
	}
	return f.demonstrate(v, q, shown)
}

// demonstrate renders demonstrations for the types of a query.
func (f *textForm) demonstrate(types *values, q *question, shown []*ner.Document) demonstrations {
	var out demonstrations
	var b []byte
	for _, d := range shown {
		v := *types
		v[slotText], v[slotDataset], v[slotDatasetName] = f.text(d), f.dataset, f.r.settings.Dataset
		v[slotDemonstrations], v[slotExamples] = "", ""
		v[slotAnswer] = f.style.answer(q, d)
		if f.turn != nil {
			b = f.turn.fill(b, &v)
			continue
		}
		user := f.tail.fill(f.head.fill(nil, &v), &v)
		out.messages = append(out.messages,
			ner.Message{Role: "user", Content: string(user)}, ner.Message{Role: "assistant", Content: v[slotAnswer]})
	}
	out.text = string(b)
	return out
}

// mention is a gold span of a type in the query.
type mention struct {
	span ner.Span
	text string
	of   int // place of its type in the query
}

// mentions returns the gold spans of the types of a query, ordered by start and end.
func (q *question) mentions(d *ner.Document) []mention {
	spans := slices.Clone(d.Spans)
	slices.SortFunc(spans, ner.Span.Compare)
	var out []mention
	for _, s := range spans {
		if i := slices.IndexFunc(q.types, func(t TypeInfo) bool { return t.Name == s.Type }); i >= 0 {
			out = append(out, mention{s, d.Surface(s), i})
		}
	}
	return out
}

// distinct returns the distinct strings of the mentions of one type.
func distinct(mentions []mention, of int) []string {
	var out []string
	for _, m := range mentions {
		if m.of == of && !slices.Contains(out, m.text) {
			out = append(out, m.text)
		}
	}
	return out
}
