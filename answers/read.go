package answers

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"nerbench/ner"
)

// TypeName is a type of a dataset with the names that an answer may give it.
type TypeName struct {
	Natural ner.EntityType
	Native  string // the file's label
	Prompt  string // what the prompt said; empty: the natural name
}

// word is what the prompt said.
func (t TypeName) word() string {
	if t.Prompt == "" {
		return string(t.Natural)
	}
	return t.Prompt
}

// Question is what a reader needs to know of a query.
type Question struct {
	Family, Variant string
	Document        *ner.Document
	Types           []ner.EntityType // asked
	Row             []TypeName       // all types of the dataset
	// Unknown says what becomes of a mention whose type does not resolve: "drop"
	// (also if empty), or "fp": it is kept as [ner.Unknown] (docs/spec/metrics.md §1.3).
	Unknown string
}

// answerForm says how the answers of a family are read.
type answerForm struct {
	family, variant string // an empty variant stands for all others
	// shape is what the JSON ladder looks for; nil: read reads the answer.
	shape shape
	read  func(*reply) ner.Prediction
	stop  string // cuts an answer
	echo  string // a prompt that some models repeat first
	// wrapped: the strict form of an object by type has a wrapper, that of tagged
	// text a <response>.
	wrapped bool
	// list: shape is a list of strings, of the one type that was asked for.
	list bool
	// offsets: the answer says where its mentions are.
	offsets bool
}

// forms lists the forms of answers. A family whose answers have one of these
// shapes is a line here.
var forms = []answerForm{
	{family: "uniner", variant: "allinone", shape: pairsShape, stop: "</s>", echo: "ASSISTANT:"},
	{family: "uniner", shape: listShape, list: true, stop: "</s>", echo: "ASSISTANT:"},
	{family: "json_by_type", variant: "rner", shape: byTypeShape, wrapped: true},
	{family: "json_by_type", shape: byTypeShape},
	{family: "json_per_type", shape: listShape, list: true},
	{family: "ye2023", read: readSegments, echo: "Entity:"},
	{family: "instructuie", read: readTypedPairs, echo: "Answer:"},
	{family: "b2ner", read: readTypedPairs, echo: "Answer:"},
	{family: "gner", read: readLabelled, offsets: true},
	{family: "inline_xml", variant: "evalscope", read: readTagged, wrapped: true, offsets: true},
	{family: "inline_xml", read: readTagged, offsets: true},
	{family: "json_list", shape: objectsShape},
	{family: "code", variant: "knowcoder", read: readKnowCoder, stop: "</s>"},
	{family: "code", read: readGoLLIE, stop: "</s>"},
	{family: "gpt_ner", read: readMarked, echo: "The labeled sentence:", offsets: true},
	{family: "spans", read: readSpans, offsets: true},
}

// shapes are the forms of the answers to prompts of the user's own
// (docs/add-a-prompt.md).
var shapes = map[string]answerForm{
	"list":    {shape: listShape, list: true},
	"object":  {shape: byTypeShape},
	"objects": {shape: objectsShape},
	"pairs":   {shape: pairsShape},
	"tags":    {read: readTagged, offsets: true},
}

// reply is a cleaned answer to one query.
type reply struct {
	*Parser
	answer   string
	document *ner.Document // nil where it is not known
	asked    []ner.EntityType
	finish   ner.Finish
}

// Families lists the families whose answers can be read.
func Families() []string {
	var names []string
	for _, f := range forms {
		if len(names) == 0 || names[len(names)-1] != f.family {
			names = append(names, f.family)
		}
	}
	return names
}

func findForm(family, variant string) (answerForm, error) {
	variant, _, _ = strings.Cut(variant, "+")
	for _, f := range forms {
		if f.family == family && (f.variant == "" || f.variant == variant) {
			return f, nil
		}
	}
	return answerForm{}, fmt.Errorf("answers: family %q: unknown (known: %s)", family, strings.Join(Families(), ", "))
}

// Reader reads the answers to one family's questions about one dataset. It may be
// used by several goroutines at once.
type Parser struct {
	form    answerForm
	types   *resolver
	words   map[ner.EntityType]string // what the prompt said for each type
	unknown bool
}

// NewReader prepares a reader. It is an error if the family is not known.
func NewParser(family, variant string, row []TypeName, unknown string) (*Parser, error) {
	form, err := findForm(family, variant)
	if err != nil {
		return nil, err
	}
	return newParser(form, row, unknown)
}

// NewShapeReader prepares a reader of the answers to a prompt of the user's own:
// their shape is list, object, objects, pairs or tags, and stop, if not empty,
// ends them.
func NewShapeParser(shape, stop string, row []TypeName, unknown string) (*Parser, error) {
	form, ok := shapes[shape]
	if !ok {
		return nil, fmt.Errorf("answers: shape %q: unknown (known: %s)", shape, strings.Join(slices.Sorted(maps.Keys(shapes)), ", "))
	}
	form.stop = stop
	return newParser(form, row, unknown)
}

func newParser(form answerForm, row []TypeName, unknown string) (*Parser, error) {
	switch unknown {
	case "", "drop", "fp":
	default:
		return nil, fmt.Errorf("answers: unknown=%s: want drop or fp", unknown)
	}
	r := &Parser{form: form, types: newResolver(row), words: map[ner.EntityType]string{}, unknown: unknown == "fp"}
	for _, t := range row {
		r.words[t.Natural] = t.word()
	}
	return r, nil
}

// HasSpans reports whether the answers are spans that a program wrote: there is
// nothing to repair in them.
func (r *Parser) HasSpans() bool { return r.form.family == "spans" }

// NeedsDocument reports whether the answers say where their mentions are, so that
// they mean nothing without their document.
func (r *Parser) NeedsDocument() bool { return r.form.offsets }

// wordsOf are what the prompt said for some types.
func (r *Parser) wordsOf(types []ner.EntityType) []string {
	words := make([]string, len(types))
	for i, t := range types {
		var ok bool
		if words[i], ok = r.words[t]; !ok {
			words[i] = string(t)
		}
	}
	return words
}

// Read understands one completion (docs/spec/prompts.md §3). The prediction has no spans
// yet, unless the answer brings offsets: [Place] finds them. types are those that
// were asked for. An unknown family is read as no_structure.
func Read(q Question, c ner.Completion) ner.Prediction {
	r, err := NewParser(q.Family, q.Variant, q.Row, q.Unknown)
	if err != nil {
		return ner.Prediction{Outcome: ner.NoStructure, Step: "none"}
	}
	return r.Read(q.Document, q.Types, c)
}

// Read is the package's function of this name, for many answers.
func (r *Parser) Read(d *ner.Document, types []ner.EntityType, c ner.Completion) ner.Prediction {
	if c.Finish == ner.FinishTooLong {
		return ner.Prediction{Outcome: ner.TooLong, Step: "none"}
	}
	answer := r.clean(c.Text, d)
	if answer == "" {
		if c.Finish == ner.FinishLength {
			return ner.Prediction{Outcome: ner.Truncated, Step: "none"}
		}
		return ner.Prediction{Outcome: ner.Blank, Step: "none"}
	}
	if r.form.read != nil {
		if d == nil {
			d = &ner.Document{}
		}
		return r.form.read(&reply{r, answer, d, types, c.Finish})
	}
	col := r.collector()
	if len(types) == 1 && r.PerType() {
		col.asked = types[0]
	}
	got, ok := ladder(col, r.form.shape, answer)
	p := ner.Prediction{Step: got.step, Mentions: col.mentions, Dropped: col.dropped}
	body, _ := fence(answer)
	p.Outcome = outcome(got, ok, c.Finish, len(col.mentions)+len(col.dropped) == 0, body)
	return p
}

// collector gathers the mentions of one answer.
func (r *Parser) collector() *collector {
	return &collector{types: r.types, unknown: r.unknown, wrapped: r.form.wrapped}
}

// PerType reports whether an answer is a list of strings of the one type that was
// asked for.
func (r *Parser) PerType() bool { return r.form.list }

// outcome puts an answer into its class (docs/spec/prompts.md §3.1). The finish reason
// decides between truncated and repaired: an incomplete value is repaired only
// if the model itself stopped; a complete one in an answer that the limit ended
// is a run-away.
func outcome(r reading, ok bool, finish ner.Finish, nothing bool, body string) ner.Outcome {
	switch {
	case !ok && finish == ner.FinishLength:
		return ner.Truncated
	case !ok && begun(body):
		return ner.Malformed
	case !ok:
		return ner.NoStructure
	case r.incomplete && finish != ner.FinishStop:
		return ner.Truncated
	case r.step != "strict" || finish == ner.FinishLength:
		return ner.Repaired
	case nothing:
		return ner.Empty
	}
	return ner.OK
}

// clean removes what is around the answer and does not change its class
// (docs/spec/prompts.md §3.2).
func (r *Parser) clean(s string, d *ner.Document) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	s = strings.TrimPrefix(s, "\uFEFF")
	inText := func(mark string) bool { return d != nil && strings.Contains(d.Text, mark) }
	if i := strings.LastIndex(s, "</think>"); i >= 0 && !inText("</think>") {
		s = s[i+len("</think>"):]
	} else if i := strings.Index(s, "<think>"); i >= 0 && !inText("<think>") {
		s = s[:i]
	}
	if r.form.stop != "" {
		s, _, _ = strings.Cut(s, r.form.stop)
	}
	s = strings.TrimFunc(s, isSpace)
	if r.form.echo != "" {
		s = strings.TrimFunc(strings.TrimPrefix(s, r.form.echo), isSpace)
	}
	return s
}
