package answers_test

import (
	"strconv"
	"strings"
	"testing"

	"nerbench/answers"
	"nerbench/ner"
)

// longAnswers are answers of about a size in bytes that take for ever if a parser looks at
// everything behind each of their marks, or compares each of their items with all others.
func longAnswers(size int) map[string]string {
	fill := func(part string) string { return strings.Repeat(part, size/len(part)) }
	numbered := func(before, behind string) string {
		var b strings.Builder
		for i := 0; b.Len() < size*4/5; i++ {
			b.WriteString(before + "Item " + strconv.Itoa(i) + behind)
		}
		return b.String()
	}
	long := map[string]string{
		"list":            "[" + numbered(`"`, `", `) + `"x"]`,
		"list, unclosed":  "[" + numbered(`"`, `", `),
		"list, broken":    "[" + numbered(`"`, `", `) + `"x" "y"]`,
		"single quotes":   "[" + numbered(`'`, `', `) + `'x']`,
		"bare":            "[" + numbered(``, `, `) + `x]`,
		"objects":         "[" + numbered(`{"text": "`, `", "type": "person"}, `) + `{}]`,
		"object lines":    numbered(`{"text": "`, "\", \"type\": \"person\"}\n"),
		"by type":         `{"person": [` + numbered(`"`, `", `) + `"x"]}`,
		"inverted":        `{` + numbered(`"`, `": "person", `) + `"x": "person"}`,
		"bullets":         numbered("- ", "\n"),
		"segments":        "person: " + numbered("", ", ") + "x",
		"pairs":           numbered("person: ", "; "),
		"calls":           "[" + numbered(`Person(span="`, `"), `) + "]",
		"calls in a text": numbered(`Person(span="`, `") and `),
		"same items":      "[" + fill(`"x", `) + `"x"]`,
		"labels":          numbered("", "(B-person) "),
		"lists":           numbered(`["`, "\"]\n"),
		"headings":        numbered("person:\n[\"", "\"]\n"),
		"fences":          numbered("```\n[\"", "\"]\n```\n"),
		"tags":            numbered("<person>", "</person> "),
		"nested lists":    strings.Repeat("[", 60) + numbered(`["`, `"], `) + strings.Repeat("]", 60),
		"nested, broken":  strings.Repeat("[", 60) + numbered(`["`, `"], `) + "x" + strings.Repeat("]", 60),
	}
	for _, part := range []string{
		"(B-", "<person>", "<b></person>", "[", "{", "]", "[]", "{}", "[{", "{[", "[1,", `{"a":`, "[#", `["`, `["a `, `["a", `, `[ "x [ "x", `, `["a" "b"], `,
		`"`, `\"`, `\\"`, `"a" : `, `"//`, `["x" //`, `["x" /*`, "/*", `[/*`, `'`, `['`, `“`, `[“`, "［", "Person(", "Person(#", "Person('", `Person("`, `Person("""`, "[Person('x', ",
		"@@", "##x", ";a:", "|", "person:", "person: ", "⟦", "<a b=", "{'", "```", "```\n", "``` [", "<think>", "</think>", "<|channel|>", "<|end|>", "[3]", "…", "- ", "1. ", "\n", ", ", "and \"",
	} {
		long["all "+part] = fill(part)
		long["all "+part+", a list"] = fill(part) + `["x"]`
	}
	return long
}

// TestLongAnswers reads the long answers in every form to the end, and some that are as
// long as an answer can be in the forms that are slowest.
func TestLongAnswers(t *testing.T) {
	for name, text := range longAnswers(8_000) {
		readLong(t, name, text, answers.Forms())
	}
	longest := longAnswers(500_000)
	for _, name := range []string{"list", "objects", "all [", "all {", "all []", `all ["a `, `all [ "x [ "x", `, `all ["`, "all Person(#"} {
		readLong(t, name, longest[name], []string{"uniner_list", "objects", "gollie"})
	}
}

func readLong(t *testing.T, name, text string, forms []string) {
	t.Helper()
	if text == "" {
		t.Fatalf("%s: no such answer", name)
	}
	d := &ner.Document{Text: "Item 1 and Item 22 left x ."}
	for _, form := range forms {
		parser, err := answers.NewParser(form, twoTypes, "")
		if err != nil {
			t.Fatal(err)
		}
		if p := parser.Read(d, []ner.EntityType{"person"}, ner.Completion{Text: text}); p.Outcome == "" {
			t.Errorf("%s as %s: no outcome", name, form)
		}
	}
}

// longWords returns a passage of 16,000 words and answers in the form of GNER that match
// it in part.
func longWords() (d *ner.Document, texts map[string]string) {
	const n = 16_000
	words := func(kinds int) []string {
		out := make([]string, n)
		for i := range out {
			out[i] = "w" + strconv.Itoa(i*i%kinds)
		}
		return out
	}
	few := words(7)
	d = &ner.Document{Text: strings.Join(few, " ")}
	texts = map[string]string{}
	for name, said := range map[string][]string{"same": few, "one missing": few[1:], "others": words(11), "one word": strings.Fields(strings.Repeat("w1 ", n)), "distinct": words(n * n)} {
		texts[name] = strings.Join(said, "(B-person) ") + "(O)"
	}
	return d, texts
}

// TestLongPassages reads answers that repeat 16,000 words.
func TestLongPassages(t *testing.T) {
	d, texts := longWords()
	for name, text := range texts {
		for _, form := range []string{"labels", "tags", "markers"} {
			parser, err := answers.NewParser(form, twoTypes, "")
			if err != nil {
				t.Fatal(err)
			}
			said := text
			if form != "labels" {
				said = strings.NewReplacer("(B-person)", "", "(O)", "", "w2", "<person>w2</person> @@w2##").Replace(text)
			}
			if p := parser.Read(d, []ner.EntityType{"person"}, ner.Completion{Text: said}); p.Outcome == "" {
				t.Errorf("%s as %s: no outcome", name, form)
			}
		}
	}
}

// BenchmarkLongAnswers reads the long answers. The time by byte shows whether it is
// linear.
func BenchmarkLongAnswers(b *testing.B) {
	d := &ner.Document{Text: "Item 1 and Item 22 left x ."}
	for name, text := range longAnswers(500_000) {
		for _, form := range answers.Forms() {
			parser, err := answers.NewParser(form, twoTypes, "")
			if err != nil {
				b.Fatal(err)
			}
			b.Run(form+"/"+name, func(b *testing.B) {
				b.SetBytes(int64(len(text)))
				for b.Loop() {
					parser.Read(d, []ner.EntityType{"person"}, ner.Completion{Text: text})
				}
			})
		}
	}
}
