package prompts

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"nerbench/ner"
)

//go:embed templates
var templates embed.FS

// uniner is the family of the UniversalNER models (PROMPTS.md §4.1): one query
// for each type, the passage first, so that all types share the prefix.
var uniner = Family{
	Name: "uniner", Meaning: "one question a type, as the UniversalNER models were trained",
	Layout: "per-type", Shape: "completion", Stop: []string{"</s>"}, MaxTokens: 256,
	Fewshot: true, Schemas: true,
	DatasetLine: []string{"nl", "nl_sp", "sp_nl", "sp_nl_sp"},
	Variants: []Variant{
		{Name: "repo", Meaning: "the form of the released inference and evaluation code"},
		{Name: "card", Meaning: "the form of the model cards, with line breaks"},
		{Name: "paragraph", Meaning: "the system line of the released training code"},
		{Name: "definition", Meaning: "the type's definition in place of its name"},
		{Name: "allinone", Meaning: "all types in one question (our reconstruction)", Layout: "all"},
	},
	sources: uninerSources,
	newForm: newUniNER,
}

// uninerSources returns the prompt and the demonstration of a variant.
func uninerSources(variant string) []string {
	var texts []string
	for _, name := range []string{variant, variant + ".demonstration"} {
		b, err := templates.ReadFile("templates/uniner/" + name + ".txt")
		if err != nil {
			panic(err) // the variants are listed above, their files embedded
		}
		texts = append(texts, string(b))
	}
	return texts
}

type uninerForm struct {
	head, tail    template // before and from the first part that differs by type
	demonstration template
	dataset       string // the dataset line, as it stands before "Text:"
	words         []string
}

func newUniNER(r *Renderer) (form, error) {
	sources := uninerSources(r.variant.Name)
	prompt, err := parseTemplate(sources[0], "demonstrations", "dataset", "text", "type")
	if err != nil {
		return nil, err
	}
	f := &uninerForm{words: r.words}
	if f.demonstration, err = parseTemplate(sources[1], "dataset", "text", "type", "answer"); err != nil {
		return nil, err
	}
	if r.settings.Constrained == "schema" && r.variant.Layout == "all" {
		return nil, fmt.Errorf("prompts: variant %s: has no schema for constrained decoding", r.variant.Name)
	}
	varies := []string{"type"}
	if r.shots != nil {
		varies = append(varies, "demonstrations") // their answers differ by type
	}
	f.head, f.tail = prompt.before(varies...)
	if r.line != "" {
		f.dataset = datasetLine(r.line, r.settings.Dataset)
	}
	if r.variant.Name == "definition" {
		f.words = nil
		for _, t := range r.row.Types {
			if t.Definition == "" {
				return nil, &Refusal{"no_definition", fmt.Sprintf("row %s: type %q has no definition", r.row.ID, t.Name)}
			}
			f.words = append(f.words, t.Definition)
		}
	}
	return f, nil
}

// datasetLine is the paper's dataset-specific line in one of its four spellings.
func datasetLine(form, name string) string {
	line := "Dataset: " + name
	for part := range strings.SplitSeq(form, "_") {
		if part == "nl" {
			line += "\n"
		} else {
			line += " "
		}
	}
	return line
}

func (f *uninerForm) queries(r *Renderer, d *ner.Document, asked []int) ([]ner.Query, error) {
	var demonstrations []*ner.Document
	if r.shots != nil {
		demonstrations = r.shots.choose(d.Text)
	}
	values := map[string]string{"dataset": f.dataset, "text": d.Text}
	head := f.head.fill(make([]byte, 0, len(d.Text)+512), values)
	groups := [][]int{asked}
	if r.variant.Layout == "per-type" {
		groups = groups[:0]
		for i := range asked {
			groups = append(groups, asked[i:i+1])
		}
	}
	queries := make([]ner.Query, len(groups))
	types := make([]ner.EntityType, len(asked))
	at := 0
	for i, group := range groups {
		values["type"] = f.join(group)
		if r.shots != nil {
			values["demonstrations"] = f.show(r, demonstrations, group)
		}
		head = f.tail.fill(head, values)
		first := at
		for _, n := range group {
			types[at] = r.row.Types[n].Name
			at++
		}
		queries[i] = ner.Query{Document: d, Types: types[first:at:at], Prompt: r.prompt(string(head))}
		if r.settings.Constrained == "schema" {
			queries[i].Prompt.Schema = listSchema
		}
		head = head[:len(head)-f.tailLen(values)]
	}
	return queries, nil
}

// tailLen is the length of what differs by type.
func (f *uninerForm) tailLen(values map[string]string) int {
	n := 0
	for _, s := range f.tail {
		n += len(s.literal) + len(values[s.name])
	}
	return n
}

// join words a group of types: "a", "a and b", "a, b and c".
func (f *uninerForm) join(group []int) string {
	if len(group) == 1 {
		return f.words[group[0]]
	}
	words := make([]string, len(group))
	for i, n := range group {
		words[i] = f.words[n]
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " and " + words[last]
}

// show renders the demonstrations as earlier turns of the conversation.
func (f *uninerForm) show(r *Renderer, demonstrations []*ner.Document, group []int) string {
	var b []byte
	for _, d := range demonstrations {
		b = f.demonstration.fill(b, map[string]string{
			"dataset": f.dataset, "text": d.Text, "type": f.join(group), "answer": f.answer(r, d, group),
		})
	}
	return string(b)
}

// answer is the strict form of the answer to a group of types: distinct strings
// of one type, or pairs of mention and type, in the order of the text.
func (f *uninerForm) answer(r *Renderer, d *ner.Document, group []int) string {
	spans := slices.Clone(d.Spans)
	slices.SortFunc(spans, ner.Span.Compare)
	var items []string
	for _, s := range spans {
		i := slices.IndexFunc(group, func(n int) bool { return r.row.Types[n].Name == s.Type })
		if i < 0 {
			continue
		}
		item := quoted(d.Surface(s))
		if r.variant.Layout == "all" {
			item = "[" + item + ", " + quoted(f.words[group[i]]) + "]"
		}
		if !slices.Contains(items, item) {
			items = append(items, item)
		}
	}
	return "[" + strings.Join(items, ", ") + "]"
}

// quoted writes a JSON string without escaping for HTML.
func quoted(s string) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s) // a string cannot fail
	return strings.TrimSuffix(b.String(), "\n")
}

// listSchema is the schema of a list of strings (PROMPTS.md §2.7).
var listSchema = json.RawMessage(`{"type":"array","items":{"type":"string"}}`)
