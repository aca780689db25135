package nerbench

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"nerbench/answers"
	"nerbench/ner"
	"nerbench/prompts"
)

// promptSpec is the specification of prompts, of which these tests run the
// examples.
const promptSpec = "docs/spec/prompts.md"

// block is a fenced block of a Markdown file; info is the text behind its first
// fence.
type block struct{ info, body string }

// blocks finds the blocks of a text, with the notation of docs/spec/prompts.md
// §2.1 resolved.
func blocks(text string) []block {
	var out []block
	for _, m := range regexp.MustCompile("(?ms)^```(text[^\n]*)\n(.*?)\n```$").FindAllStringSubmatch(text, -1) {
		out = append(out, block{m[1], shown(strings.ReplaceAll(m[2]+"\n", "⏎\n", "⏎"))})
	}
	return out
}

// shown resolves the notation for line breaks, TABs and blanks. The line end
// that no sign stands for belongs to the block.
func shown(text string) string {
	return strings.NewReplacer("⏎", "\n", "⇥", "\t", "␠", " ").Replace(strings.TrimSuffix(text, "\n"))
}

// specFamilies are the sections of docs/spec/prompts.md §4, each about a family.
func specFamilies(t *testing.T) map[string]string {
	text, err := os.ReadFile(promptSpec)
	if err != nil {
		t.Fatal(err)
	}
	sections := map[string]string{}
	for _, section := range strings.Split(string(text), "\n### 4.")[1:] {
		heading, body, _ := strings.Cut(section, "\n")
		_, name, _ := strings.Cut(heading, " ")
		family, _, _ := strings.Cut(name, ",")
		body, _, _ = strings.Cut(body, "\n## ")
		sections[family] = body
	}
	if len(sections) != 10 {
		t.Fatalf("%s: %d sections about families, want 10", promptSpec, len(sections))
	}
	return sections
}

// TestSpecGlance compares the table of families in the specification with that of the
// program.
func TestSpecGlance(t *testing.T) {
	text, err := os.ReadFile(promptSpec)
	if err != nil {
		t.Fatal(err)
	}
	var named []string
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(line, " | ")
		if len(cells) != 9 || !strings.HasPrefix(line, "| `") {
			continue
		}
		name := strings.Trim(cells[0], "| `")
		named = append(named, name)
		i := slices.IndexFunc(prompts.Families, func(f prompts.Family) bool { return f.Name == name })
		if i < 0 {
			continue // said below
		}
		for _, v := range prompts.Families[i].Variants {
			if !strings.Contains(cells[3], "`"+v.Name+"`") {
				t.Errorf("%s: family %s: variant %s is missing", promptSpec, name, v.Name)
			}
		}
	}
	for _, f := range prompts.Families {
		section := regexp.MustCompile(`(?m)^### 4\.\d+ (?:\w+, )*` + f.Name + `(?:, \w+)*$`)
		if f.Name != "spans" && !section.Match(text) { // which no model is asked by
			t.Errorf("%s: family %s: there is no section about it", promptSpec, f.Name)
		}
	}
	if names := prompts.Names(prompts.Families); !slices.Equal(named, names) {
		t.Errorf("%s: families are %q, want %q", promptSpec, named, names)
	}
}

// TestSpecTemplates compares the templates in the specification with the files
// that they name.
func TestSpecTemplates(t *testing.T) {
	n := 0
	for _, section := range specFamilies(t) {
		for _, b := range blocks(section) {
			_, file, ok := strings.Cut(b.info, " ")
			if !ok {
				continue
			}
			n++
			text, err := os.ReadFile(file)
			if err != nil {
				t.Error(err)
			} else if b.body != string(text) {
				t.Errorf("%s: %s is\n%q\nwant\n%q", promptSpec, file, b.body, text)
			}
		}
	}
	if n != 23 {
		t.Errorf("%d templates were compared, want 23", n)
	}
}

// specExample is the document of the worked examples, and its types.
func specExample(t *testing.T) (*ner.Document, []prompts.TypeInfo) {
	text, err := os.ReadFile(promptSpec)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "\n## 4. ")
	intro, _, _ := strings.Cut(rest, "\n### ")
	d := &ner.Document{ID: "p1"}
	var types []prompts.TypeInfo
	for line := range strings.Lines(intro) {
		if code, ok := strings.CutPrefix(line, "    "); ok {
			d.Text = strings.TrimSpace(code)
		}
		cells := strings.Split(line, " | ")
		if len(cells) != 5 || strings.HasPrefix(line, "| type ") {
			continue
		}
		types = append(types, prompts.TypeInfo{
			Name: ner.EntityType(strings.TrimPrefix(cells[0], "| ")), Native: cells[1], Definition: cells[2], Phrase: cells[3],
			Examples: strings.Split(strings.TrimSuffix(cells[4], " |\n"), "; "),
		})
	}
	d.Tokens = answers.WordRanges(d.Text)
	if len(d.Tokens) != 19 || len(types) != 3 {
		t.Fatalf("%s: example of %d words and %d types, want 19 and 3", promptSpec, len(d.Tokens), len(types))
	}
	return d, types
}

// askedFor finds the type that an example of a family with one type per query
// asks for.
var askedFor = regexp.MustCompile(`asked for \*(.+?)\*`)

// TestSpecPrompts renders the prompts of the worked examples.
func TestSpecPrompts(t *testing.T) {
	d, types := specExample(t)
	for family, section := range specFamilies(t) {
		t.Run(family, func(t *testing.T) {
			_, example, _ := strings.Cut(section, "**Worked example.**")
			r, err := prompts.New(prompts.Dataset{ID: "example", Types: types}, prompts.Settings{Family: family})
			if err != nil {
				t.Fatal(err)
			}
			queries, err := r.Queries(d)
			if err != nil {
				t.Fatal(err)
			}
			q := queries[0]
			if m := askedFor.FindStringSubmatch(example); m != nil {
				q = queries[slices.IndexFunc(queries, func(q ner.Query) bool { return string(q.Types[0]) == m[1] })]
			}
			var got, want []string
			for _, b := range blocks(example) {
				want = append(want, b.body)
			}
			for _, m := range q.Prompt.Messages {
				got = append(got, m.Content)
			}
			if !q.Prompt.Chat() {
				got = append(got, q.Prompt.Text)
			}
			if !slices.Equal(got, want) {
				t.Errorf("prompt is\n%q\nwant\n%q", got, want)
			}
		})
	}
}

// TestSpecAnswers parses the answers of the worked examples.
func TestSpecAnswers(t *testing.T) {
	d, types := specExample(t)
	n := 0
	for family, section := range specFamilies(t) {
		t.Run(family, func(t *testing.T) {
			_, example, _ := strings.Cut(section, "**Worked example.**")
			of, err := prompts.AnswersOf(family, "")
			if err != nil {
				t.Fatal(err)
			}
			q := answers.Question{Form: of.Form, Document: d}
			asked := askedFor.FindStringSubmatch(example)
			for _, typ := range types {
				q.AllTypes = append(q.AllTypes, answers.TypeName{Natural: typ.Name, Native: typ.Native})
				if asked == nil || asked[1] == string(typ.Name) {
					q.Types = append(q.Types, typ.Name)
				}
			}
			for line := range strings.Lines(example) {
				if !strings.HasPrefix(line, "| `") {
					continue
				}
				n++
				checkSpecAnswer(t, q, line)
			}
		})
	}
	if n != 72 {
		t.Errorf("%d answers were parsed, want 72", n)
	}
}

// checkSpecAnswer parses the answer of a line of a table: answer, finish reason,
// outcome, step, mentions.
func checkSpecAnswer(t *testing.T, q answers.Question, line string) {
	t.Helper()
	cells := strings.Split(strings.ReplaceAll(strings.Trim(line, "| \n"), `\|`, "\x00"), " | ")
	if len(cells) != 5 {
		t.Errorf("%d cells: want 5: %s", len(cells), line)
		return
	}
	ticks := cells[0][:len(cells[0])-len(strings.TrimLeft(cells[0], "`"))]
	answer := strings.TrimSuffix(strings.TrimPrefix(cells[0], ticks), ticks)
	if len(ticks) > 1 { // the blanks keep its backticks apart from the fence's
		answer = strings.TrimSuffix(strings.TrimPrefix(answer, " "), " ")
	}
	answer = shown(strings.ReplaceAll(answer, "\x00", "|"))
	p := answers.Read(q, ner.Completion{Text: answer, Finish: ner.Finish(cells[1])})
	aligner, err := answers.NewAligner(q.Document, answers.Alignment{})
	if err != nil {
		t.Fatal(err)
	}
	answers.Place(&p, aligner)
	got := []string{string(p.Outcome), p.Step, described(p)}
	if !slices.Equal(got, cells[2:]) {
		t.Errorf("%q: is\n%q\nwant\n%q", answer, got, cells[2:])
	}
}

// described writes mentions and dropped items as the tables do.
func described(p ner.Prediction) string {
	var parts []string
	for _, m := range p.Mentions {
		part := string(m.Type) + ": " + m.Text
		var flags []string
		for _, f := range m.Flags {
			flags = append(flags, string(f))
		}
		if flags != nil {
			part += " (" + strings.Join(flags, ", ") + ")"
		}
		parts = append(parts, part)
	}
	for _, d := range p.Dropped {
		part := "dropped " + d.Why
		if d.Type != "" {
			part += " " + d.Type + ":"
		}
		if d.Text != "" {
			part += " " + d.Text
		}
		parts = append(parts, part)
	}
	if parts == nil {
		return "none"
	}
	return strings.Join(parts, "; ")
}
