package loaders_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"nerbench/datasets"
)

// counted is an invented document with mentions, independent of the form of a file.
type counted struct {
	words    []string
	mentions []countedMention
	out      bool // left out, if the form has such records
}

// countedMention is a mention of the words [start,end), with any number of labels if the
// form has lists of labels, else with the first one.
type countedMention struct {
	start, end int
	labels     []string
	skipped    bool // it is of another kind, if the form has kinds
}

// label is the only label.
func (m countedMention) label() string {
	if len(m.labels) == 0 {
		return "PER"
	}
	return m.labels[0]
}

// texts are the words, joined by one space, and the place of each word in a unit.
func (d counted) texts(length func(string) int) (text string, starts, ends []int) {
	at := 0
	for i, w := range d.words {
		if i > 0 {
			at += length(" ")
		}
		starts = append(starts, at)
		at += length(w)
		ends = append(ends, at)
	}
	return strings.Join(d.words, " "), starts, ends
}

func inCodePoints(s string) int { return utf8.RuneCountInString(s) }
func inBytes(s string) int      { return len(s) }
func inUTF16(s string) int      { return len(utf16.Encode([]rune(s))) }

// countedForm writes documents in one form, as one value per record. It returns how many
// records and labels the file has, as a reader counts them.
type countedForm struct {
	fields datasets.Fields
	write  func(d counted) (record any, labels int)
	leaves bool // records can be left out; such a record has no labels
}

// spansOf writes mentions with one label each, in a unit of length.
func spansOf(d counted, length func(string) int, one func(start, end int, label string) any) []any {
	_, starts, ends := d.texts(length)
	list := []any{}
	for _, m := range d.mentions {
		list = append(list, one(starts[m.start], ends[m.end-1], m.label()))
	}
	return list
}

type object = map[string]any

// countedForms are the forms by name: each preset in each of its forms, and fields of a
// user's own.
func countedForms() map[string]countedForm {
	preset := func(name string) datasets.Fields { return datasets.Fields{Preset: name} }
	text := func(d counted) string { return strings.Join(d.words, " ") }
	triple := func(start, end int, label string) any { return []any{start, end, label} }
	named := func(start, end, label string) func(int, int, string) any {
		return func(s, e int, l string) any { return object{start: s, end: e, label: l} }
	}
	plain := func(write func(d counted, mentions []any) any, length func(string) int, one func(int, int, string) any) func(counted) (any, int) {
		return func(d counted) (any, int) { return write(d, spansOf(d, length, one)), len(d.mentions) }
	}
	own := datasets.Fields{Text: "body", Mentions: "marks", Start: "0", End: "1", Label: "2"}
	with := func(change func(*datasets.Fields)) datasets.Fields { f := own; change(&f); return f }
	body := func(d counted, mentions []any) any { return object{"body": text(d), "marks": mentions} }
	return map[string]countedForm{
		"doccano":           {preset("doccano"), plain(func(d counted, m []any) any { return object{"text": text(d), "label": m} }, inCodePoints, triple), false},
		"doccano, entities": {preset("doccano"), plain(func(d counted, m []any) any { return object{"text": text(d), "entities": m} }, inCodePoints, named("start_offset", "end_offset", "label")), false},
		"prodigy": {preset("prodigy"), func(d counted) (any, int) {
			answer := "accept"
			if d.out {
				answer = "reject"
			}
			return object{"text": text(d), "spans": spansOf(d, inCodePoints, named("start", "end", "label")), "answer": answer}, len(d.mentions)
		}, true},
		"label-studio": {preset("label-studio"), labelStudio, true},
		"label-studio, JSON-MIN": {preset("label-studio"), func(d counted) (any, int) {
			mentions, n := labelledLists(d, func(start, end int, labels []string, _ bool) any {
				return object{"start": start, "end": end, "labels": labels}
			})
			return object{"text": text(d), "label": mentions}, n
		}, false},
		"spacy":          {preset("spacy"), plain(func(d counted, m []any) any { return []any{text(d), object{"entities": m}} }, inCodePoints, triple), false},
		"spacy, to_json": {preset("spacy"), plain(func(d counted, m []any) any { return object{"text": text(d), "ents": m} }, inCodePoints, named("start", "end", "label")), false},
		"gliner": {preset("gliner"), func(d counted) (any, int) {
			list := []any{}
			for _, m := range d.mentions {
				list = append(list, []any{m.start, m.end - 1, m.label()})
			}
			return object{"tokenized_text": d.words, "ner": list}, len(list)
		}, false},
		"pubannotation": {preset("pubannotation"), plain(func(d counted, m []any) any { return object{"text": text(d), "denotations": m} }, inCodePoints, func(s, e int, l string) any {
			return object{"span": object{"begin": s, "end": e}, "obj": l}
		}), false},
		"pubannotation, fragments": {preset("pubannotation"), plain(func(d counted, m []any) any { return object{"text": text(d), "denotations": m} }, inCodePoints, func(s, e int, l string) any {
			return object{"span": []any{object{"begin": s, "end": s + 1}, object{"begin": s, "end": e}}, "obj": l}
		}), false},
		"docred": {preset("docred"), func(d counted) (any, int) {
			entities := []any{}
			for i, m := range d.mentions {
				one := object{"pos": []int{m.start, m.end}, "sent_id": 0, "type": m.label()}
				if i%2 == 1 { // a second mention of the entity before
					entities[len(entities)-1] = append(entities[len(entities)-1].([]any), one)
					continue
				}
				entities = append(entities, []any{one})
			}
			return object{"sents": [][]string{d.words}, "vertexSet": entities}, len(d.mentions)
		}, false},
		"huggingface": {preset("huggingface"), func(d counted) (any, int) {
			starts, ends, labels := []any{}, []any{}, []any{}
			for _, m := range spansOf(d, inCodePoints, triple) {
				m := m.([]any)
				starts, ends, labels = append(starts, m[0]), append(ends, m[1]), append(labels, m[2])
			}
			return object{"text": text(d), "entities": object{"start": starts, "end": ends, "label": labels}}, len(labels)
		}, false},
		"huggingface, tags": {preset("huggingface"), func(d counted) (any, int) {
			tags, n := tagged(d)
			return object{"tokens": d.words, "ner_tags": tags}, n
		}, false},
		"own, triples":   {own, plain(body, inCodePoints, triple), false},
		"own, bytes":     {with(func(f *datasets.Fields) { f.Offsets = "bytes" }), plain(body, inBytes, triple), false},
		"own, utf-16":    {with(func(f *datasets.Fields) { f.Offsets = "utf-16" }), plain(body, inUTF16, triple), false},
		"own, inclusive": {with(func(f *datasets.Fields) { f.Inclusive = "yes" }), plain(body, inCodePoints, func(s, e int, l string) any { return []any{s, e - 1, l} }), false},
		"own, tokens": {with(func(f *datasets.Fields) { f.Tokens, f.Offsets, f.Text = "words", "tokens", "" }), func(d counted) (any, int) {
			list := []any{}
			for _, m := range d.mentions {
				list = append(list, []any{m.start, m.end, m.label()})
			}
			return object{"words": d.words, "marks": list}, len(list)
		}, false},
		"own, chosen": {with(func(f *datasets.Fields) {
			f.Where, f.Only = map[string]string{"use": "yes"}, map[string]string{"3": "name"}
		}), func(d counted) (any, int) {
			mentions, n := labelledLists(d, func(start, end int, labels []string, skipped bool) any {
				kind := "name"
				if skipped {
					kind = "relation"
				}
				return []any{start, end, labels, kind}
			})
			use := "yes"
			if d.out {
				use = "no"
			}
			return object{"use": use, "body": text(d), "marks": mentions}, n
		}, true},
		"own, numbered labels": {with(func(f *datasets.Fields) { f.Names = []string{"PER", "LOC", "MISC"} }), plain(body, inCodePoints, func(s, e int, l string) any {
			return []any{s, e, slices.Index([]string{"PER", "LOC", "MISC"}, l)}
		}), false},
		"own, records within": {with(func(f *datasets.Fields) { f.Text, f.Mentions = "x.body", "x.marks" }), plain(func(d counted, m []any) any { return object{"x": body(d, m)} }, inCodePoints, triple), false},
		"own, tags": {datasets.Fields{Tokens: "words", Tags: "tags"}, func(d counted) (any, int) {
			tags, n := tagged(d)
			return object{"words": d.words, "tags": tags}, n
		}, false},
	}
}

// labelledLists writes mentions with lists of labels, some of them skipped. A mention
// without a label is counted as one, and so is a skipped one.
func labelledLists(d counted, one func(start, end int, labels []string, skipped bool) any) (list []any, n int) {
	_, starts, ends := d.texts(inCodePoints)
	list = []any{}
	for _, m := range d.mentions {
		v := one(starts[m.start], ends[m.end-1], m.labels, m.skipped)
		list = append(list, v)
		n += max(len(m.labels), 1)
		if text, _ := json.Marshal(v); m.skipped && strings.Contains(string(text), "relation") {
			n -= max(len(m.labels), 1) - 1
		}
	}
	return list, n
}

func labelStudio(d counted) (any, int) {
	text := strings.Join(d.words, " ")
	mentions, n := labelledLists(d, func(start, end int, labels []string, skipped bool) any {
		kind := "labels"
		if skipped {
			kind = "relation"
		}
		value := object{"start": start, "end": end, "labels": labels}
		if len(labels) > 1 { // the own text of a mention, in the same unit as its offsets
			value["text"] = string([]rune(text)[start:end])
		}
		return object{"type": kind, "value": value}
	})
	annotation := object{"result": mentions, "was_cancelled": d.out}
	return object{"data": object{"text": text}, "annotations": []any{annotation}}, n
}

// tagged writes the mentions that do not overlap as IOB2.
func tagged(d counted) (tags []string, n int) {
	tags = slices.Repeat([]string{"O"}, len(d.words))
	for _, m := range d.mentions {
		if slices.ContainsFunc(tags[m.start:m.end], func(t string) bool { return t != "O" }) {
			continue
		}
		n++
		for i := m.start; i < m.end; i++ {
			tags[i] = "I-" + m.label()
		}
		tags[m.start] = "B-" + m.label()
	}
	return tags, n
}

// countedMaker makes documents from bytes.
type countedMaker struct{ bytes []byte }

func (m *countedMaker) next(n int) int {
	if len(m.bytes) == 0 {
		return 0
	}
	b := m.bytes[0]
	m.bytes = m.bytes[1:]
	return int(b) % n
}

func (m *countedMaker) documents() []counted {
	var all []counted
	for range 1 + m.next(5) {
		d := counted{out: m.next(4) == 3}
		for range 1 + m.next(6) {
			d.words = append(d.words, []string{"Zoë", "left", "🎉", "Essa", "x", "Bo"}[m.next(6)])
		}
		for range m.next(6) {
			start := m.next(len(d.words))
			mention := countedMention{start: start, end: start + 1 + m.next(len(d.words)-start), labels: []string{}, skipped: m.next(5) == 4}
			for range m.next(4) {
				mention.labels = append(mention.labels, []string{"PER", "LOC", "MISC"}[m.next(3)])
			}
			d.mentions = append(d.mentions, mention)
		}
		all = append(all, d)
	}
	all[0].out = false // a file without any document is an error
	return all
}

// FuzzRecordCounts holds the law of docs/spec/formats.md §1 for every preset and for fields
// of a user's own: each record is a document or left out, and each label of a mention is a
// span or dropped for a reason.
func FuzzRecordCounts(f *testing.F) {
	forms := countedForms()
	names := slices.Sorted(maps.Keys(forms))
	for _, seed := range []string{
		"", "\x02\x00\x03\x00\x01\x02\x03\x02\x00\x01\x00\x02\x00\x01\x01\x02\x00\x01\x00", "\x03\x03\x05\x02\x01\x02\x00\x00\x04\x03\x02\x01\x04\x03\x00\x01\x02\x02\x00\x00\x00\x00",
		"\x01\x00\x02\x02\x00\x05\x01\x01\x00\x02\x01\x01\x01\x00\x00\x01\x01\x01\x00\x00\x01\x01\x01",
	} {
		for i := range names {
			f.Add(byte(i), seed)
		}
	}
	f.Fuzz(func(t *testing.T, which byte, s string) {
		name := names[int(which)%len(names)]
		form := forms[name]
		m := countedMaker{[]byte(s)}
		var records []any
		labels := 0
		for _, d := range m.documents() {
			record, n := form.write(d)
			records = append(records, record)
			if !form.leaves || !d.out {
				labels += n
			}
		}
		raw, err := json.Marshal(records)
		if err != nil {
			t.Fatal(err)
		}
		dataset := familyDataset("documents", "document", "a.json")
		dataset.Sets[0].Fields = &form.fields
		read, tally, err := loaded(t, dataset, map[string]string{"a.json": string(raw)})
		if err != nil {
			t.Fatalf("%s: %s: %v", name, raw, err)
		}
		if got := strings.Count(read, "\n") + tally.Repairs["records_left_out"]; got != len(records) {
			t.Errorf("%s: %s: %d records, %d are counted", name, raw, len(records), got)
		}
		got := tally.Duplicates + tally.Repairs["skipped_annotations"] + tally.Repairs["without_label"]
		for _, counts := range []map[string]int{tally.ByLabel, tally.Dropped} {
			for _, n := range counts {
				got += n
			}
		}
		if got != labels {
			t.Errorf("%s: %s: %d labels, %d are counted: %+v", name, raw, labels, got, tally)
		}
	})
}

// TestEveryPresetIsCounted: FuzzRecordCounts has a form of each preset.
func TestEveryPresetIsCounted(t *testing.T) {
	counted := map[string]bool{}
	for _, form := range countedForms() {
		counted[form.fields.Preset] = true
	}
	for preset := range datasets.Presets {
		if !counted[preset] {
			t.Errorf("preset %s has no form", preset)
		}
	}
}
