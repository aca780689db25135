package answers_test

import (
	"encoding/json"
	"os"
	"slices"
	"testing"

	"nerbench/answers"
	"nerbench/internal/reference"
	"nerbench/ner"
)

// answerCase is a raw answer of the vectors, and what must be understood of it.
type answerCase struct {
	ID, Family, Variant, Document, Types, Type, Finish, Answer, Class, Step string
	Mentions                                                                []struct {
		Type, Text string
		Flags      []ner.Flag
	}
	Dropped         []ner.Dropped
	Spans           [][3]any
	Unaligned       [][2]string
	PublishedReader *[]string `json:"published_reader"`
}

type answerVectors struct {
	documents map[string]*ner.Document
	types     map[string][]answers.TypeName
	cases     []answerCase
}

func readAnswerVectors(t testing.TB) answerVectors {
	t.Helper()
	decode := func(into any, name string) {
		data, err := os.ReadFile(reference.Path(t, "vectors-prompts", name))
		if err == nil {
			err = json.Unmarshal(data, into)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	var docs struct {
		Documents []struct {
			ID, Text string
			Tokens   []string
		}
		TypeSets map[string][]struct{ Native, Natural string } `json:"type_sets"`
	}
	decode(&docs, "documents.json")
	var file struct{ Answers []answerCase }
	decode(&file, "answers.json")
	v := answerVectors{documents: map[string]*ner.Document{}, types: map[string][]answers.TypeName{}, cases: file.Answers}
	for _, d := range docs.Documents {
		doc := &ner.Document{ID: d.ID, Text: d.Text}
		at := 0
		for _, token := range d.Tokens {
			doc.Tokens = append(doc.Tokens, ner.Range{Start: at, End: at + len(token)})
			at += len(token) + 1
		}
		v.documents[d.ID] = doc
	}
	for name, set := range docs.TypeSets {
		for _, typ := range set {
			v.types[name] = append(v.types[name], answers.TypeName{Natural: ner.EntityType(typ.Natural), Native: typ.Native})
		}
	}
	return v
}

func TestAnswerVectors(t *testing.T) {
	v := readAnswerVectors(t)
	tested := 0
	for _, c := range v.cases {
		if !slices.Contains(answers.Families(), c.Family) {
			continue
		}
		tested++
		t.Run(c.ID, func(t *testing.T) { checkAnswer(t, v, c) })
	}
	if tested < 90 {
		t.Errorf("only %d cases were tested", tested)
	}
}

func checkAnswer(t *testing.T, v answerVectors, c answerCase) {
	d := v.documents[c.Document]
	q := answers.Question{Family: c.Family, Variant: c.Variant, Document: d, Row: v.types[c.Types]}
	for _, typ := range q.Row {
		if c.Type == "" || c.Type == string(typ.Natural) {
			q.Types = append(q.Types, typ.Natural)
		}
	}
	p := answers.Read(q, ner.Completion{Text: c.Answer, Finish: ner.Finish(c.Finish)})
	aligner, err := answers.NewAligner(d, answers.Alignment{})
	if err != nil {
		t.Fatal(err)
	}
	answers.Place(&p, aligner)
	if string(p.Outcome) != c.Class || p.Step != c.Step {
		t.Errorf("class %s by step %s, want %s by %s", p.Outcome, p.Step, c.Class, c.Step)
	}
	if len(p.Mentions) != len(c.Mentions) {
		t.Errorf("mentions are %+v, want %+v", p.Mentions, c.Mentions)
	} else {
		for i, m := range c.Mentions {
			got := p.Mentions[i]
			if got.Text != m.Text || string(got.Type) != m.Type || !sameFlags(got.Flags, m.Flags) {
				t.Errorf("mention %d is %+v, want %+v", i, got, m)
			}
		}
	}
	if !slices.Equal(p.Dropped, c.Dropped) {
		t.Errorf("dropped are %+v, want %+v", p.Dropped, c.Dropped)
	}
	checkSpans(t, d, p, c)
	if c.PublishedReader != nil {
		items, _ := answers.Published(c.Answer)
		if !slices.Equal(plain(items), *c.PublishedReader) {
			t.Errorf("the published reader sees %q, want %q", items, *c.PublishedReader)
		}
	}
}

// sameFlags compares flags as sets.
func sameFlags(a, b []ner.Flag) bool {
	a, b = slices.Clone(a), slices.Clone(b)
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(a, b)
}

func checkSpans(t *testing.T, d *ner.Document, p ner.Prediction, c answerCase) {
	t.Helper()
	points := ner.NewCodePoints(d.Text)
	var spans [][3]any
	for _, s := range p.Spans {
		spans = append(spans, [3]any{float64(points.CodePoint(s.Start)), float64(points.CodePoint(s.End)), string(s.Type)})
	}
	if !slices.Equal(spans, c.Spans) {
		t.Errorf("spans are %v, want %v", spans, c.Spans)
	}
	var unaligned [][2]string
	for _, m := range p.Unaligned {
		unaligned = append(unaligned, [2]string{string(m.Type), m.Text})
	}
	if !slices.Equal(unaligned, c.Unaligned) {
		t.Errorf("unaligned are %v, want %v", unaligned, c.Unaligned)
	}
}

var twoTypes = []answers.TypeName{{Natural: "person", Native: "PER"}, {Natural: "program language", Native: "programlang"}}

func TestReadWithoutReference(t *testing.T) {
	d := &ner.Document{Text: "Ada wrote it in Lisp ."}
	for name, tc := range map[string]struct {
		family, answer string
		finish         ner.Finish
		want           ner.Outcome
		step           string
		mentions       int
	}{
		"strict":          {"uniner", ` ["Ada"]`, "stop", ner.OK, "strict", 1},
		"empty":           {"uniner", `[]`, "stop", ner.Empty, "strict", 0},
		"run-away":        {"uniner", `["Ada"]</s>USER: What`, "length", ner.Repaired, "strict", 1},
		"fence":           {"uniner", "```\n[\"Ada\"]\n```", "stop", ner.Repaired, "fence", 1},
		"one-line fence":  {"uniner", "```json [\"Ada\"]```", "stop", ner.Repaired, "fence", 1},
		"prose":           {"uniner", `It is ["Ada"].`, "stop", ner.Repaired, "embedded", 1},
		"none":            {"uniner", "No entities.", "stop", ner.Repaired, "none_word", 0},
		"cut":             {"uniner", `["Ada", "Bo`, "length", ner.Truncated, "unclosed", 1},
		"cut, unknown":    {"uniner", `["Ada", "Bo`, "", ner.Truncated, "unclosed", 1},
		"cut, stopped":    {"uniner", `["Ada", "Bo`, "stop", ner.Repaired, "unclosed", 1},
		"blank":           {"uniner", " \n", "stop", ner.Blank, "none", 0},
		"too long":        {"uniner", "", ner.FinishTooLong, ner.TooLong, "none", 0},
		"prose only":      {"uniner", "Ada, I think", "stop", ner.NoStructure, "none", 0},
		"broken":          {"uniner", `["Ada" x ["y"`, "stop", ner.Repaired, "unclosed", 1},
		"prose to limit":  {"uniner", "Ada, I think", "length", ner.Truncated, "none", 0},
		"deep":            {"uniner", deep(100), "stop", ner.Malformed, "none", 0},
		"spans":           {"spans", `{"spans":[{"start":0,"end":3,"type":"person"}]}`, "stop", ner.OK, "strict", 1},
		"spans, none":     {"spans", `{"spans":[]}`, "stop", ner.Empty, "strict", 0},
		"spans, outside":  {"spans", `{"spans":[{"start":0,"end":99,"type":"person"}]}`, "stop", ner.OK, "strict", 0},
		"spans, no JSON":  {"spans", `hello`, "stop", ner.NoStructure, "none", 0},
		"spans, no spans": {"spans", `{"x":1}`, "stop", ner.Malformed, "none", 0},
	} {
		t.Run(name, func(t *testing.T) {
			q := answers.Question{Family: tc.family, Document: d, Types: []ner.EntityType{"person"}, Row: twoTypes}
			p := answers.Read(q, ner.Completion{Text: tc.answer, Finish: tc.finish})
			if p.Outcome != tc.want || p.Step != tc.step || len(p.Mentions) != tc.mentions {
				t.Errorf("got %s by %s, %+v", p.Outcome, p.Step, p.Mentions)
			}
		})
	}
}

func deep(n int) string {
	var b []byte
	for range n {
		b = append(b, `{"a":`...)
	}
	return string(b)
}

// TestUnknownTypes: types that do not resolve are dropped and counted, or kept as
// the reserved one (METRICS.md §1.3).
func TestUnknownTypes(t *testing.T) {
	d := &ner.Document{Text: "Ada wrote it in Lisp ."}
	q := answers.Question{Family: "uniner", Variant: "allinone", Document: d, Types: []ner.EntityType{"person", "program language"}, Row: twoTypes}
	c := ner.Completion{Text: `[["Ada", "PER"], ["Lisp", "Program-Language"], ["it", "thing"]]`, Finish: ner.FinishStop}
	p := answers.Read(q, c)
	if len(p.Mentions) != 2 || p.Mentions[1].Type != "program language" || len(p.Dropped) != 1 || p.Dropped[0].Why != "unknown_type" {
		t.Errorf("dropping: %+v", p)
	}
	q.Unknown = "fp"
	if p = answers.Read(q, c); len(p.Mentions) != 3 || p.Mentions[2].Type != ner.Unknown || len(p.Dropped) != 0 {
		t.Errorf("keeping: %+v", p)
	}
}

// FuzzRead: no answer brings a reader down, and what it finds has a type of the
// row.
func FuzzRead(f *testing.F) {
	for _, s := range []string{
		`["x"]`, `[{"text":"x","type":"person"}]`, `{"person": ["x", 1, null, ["y", "person"]]}`, "- x\n- y", "[('a', 'b'),",
		`{person: ‘x’}`, "```json\n[", `<think>[`, `[[[[[[`, `{"entities": {"entities": []}}`, "No entities", "[\"a\\",
	} {
		f.Add(s, "stop")
		f.Add(s, "length")
	}
	d := &ner.Document{Text: "x y Ada"}
	f.Fuzz(func(t *testing.T, s, finish string) {
		for _, family := range answers.Families() {
			for _, variant := range []string{"", "allinone", "rner"} {
				q := answers.Question{Family: family, Variant: variant, Document: d, Types: []ner.EntityType{"person"}, Row: twoTypes}
				p := answers.Read(q, ner.Completion{Text: s, Finish: ner.Finish(finish)})
				if p.Outcome == "" || p.Step == "" {
					t.Errorf("%s: %q has no outcome", family, s)
				}
				for _, m := range p.Mentions {
					if m.Type != "person" && m.Type != "program language" {
						t.Errorf("%s: %q has a mention of type %q", family, s, m.Type)
					}
				}
			}
		}
	})
}

func BenchmarkRead(b *testing.B) {
	reader, err := answers.NewReader("uniner", "repo", twoTypes, "")
	if err != nil {
		b.Fatal(err)
	}
	types := []ner.EntityType{"person"}
	c := ner.Completion{Text: ` ["Ada", "Grace"]`, Finish: ner.FinishStop}
	for b.Loop() {
		reader.Read(nil, types, c)
	}
}
