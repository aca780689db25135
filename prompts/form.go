package prompts

import (
	"fmt"
	"slices"
	"strings"

	"nerbench/ner"
)

// style has the special features of a variant. Empty fields stand for the common way.
type style struct {
	// text returns the text of a document in the prompt; nil: unchanged.
	text func(d *ner.Document) string
	// line returns the dataset line of a form; nil: "Dataset: NAME" and a line break.
	line func(form, name string) string
	// word changes the word for a type, with any wording. Parsers also use this word
	// ([Words]).
	word func(worded string) string
	// words replaces the words for the types in prompts, but not in answers.
	words func(types []TypeInfo, worded []string) []string
	// sorted orders the types of a query by their words.
	sorted bool
	// describe fills the placeholders about one type of a list.
	describe func(t TypeInfo, word string, v *values)
	// names returns the names of the types in the query, such as tags, if they are not
	// the words. texts are all texts of the prompt.
	names func(words, texts []string) []string
	// document fills the placeholders about the texts of the prompt.
	document func(texts []string, v *values)
	// group fills the placeholders about all types of a query.
	group func(q *question, v *values)
	// varies reports whether the results of names and document may depend on this text;
	// nil: they never do.
	varies func(text string) bool
	// answer returns gold in the strict form of the answer.
	answer func(q *question, d *ner.Document) string
	// limit returns the limit of an answer about some types, in tokens; nil: the limit
	// of the variant.
	limit func(types int, d *ner.Document) int
	// refuse returns an error if a query cannot have a type.
	refuse func(word string) *Refusal
}

// question has the types of one query.
type question struct {
	types []TypeInfo
	words []string // word for each type in the prompt
	names []string // name for each type in the answer
	texts []string // all texts of the prompt: of the document and its demonstrations
}

// textForm fills the templates of a variant.
type textForm struct {
	r     *Renderer
	style style
	words []string // word for each type of the dataset

	system     string
	head, tail template // of the prompt, or the user's message: before and from the first part that differs by type
	// turn is a demonstration in the prompt; nil: demonstrations are messages.
	turn template
	// listed is the template for one type of a list. defined and phrased are added for a
	// type with a definition or a phrase.
	listed, defined, phrased template
	dataset, examples        string
	// described is set if the prompt uses the descriptions of the types.
	described bool

	// plain is set if the common demonstrations do not change the values of
	// placeholders.
	plain  bool
	byType []values // values for one type of the dataset
	whole  values   // and for all of them in listed order
	schema []byte   // of all of them
	// standard are the common demonstrations by type of the dataset; [allTypes] stands
	// for all types.
	standard map[int]demonstrations
}

const allTypes = -1

func newTextForm(r *Renderer) (form, error) {
	f := &textForm{r: r, words: r.words}
	if r.family.style != nil {
		f.style = r.family.style(r.variant.Name)
	}
	if err := f.parse(); err != nil {
		return nil, err
	}
	if err := f.check(); err != nil {
		return nil, err
	}
	if f.style.words != nil {
		f.words = f.style.words(r.dataset.Types, r.words)
	}
	if f.style.sorted {
		slices.SortFunc(r.listed, func(a, b int) int { return strings.Compare(f.words[a], f.words[b]) })
	}
	if r.line != "" {
		line := f.style.line
		if line == nil {
			line = func(_, name string) string { return "Dataset: " + name + "\n" }
		}
		f.dataset = line(r.line, r.settings.Dataset)
	}
	f.describe()
	f.plain = f.style.varies == nil || r.shots == nil ||
		!slices.ContainsFunc(r.shots.standard, func(d *ner.Document) bool { return f.style.varies(d.Text) })
	if r.variant.Layout == "all" {
		q := f.question(r.listed, nil)
		f.fillTypes(q, &f.whole)
		f.schema = schemaOf(r.family.Schema, q.words)
	}
	f.prepareDemonstrations()
	return f, nil
}

// parse parses the templates of the variant.
func (f *textForm) parse() error {
	var prompt template
	f.described = len(f.r.variant.Needs) > 0
	for _, p := range f.r.family.templates.parts(f.r.variant.Name) {
		t, err := parseTemplate(p.Text, slotsOf(&f.r.family, p.Name))
		if err != nil {
			return fmt.Errorf("prompts: family %s: %s:%w", f.r.family.Name, p.File, err)
		}
		for _, s := range []slot{slotDefinition, slotGuidelines, slotPhrase, slotSuch, slotDescriptions} {
			f.described = f.described || t.has(s)
		}
		switch p.Name {
		case "", "user":
			prompt = t
		case "system":
			f.system = p.Text
		case "demonstration":
			f.turn = t
		case "examples":
			f.examples = p.Text
		case "type":
			f.listed = t
		case "definition":
			f.defined = t
		case "phrase":
			f.phrased = t
		}
	}
	f.head, f.tail = prompt.split()
	return nil
}

// check returns an error if the variant cannot render the plan.
func (f *textForm) check() error {
	r := f.r
	for _, need := range r.variant.Needs {
		for _, t := range r.dataset.Types {
			if need == "definition" && t.Definition == "" || need == "guidelines" && t.Guidelines == "" {
				return &Refusal{"no_" + need, fmt.Sprintf("variant %s of %s: dataset %s: type %q has no %s", r.variant.Name, r.family.Name, r.dataset.ID, t.Name, need)}
			}
		}
	}
	if f.style.refuse != nil {
		for _, word := range r.words {
			if refusal := f.style.refuse(word); refusal != nil {
				return refusal
			}
		}
	}
	if f.style.sorted && r.settings.Order != "" && r.settings.Order != "listed" {
		return fmt.Errorf("prompts: order %s: variant %s of %s always sorts the types", r.settings.Order, r.variant.Name, r.family.Name)
	}
	return nil
}

// describe prepares the values of placeholders for each type of the dataset.
func (f *textForm) describe() {
	f.byType = make([]values, len(f.words))
	for i, t := range f.r.dataset.Types {
		v := &f.byType[i]
		word := f.words[i]
		v[slotType], v[slotTypes], v[slotCapitalised] = word, word, capitalised(word)
		v[slotDefinition], v[slotGuidelines], v[slotPhrase] = t.Definition, t.Guidelines, t.Phrase
		if f.style.describe != nil {
			f.style.describe(t, word, v)
		}
		if f.defined != nil && t.Definition != "" {
			v[slotDefinition] = string(f.defined.fill(nil, v))
		}
		if f.phrased != nil && t.Phrase != "" {
			v[slotPhrase] = string(f.phrased.fill(nil, v))
		}
	}
}

// question returns the query for a group of types, given as indexes in the dataset.
func (f *textForm) question(group []int, texts []string) *question {
	q := &question{texts: texts, types: make([]TypeInfo, len(group)), words: make([]string, len(group))}
	for i, n := range group {
		q.types[i], q.words[i] = f.r.dataset.Types[n], f.words[n]
	}
	q.names = q.words
	if f.style.names != nil {
		q.names = f.style.names(q.words, texts)
	}
	return q
}

// fillTypes sets the values of placeholders about several types.
func (f *textForm) fillTypes(q *question, v *values) {
	if f.listed == nil {
		v[slotTypes] = strings.Join(q.words, ", ")
	} else {
		var b []byte
		for i, t := range q.types {
			one := f.byType[f.r.dataset.place(string(t.Name))]
			one[slotTag], one[slotClass] = q.names[i], q.names[i]
			b = f.listed.fill(b, &one)
		}
		v[slotTypes] = string(b)
	}
	v[slotType] = v[slotTypes]
	if f.style.group != nil {
		f.style.group(q, v)
	}
}

// fillDocument sets the values that all queries about a document share.
func (f *textForm) fillDocument(v *values, d *ner.Document, texts []string) {
	v[slotText], v[slotDataset], v[slotDatasetName] = f.text(d), f.dataset, f.r.settings.Dataset
	if len(texts) > 1 {
		v[slotExamples] = f.examples
	}
	if f.style.document != nil {
		f.style.document(texts, v)
	}
}

func (f *textForm) text(d *ner.Document) string {
	if f.style.text != nil {
		return f.style.text(d)
	}
	return d.Text
}

// groups splits the types into those of each query.
func (f *textForm) groups(asked []int) [][]int {
	size := len(asked)
	switch {
	case f.r.variant.Layout == "per-type":
		size = 1
	case f.r.variant.Chunk > 0:
		size = min(size, f.r.variant.Chunk)
	}
	groups := make([][]int, 0, len(asked)/size+1)
	for group := range slices.Chunk(asked, size) {
		groups = append(groups, group)
	}
	return groups
}

// prepared reports whether the prepared values are valid for a document.
func (f *textForm) prepared(text string) bool {
	return f.plain && (f.style.varies == nil || !f.style.varies(text))
}

// isWhole reports whether a group has all types in listed order.
func (f *textForm) isWhole(group []int) bool {
	return len(group) == len(f.r.listed) && &group[0] == &f.r.listed[0]
}

func (f *textForm) queries(r *Renderer, d *ner.Document, asked []int) ([]ner.Query, error) {
	shown, standard := r.shots.choose(d.Text)
	prepared := standard && f.prepared(d.Text)
	texts := make([]string, 0, 1+len(shown))
	texts = append(texts, d.Text)
	for _, s := range shown {
		texts = append(texts, s.Text)
	}
	var doc values
	f.fillDocument(&doc, d, texts)
	text := f.head.fill(make([]byte, 0, len(doc[slotText])+1024), &doc)
	same := len(text)
	types := make([]ner.EntityType, 0, len(asked))
	groups := f.groups(asked)
	queries := make([]ner.Query, len(groups))
	for i, group := range groups {
		v := doc
		var q *question // nil: the values for its types are prepared
		switch {
		case r.variant.Layout == "per-type":
			v.insert(&f.byType[group[0]])
		case prepared && f.isWhole(group):
			v.insert(&f.whole)
		default:
			q = f.question(group, texts)
			f.fillTypes(q, &v)
		}
		var before demonstrations
		if len(shown) > 0 {
			before = f.show(&v, q, group, shown, texts, prepared)
			v[slotDemonstrations] = before.text
		}
		text = f.tail.fill(text[:same], &v)
		from := len(types)
		for _, n := range group {
			types = append(types, r.dataset.Types[n].Name)
		}
		queries[i] = ner.Query{Document: d, Types: types[from:len(types):len(types)], Prompt: f.frame(string(text), before.messages, len(group), d)}
		switch r.settings.Constrained {
		case "schema":
			queries[i].Prompt.Schema = f.schemaFor(group)
		case "json":
			queries[i].Prompt.Schema = anyJSON
		}
	}
	return queries, nil
}

func (f *textForm) answer(_ *Renderer, d *ner.Document, asked []int) string {
	return f.style.answer(f.question(asked, []string{d.Text}), d)
}

// insert copies the values of placeholders about some types.
func (v *values) insert(types *values) { copy(v[slotDemonstrations:], types[slotDemonstrations:]) }

// frame returns a prompt with its text and the messages before it.
func (f *textForm) frame(text string, before []ner.Message, types int, d *ner.Document) ner.Prompt {
	v := &f.r.variant
	p := ner.Prompt{Stop: v.Stop, MaxTokens: v.MaxTokens}
	if f.style.limit != nil {
		p.MaxTokens = f.style.limit(types, d)
	}
	p.MaxTokens = f.r.settings.limit(p.MaxTokens)
	if v.Shape != "chat" {
		p.Text = text
		return p
	}
	p.Messages = make([]ner.Message, 0, len(before)+2)
	if f.system != "" {
		p.Messages = append(p.Messages, ner.Message{Role: "system", Content: f.system})
	}
	p.Messages = append(p.Messages, before...)
	p.Messages = append(p.Messages, ner.Message{Role: "user", Content: text})
	return p
}
