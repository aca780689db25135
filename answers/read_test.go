package answers_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"nerbench/answers"
	"nerbench/internal/reference"
	"nerbench/ner"
	"nerbench/prompts"
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

func readAnswerVectors(t testing.TB, set reference.Set) answerVectors {
	t.Helper()
	var docs struct {
		Documents []struct {
			ID, Text string
			Tokens   []string
		}
		TypeSets map[string][]struct{ Native, Natural string } `json:"type_sets"`
	}
	set.Read(t, &docs, "vectors-prompts", "documents.json")
	var file struct{ Answers []answerCase }
	set.Read(t, &file, "vectors-prompts", "answers.json")
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

func TestAnswerVectors(t *testing.T) { reference.EachSet(t, checkAnswers) }

func checkAnswers(t *testing.T, set reference.Set) {
	v := readAnswerVectors(t, set)
	for _, c := range v.cases {
		t.Run(c.ID, func(t *testing.T) { checkAnswer(t, v, c) })
	}
	if len(v.cases) != 190 {
		t.Errorf("%d cases were tested, want 190", len(v.cases))
	}
}

func checkAnswer(t *testing.T, v answerVectors, c answerCase) {
	d := v.documents[c.Document]
	family, err := prompts.AnswersOf(c.Family, c.Variant)
	if err != nil {
		t.Fatal(err)
	}
	q := answers.Question{Form: family.Form, Document: d, AllTypes: v.types[c.Types]}
	for _, typ := range q.AllTypes {
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
	c = c.today()
	p.Dropped = slices.DeleteFunc(p.Dropped, ner.Dropped.Unused) // counted since the vectors were made
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
			t.Errorf("the published parser sees %q, want %q", items, *c.PublishedReader)
		}
	}
}

// today returns a case by the two rules that are newer than the vectors: an answer of
// which every item is dropped is unusable, and a missing comma between strings is an
// error.
func (c answerCase) today() answerCase {
	switch c.ID {
	case "json_list-006", "gpt_ner-003":
		c.Class = "unusable"
	case "uniner-019":
		c.Class, c.Step, c.Mentions, c.Unaligned = "malformed", "none", nil, nil
	}
	return c
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
		form, answer string
		finish       ner.Finish
		want         ner.Outcome
		step         string
		mentions     int
	}{
		"strict":          {"uniner_list", ` ["Ada"]`, "stop", ner.OK, "strict", 1},
		"empty":           {"uniner_list", `[]`, "stop", ner.Empty, "strict", 0},
		"run-away":        {"uniner_list", `["Ada"]</s>USER: What`, "length", ner.Repaired, "strict", 1},
		"fence":           {"uniner_list", "```\n[\"Ada\"]\n```", "stop", ner.Repaired, "fence", 1},
		"one-line fence":  {"uniner_list", "```json [\"Ada\"]```", "stop", ner.Repaired, "fence", 1},
		"prose":           {"uniner_list", `It is ["Ada"].`, "stop", ner.Repaired, "embedded", 1},
		"none":            {"uniner_list", "No entities.", "stop", ner.Repaired, "none_word", 0},
		"cut":             {"uniner_list", `["Ada", "Bo`, "length", ner.Truncated, "unclosed", 1},
		"cut, unknown":    {"uniner_list", `["Ada", "Bo`, "", ner.Truncated, "unclosed", 1},
		"cut, stopped":    {"uniner_list", `["Ada", "Bo`, "stop", ner.Repaired, "unclosed", 1},
		"blank":           {"uniner_list", " \n", "stop", ner.Blank, "none", 0},
		"too long":        {"uniner_list", "", ner.FinishTooLong, ner.TooLong, "none", 0},
		"prose only":      {"uniner_list", "Ada, I think", "stop", ner.NoStructure, "none", 0},
		"broken":          {"uniner_list", `["Ada" x ["y"`, "stop", ner.Malformed, "none", 0},
		"prose to limit":  {"uniner_list", "Ada, I think", "length", ner.Truncated, "none", 0},
		"deep":            {"uniner_list", deep(100), "stop", ner.Malformed, "none", 0},
		"spans":           {"spans", `{"spans":[{"start":0,"end":3,"type":"person"}]}`, "stop", ner.OK, "strict", 1},
		"spans, none":     {"spans", `{"spans":[]}`, "stop", ner.Empty, "strict", 0},
		"spans, outside":  {"spans", `{"spans":[{"start":0,"end":99,"type":"person"}]}`, "stop", ner.Unusable, "strict", 0},
		"spans, no JSON":  {"spans", `hello`, "stop", ner.NoStructure, "none", 0},
		"spans, no spans": {"spans", `{"x":1}`, "stop", ner.Malformed, "none", 0},
	} {
		t.Run(name, func(t *testing.T) {
			q := answers.Question{Form: tc.form, Document: d, Types: []ner.EntityType{"person"}, AllTypes: twoTypes}
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
// the reserved one (docs/spec/metrics.md §1.3).
func TestUnknownTypes(t *testing.T) {
	d := &ner.Document{Text: "Ada wrote it in Lisp ."}
	q := answers.Question{Form: "uniner_pairs", Document: d, Types: []ner.EntityType{"person", "program language"}, AllTypes: twoTypes}
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

// TestEchoes are answers that repeat the text, with what models do to it.
func TestEchoes(t *testing.T) {
	d := &ner.Document{Text: "Ada met Bo Li in Rome\tand Bo Li left ."}
	demonstrated := &ner.Document{Text: "a <b> c"}
	row := []answers.TypeName{{Natural: "person"}, {Natural: "place"}}
	for name, tc := range map[string]struct {
		form           string
		document       *ner.Document
		answer         string
		finish         ner.Finish
		want           ner.Outcome
		step, mentions string // "type=text[flags] …"
	}{
		"tags cross":            {"tags", d, "<person>Ada <place>met</person> Bo</place> Li in Rome\tand Bo Li left .", "stop", ner.Repaired, "echo", "person=Ada met; place=met Bo"},
		"a tag nobody closes":   {"tags", d, "Ada</person> met Bo Li in Rome\tand Bo Li left .", "stop", ner.Repaired, "echo", ""},
		"attributes":            {"tags", d, "<person id=\"1\">Ada</person> met Bo Li in Rome\tand Bo Li left .", "stop", ner.Repaired, "echo", "person=Ada"},
		"closes itself":         {"tags", d, "Ada<br/> met Bo Li in Rome\tand Bo Li left .", "stop", ner.Repaired, "echo", ""},
		"a type closes itself":  {"tags", d, "Ada<person/> met Bo Li in Rome\tand Bo Li left .", "stop", ner.Unusable, "echo", ""},
		"a type in the plural":  {"tags", d, "<Persons>Ada</Persons> met Bo Li in Rome\tand Bo Li left .", "stop", ner.OK, "strict", "person=Ada[type_fold]"},
		"less-than is no tag":   {"tags", d, "Ada < met <> Bo <person>Li</person>", "stop", ner.Repaired, "align", "person=Li"},
		"blanks in the tag":     {"tags", d, "<person> Ada </person>met <person>Bo Li</person> in Rome\tand Bo Li left .", "stop", ner.OK, "strict", "person=Ada; person=Bo Li"},
		"a word cut in two":     {"tags", d, "so <person>Ad</person>a met Bo Li in Rome and", "stop", ner.Repaired, "align", "person=Ad[searched]"},
		"words that moved":      {"tags", d, "<person>Li Bo</person> met Ada in Rome", "stop", ner.Repaired, "align", "person=Li Bo[searched]"},
		"fenced":                {"tags", d, "```xml\n<person>Ada</person> met Bo Li in Rome\tand Bo Li left .\n```", "stop", ner.Repaired, "echo", "person=Ada"},
		"nothing in a tag":      {"tags", d, "<person></person>Ada met Bo Li in Rome\tand Bo Li left .", "stop", ner.OK, "strict", ""},
		"wrapper cut":           {"wrapped_tags", d, "<response><person>Ada</person> met", "length", ner.Truncated, "cut", "person=Ada"},
		"talk around a wrapper": {"wrapped_tags", d, "Sure! <response><person>Ada</person> met Bo Li in Rome\tand Bo Li left .</response> Done.", "stop", ner.Repaired, "echo", "person=Ada"},
		"more prefixes":         {"tags", d, "<x_x_person>Ada</x_x_person> met Bo Li in Rome\tand Bo Li left .", "stop", ner.OK, "strict", "person=Ada"},
		"a tag of the text":     {"tags", demonstrated, "a <b> <person>c</person>", "stop", ner.OK, "strict", "person=c"},
		"a TAB shown as blank":  {"markers", d, "@@Ada## met Bo Li in Rome and @@Bo Li## left .", "stop", ner.OK, "strict", "person=Ada; person=Bo Li"},
		"markers in a row":      {"markers", d, "@@Ada @@met## Bo Li in Rome and Bo Li left .", "stop", ner.Repaired, "echo", "person=met"},
		"brackets as markers":   {"markers", d, "⟦Ada⟧ met Bo Li in Rome and Bo Li left .", "stop", ner.OK, "strict", "person=Ada"},
		"gner, type changes":    {"labels", d, "Ada(B-person) met(I-place) Bo(O) Li(O) in(O) Rome(O) and(O) Bo(O) Li(O) left(O) .(O)", "stop", ner.Repaired, "echo", "person=Ada; place=met[orphan_i]"},
		"gner, a label broken":  {"labels", d, "Ada(B-person) met(O", "length", ner.Truncated, "cut", "person=Ada"},
		"gner, other words":     {"labels", d, "x(O) y(O)", "stop", ner.NoStructure, "none", ""},
		"code, no string":       {"gollie", d, "[Person(span=1)]", "stop", ner.Malformed, "none", ""},
		"code, unclosed":        {"gollie", d, "[Person(span='Ada'), Place(", "stop", ner.Repaired, "unclosed", "person=Ada"},
		"code, a list of words": {"gollie", d, "see [1] and [Ada]: [Person(span='Ada')]", "stop", ner.Repaired, "embedded", "person=Ada"},
		"code, escapes": {"knowcoder", d, `results = [Person("\x41d\141"), Person(r'\d'), Person("""Bo\
 Li""")]`, "stop", ner.OK, "strict", `person=Ada; person=\d; person=Bo Li`},
		"code, nothing":         {"knowcoder", d, "None", "stop", ner.Repaired, "none_word", ""},
		"ye2023, only none":     {"segments", d, "person: None | place: n/a", "stop", ner.Empty, "strict", ""},
		"ye2023, other types":   {"segments", d, "animal: Bo | plant: Li", "stop", ner.NoStructure, "none", ""},
		"pairs, bullets":        {"typed_pairs", d, "- person: Ada\n- place: Rome", "stop", ner.Repaired, "lines", "person=Ada; place=Rome"},
		"pairs, cut to nothing": {"typed_pairs", d, "person: Ad", "length", ner.Truncated, "none", ""},
	} {
		t.Run(name, func(t *testing.T) {
			q := answers.Question{Form: tc.form, Document: tc.document, Types: []ner.EntityType{"person", "place"}, AllTypes: row}
			p := answers.Read(q, ner.Completion{Text: tc.answer, Finish: tc.finish})
			var got []string
			for _, m := range p.Mentions {
				said := string(m.Type) + "=" + m.Text
				if len(m.Flags) > 0 && m.Flags[0] != ner.Duplicate {
					said += fmt.Sprint(m.Flags)
				}
				got = append(got, said)
			}
			if p.Outcome != tc.want || p.Step != tc.step || strings.Join(got, "; ") != tc.mentions {
				t.Errorf("%s by %s: %s\nwant %s by %s: %s", p.Outcome, p.Step, strings.Join(got, "; "), tc.want, tc.step, tc.mentions)
			}
		})
	}
}

// FuzzRead: no answer brings a parser down, and what it finds has a type of the
// dataset.
func FuzzRead(f *testing.F) {
	for _, s := range []string{
		`["x"]`, `[{"text":"x","type":"person"}]`, `{"person": ["x", 1, null, ["y", "person"]]}`, "- x\n- y", "[('a', 'b'),",
		`{person: ‘x’}`, "```json\n[", `<think>[`, `[[[[[[`, `{"entities": {"entities": []}}`, "No entities", "[\"a\\",
		"person: x | program language: None", "person: x; program language: Ada\n- **person**: é", "x-1(B-person) y(O) Ada(I-person)",
		"<person>x-1</person> y <b>Ada</b>\n(é) <b> @@ .", "<response>x <person a=\"1\">y</response>", "⟦x-1⟧ y ⟦Ada", "@@x##",
		`results = [Person("x"), ProgramLanguage(span=r'y', z=None)`, `[Person(span="\x41\U0001f469")] # x`, "Person('''x''')",
	} {
		f.Add(s, "stop")
		f.Add(s, "length")
	}
	d := &ner.Document{Text: " x-1 y Ada\n(é) <b> @@ ."}
	f.Fuzz(func(t *testing.T, s, finish string) {
		c := ner.Completion{Text: s, Finish: ner.Finish(finish)}
		for _, form := range answers.Forms() {
			parser, err := answers.NewParser(form, twoTypes, "")
			if err != nil {
				t.Fatal(err)
			}
			checkRead(t, form, parser, d, c)
		}
	})
}

// checkRead demands an outcome, types of the dataset, and spans inside the text whose
// mentions are what they cover.
func checkRead(t *testing.T, what string, r *answers.Parser, d *ner.Document, c ner.Completion) {
	t.Helper()
	p := r.Read(d, []ner.EntityType{"person"}, c)
	if p.Outcome == "" || p.Step == "" {
		t.Errorf("%s: %q has no outcome", what, c.Text)
	}
	texts := map[string]bool{}
	for _, m := range p.Mentions {
		texts[m.Text] = true
		if m.Type != "person" && m.Type != "program language" {
			t.Errorf("%s: %q has a mention of type %q", what, c.Text, m.Type)
		}
	}
	aligner, err := answers.NewAligner(d, answers.Alignment{Mode: "first"})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range p.Spans {
		if !ner.ValidSpan(d.Text, s) || !texts[d.Surface(s)] {
			t.Fatalf("%s: %q brings the span %v, which is no mention", what, c.Text, s)
		}
	}
	answers.Place(&p, aligner)
	for _, s := range p.Spans {
		if !ner.ValidSpan(d.Text, s) {
			t.Fatalf("%s: %q has the span %v", what, c.Text, s)
		}
	}
}

// BenchmarkRead reads answers to questions about a passage of 20 words: the one
// of the models of UniversalNER, a mix of what the ladder meets, and those of the
// other families.
func BenchmarkRead(b *testing.B) {
	d := &ner.Document{Text: "Ada Lovelace and Grace Hopper met in London , where they wrote programs in Lisp and in Ada , they say ."}
	const tagged = "<person>Ada Lovelace</person> and <person>Grace Hopper</person> met in London , where they wrote programs in Lisp and in Ada , they say ."
	for _, bench := range []struct {
		name, form string
		texts      []string
	}{
		{"uniner", "uniner_list", []string{` ["Ada Lovelace", "Grace Hopper"]`, `[]`, `[]`, `["Lisp"]`}},
		{"ladder, mixed", "list", []string{
			`["Ada Lovelace", "Grace Hopper"]`, "```json\n[\"Ada Lovelace\"]\n```", "Here they are: ['Ada Lovelace', 'Grace Hopper']",
			"- Ada Lovelace\n- Grace Hopper", `{"person": ["Ada Lovelace"]}`, "None.", "I found none of them in this text, sorry.", `["Ada Lovelace", "Gra`,
		}},
		{"json_by_type", "object", []string{`{"person": ["Ada Lovelace", "Grace Hopper"], "program language": ["Lisp"]}`}},
		{"json_list", "objects", []string{`[{"text": "Ada Lovelace", "type": "person"}, {"text": "Lisp", "type": "program language"}]`}},
		{"ye2023", "segments", []string{"person: Ada Lovelace, Grace Hopper | program language: Lisp"}},
		{"instructuie", "typed_pairs", []string{"person: Ada Lovelace; person: Grace Hopper; program language: Lisp"}},
		{"gner", "labels", []string{"Ada(B-person) Lovelace(I-person) and(O) Grace(B-person) Hopper(I-person) met(O) in(O) London(O) ,(O) where(O) they(O) wrote(O) programs(O) in(O) Lisp(O) and(O) in(O) Ada(O) ,(O) they(O) say(O) .(O)"}},
		{"inline_xml", "tags", []string{tagged}},
		{"inline_xml, rewritten", "tags", []string{"Sure: " + tagged}},
		{"code", "gollie", []string{"[\n    Person(span=\"Ada Lovelace\"),\n    ProgramLanguage(span=\"Lisp\"),\n]"}},
		{"gpt_ner", "markers", []string{"@@Ada Lovelace## and @@Grace Hopper## met in London , where they wrote programs in Lisp and in Ada , they say ."}},
	} {
		b.Run(bench.name, func(b *testing.B) {
			parser, err := answers.NewParser(bench.form, twoTypes, "")
			if err != nil {
				b.Fatal(err)
			}
			types := []ner.EntityType{"person", "program language"}
			if parser.PerType() || bench.form == "markers" {
				types = types[:1]
			}
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				parser.Read(d, types, ner.Completion{Text: bench.texts[n%len(bench.texts)], Finish: ner.FinishStop})
				n++
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "answers/s")
		})
	}
}
