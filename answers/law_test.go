package answers_test

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"nerbench/answers"
	"nerbench/ner"
)

// answerMaker makes an answer of JSON from bytes, and counts its items.
type answerMaker struct {
	bytes []byte
	items int
}

func (m *answerMaker) next(n int) int {
	if len(m.bytes) == 0 {
		return 0
	}
	b := m.bytes[0]
	m.bytes = m.bytes[1:]
	return int(b) % n
}

func (m *answerMaker) text() string {
	return []string{"Ada", "Bo Li", "…", "...", "", "x-1", `"`, "None", "[1]", "{}", "3", "Ada"}[m.next(12)]
}

func (m *answerMaker) name() string {
	return []string{"person", "PER", "program language", "place", "B-PER", "?"}[m.next(6)]
}

// item returns an item of a list of mentions.
func (m *answerMaker) item() any {
	m.items++
	switch m.next(9) {
	case 0:
		return m.next(100)
	case 1:
		return nil
	case 2:
		return true
	case 3:
		return map[string]any{"text": m.text(), "type": m.name()}
	case 4:
		return map[string]any{"word": m.text(), "entity_group": m.name(), "score": 0.5}
	case 5:
		return map[string]any{"text": m.text()}
	case 6:
		return []any{m.text(), "person"}
	case 7:
		return map[string]any{"score": 1}
	}
	return m.text()
}

func (m *answerMaker) list() []any {
	list := []any{}
	for range m.next(7) {
		list = append(list, m.item())
	}
	return list
}

// strings returns a list of strings only.
func (m *answerMaker) strings() []string {
	list := []string{}
	for range m.next(7) {
		m.items++
		list = append(list, m.text())
	}
	return list
}

// FuzzCounts holds the law of docs/spec/prompts.md §3.6: of an answer that is parsed, each
// item is a mention or is dropped for a reason, and none is counted twice.
func FuzzCounts(f *testing.F) {
	for _, seed := range []string{"", "\x05\x00\x01\x02\x03\x04\x05\x06\x07\x08", "\x06\x08\x02\x08\x03\x07\x06\x01\x04\x02", "\x01\x01\x03\x02\x02\x05", "\x02\x06\x03\x00\x00\x03\x01\x01", "\x03\x04\x01\x04\x02", "\x04\x05\x05\x05\x05"} {
		for lead := range byte(6) {
			f.Add(string(lead)+seed, "stop")
		}
	}
	d := &ner.Document{Text: "Ada and Bo Li , x-1 ."}
	f.Fuzz(func(t *testing.T, s, finish string) {
		m := &answerMaker{bytes: []byte(s)}
		form := "list"
		var answer any
		extra := 0
		switch m.next(6) {
		case 0:
			answer = m.list()
		case 1:
			answer, extra = map[string]any{"reasoning": "so", "entities": m.list()}, 1
		case 2:
			form = "object"
			by := map[string]any{}
			for i := range m.next(4) {
				by[m.name()+strconv.Itoa(i)] = m.strings()
			}
			by["person"] = m.strings()
			answer = by
		case 3:
			answer = map[string]any{"person": m.strings(), "program language": m.strings()}
		case 4:
			form = "objects"
			list := []any{map[string]any{"text": m.text(), "type": m.name()}}
			m.items++
			answer = append(list, m.list()...)
		case 5:
			form, answer = "pairs", [][]string{{m.text(), m.name()}, {m.text(), m.name()}}
			m.items += 2
		}
		raw, err := json.Marshal(answer)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{string(raw), "Sure:\n```json\n" + string(raw) + "\n```"} {
			q := answers.Question{Form: form, Document: d, Types: []ner.EntityType{"person"}, AllTypes: twoTypes}
			if form != "list" {
				q.Types = append(q.Types, "program language")
			}
			p := answers.Read(q, ner.Completion{Text: text, Finish: ner.Finish(finish)})
			if p.Step == "none" {
				t.Errorf("%s: %s is not parsed", form, text)
				continue
			}
			if got := len(p.Mentions) + len(p.Dropped); got != m.items+extra {
				t.Errorf("%s: %s has %d items: %d mentions and %d dropped: %+v %+v", form, text, m.items+extra, len(p.Mentions), len(p.Dropped), p.Mentions, p.Dropped)
			}
			if p.Outcome.Failure() && len(p.Mentions) > 0 && p.Outcome != ner.Truncated {
				t.Errorf("%s: %s is %s with mentions", form, text, p.Outcome)
			}
		}
	})
}

// lawDocument is the passage of the answers of FuzzCountsOfForms, which have its words.
const lawDocument = "Ada and Bo Li met Cy Dee , x-1 ."

// form makes an answer that is not JSON, and counts its items: mentions, labelled words
// and marks.
func (m *answerMaker) form() (form, answer string) {
	var b strings.Builder
	words := strings.Fields(lawDocument)
	word := func() string { return append(words, "Zed", "…", "")[m.next(len(words)+3)] }
	name := func() string { return []string{"person", "PER", "program language", "alien", "persons"}[m.next(5)] }
	switch m.next(6) {
	case 0:
		form = "segments"
		b.WriteString("person: Ada")
		m.items = 1
		for range m.next(7) {
			said := []string{"Ada", "Zed", "…", "Bo Li", "x-1"}[m.next(5)]
			m.items++
			switch m.next(5) {
			case 0:
				b.WriteString("|" + said)
			case 1:
				b.WriteString("|" + name() + ":" + said + ", Cy")
				m.items++
			case 2:
				b.WriteString("|" + name() + ": None")
				m.items--
			default:
				b.WriteString("|" + name() + ": " + said)
			}
		}
	case 1:
		form = "typed_pairs"
		b.WriteString("person: Ada")
		m.items = 1
		for range m.next(7) {
			m.items++
			switch m.next(3) {
			case 0:
				b.WriteString("\nZed")
			default:
				b.WriteString("; " + name() + ": " + []string{"Ada", "Zed", "…", "Bo Li", "x-1"}[m.next(5)])
			}
		}
	case 2:
		form = "labels"
		b.WriteString("Ada(B-person) ")
		m.items = 1
		for range m.next(24) {
			label := []string{"(O)", "(B-", "(I-"}[m.next(3)]
			if label != "(O)" {
				label += name() + ")"
				m.items++
			}
			b.WriteString(word() + label + " ")
		}
	case 3:
		form = "tags"
		b.WriteString("<person>Ada</person> ")
		m.items = 1
		for range m.next(24) {
			tag := strings.ReplaceAll(name(), " ", "_")
			switch m.next(6) {
			case 0:
				b.WriteString("<" + tag + ">" + word() + "</" + tag + "> ")
				m.items++
			case 1:
				b.WriteString("<" + tag + ">" + word() + " ")
				m.items++
			default:
				b.WriteString(word() + " ")
			}
		}
	case 4:
		form = "markers"
		b.WriteString("@@Ada## ")
		m.items = 1
		for range m.next(24) {
			switch m.next(6) {
			case 0:
				b.WriteString("@@" + word() + "## ")
				m.items++
			case 1:
				b.WriteString("@@" + word() + " ")
				m.items++
			default:
				b.WriteString(word() + " ")
			}
		}
	case 5:
		form = "gollie"
		b.WriteString(`[Person(span="Ada")`)
		m.items = 1
		for range m.next(7) {
			class := []string{"Person", "ProgramLanguage", "Alien"}[m.next(3)]
			b.WriteString(", " + class + `(span=` + []string{`"Ada"`, `"…"`, `""`, `None`, `'Zed'`}[m.next(5)] + ")")
			m.items++
		}
		b.WriteString("]")
	}
	return form, b.String()
}

// FuzzCountsOfForms holds the law of FuzzCounts for the answers that are not JSON. Words
// with labels become spans of several words.
func FuzzCountsOfForms(f *testing.F) {
	for kind := range byte(6) {
		for _, rest := range []string{"", "\x05\x00\x01\x02\x03\x04\x05\x06\x07\x08", "\x17\x01\x00\x00\x02\x01\x01\x00\x0c\x02\x00\x03\x05\x01\x00\x02\x04\x03\x01\x01\x0e\x02\x05", "\x06\x01\x01\x02\x00\x04\x02\x02\x01\x02\x03\x03\x01\x02\x02\x01"} {
			f.Add(string(kind) + rest)
		}
	}
	d := &ner.Document{Text: lawDocument}
	f.Fuzz(func(t *testing.T, s string) {
		m := &answerMaker{bytes: []byte(s)}
		form, text := m.form()
		q := answers.Question{Form: form, Document: d, Types: []ner.EntityType{"person", "program language"}, AllTypes: twoTypes}
		if form == "markers" {
			q.Types = q.Types[:1]
		}
		p := answers.Read(q, ner.Completion{Text: text, Finish: ner.FinishStop})
		if p.Step == "none" {
			return // a failure, which is counted as such
		}
		got := len(p.Mentions) + len(p.Dropped)
		if form == "labels" {
			got = len(p.Dropped)
			for _, span := range p.Spans {
				got += len(strings.Fields(d.Text[span.Start:span.End]))
			}
		}
		if got != m.items {
			t.Errorf("%s: %s has %d items, %d are counted: %+v %+v", form, text, m.items, got, p.Mentions, p.Dropped)
		}
	})
}

// TestUnreadableCall: a call of a known class that cannot be read is counted.
func TestUnreadableCall(t *testing.T) {
	q := answers.Question{Form: "gollie", Document: &ner.Document{Text: lawDocument}, Types: []ner.EntityType{"person"}, AllTypes: twoTypes}
	p := answers.Read(q, ner.Completion{Text: `Person(span="Ada") and Person(span=name)`, Finish: ner.FinishStop})
	if len(p.Mentions) != 1 || len(p.Dropped) != 1 || p.Dropped[0].Why != ner.BadItem {
		t.Errorf("got %+v %+v", p.Mentions, p.Dropped)
	}
}
