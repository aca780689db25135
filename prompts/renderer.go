package prompts

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"nerbench/ner"
)

// Renderer renders the queries about the documents of one dataset. Several goroutines
// may use it at once.
type Renderer struct {
	dataset  Dataset
	settings Settings
	family   Family
	variant  Variant
	added    []string // stop strings beyond those of the family
	line     string   // form of the dataset line
	words    []string // word for each type
	listed   []int    // types in the order of the prompt, if it is the same for all documents
	querySet querySet
	shots    *shots
	form     form
}

// New checks and prepares settings. Unknown names are errors, and so are settings that
// cannot be combined ([Refusal]).
func New(dataset Dataset, s Settings) (*Renderer, error) {
	family, err := Find(s.Family, s.Own...)
	if err != nil {
		return nil, err
	}
	r := &Renderer{dataset: dataset, settings: s, family: family}
	if r.variant, r.line, err = r.family.variant(s.Variant); err != nil {
		return nil, err
	}
	switch {
	case r.line != "" && s.Dataset == "":
		return nil, fmt.Errorf("prompts: variant %s: the dataset line needs a name of the dataset", s.Variant)
	case r.line == "" && s.DatasetName != "" && !r.namesDataset():
		return nil, fmt.Errorf("prompts: dataset_name %s: variant %s of family %s has no dataset line", s.DatasetName, r.variant.Name, family.Name)
	}
	for _, choice := range [][2]string{{"order", s.Order}, {"dataset_name", s.DatasetName}, {"constrained", s.Constrained}, {"as", s.As}} {
		if err := checkChoice(choice[0], choice[1]); err != nil {
			return nil, err
		}
	}
	if (s.Constrained == "schema" || s.Constrained == "json") && r.variant.NoSchema {
		return nil, fmt.Errorf("prompts: variant %s of family %s: no schema for constrained decoding: its answers are not JSON", r.variant.Name, family.Name)
	}
	if err := r.setLayout(s.Layout); err != nil {
		return nil, err
	}
	if r.querySet, err = parseQuerySet(s.Queries); err != nil {
		return nil, err
	}
	if r.shots, err = newShots(r); err != nil {
		return nil, err
	}
	if r.variant.NeedsShots && r.shots == nil {
		return nil, fmt.Errorf("prompts: variant %s of family %s: needs demonstrations: want shots", r.variant.Name, family.Name)
	}
	if r.words, err = Words(dataset, s); err != nil {
		return nil, err
	}
	r.listed = r.order(nil)
	newForm := family.newForm
	if newForm == nil {
		newForm = newTextForm
	}
	if r.form, err = newForm(r); err != nil {
		return nil, err
	}
	if f, ok := r.form.(*textForm); ok && r.shots != nil && r.Shape() == "completion" {
		r.addStops(f.nextShot())
	}
	r.addStops(s.Stop)
	return r, nil
}

// checkChoice checks the value of a setting against those of its key; empty stands for
// the default.
func checkChoice(name, value string) error {
	key, _ := ner.FindKey(name)
	if value == "" || slices.Contains(key.Values(), value) {
		return nil
	}
	return fmt.Errorf("prompts: %s %q: unknown%s", name, value, ner.Choices(value, key.Values()))
}

// addStops adds stop strings to those of the family.
func (r *Renderer) addStops(stops []string) {
	for _, stop := range stops {
		if !slices.Contains(r.variant.Stop, stop) {
			r.added = append(r.added, stop)
			r.variant.Stop = append(slices.Clone(r.variant.Stop), stop)
		}
	}
}

// setLayout sets the number of types per query, or checks that the layout is that of
// the variant.
func (r *Renderer) setLayout(layout string) error {
	v := &r.variant
	digits, chunked := strings.CutPrefix(layout, "chunk=")
	switch {
	case layout == "" || layout == v.Layout && v.Chunk == 0:
		return nil
	case layout == "all" && v.Layout == "all":
		v.Chunk = 0
		return nil
	case !chunked:
		return fmt.Errorf("prompts: layout %q: variant %s of family %s has the layout %s (or chunk=K, if all)", layout, v.Name, r.family.Name, v.Layout)
	case v.Layout != "all":
		return fmt.Errorf("prompts: layout %q: variant %s of family %s has one type per query", layout, v.Name, r.family.Name)
	}
	k, err := strconv.Atoi(digits)
	if err != nil || k < 1 {
		return fmt.Errorf("prompts: layout %q: want chunk=K with a number above 0", layout)
	}
	v.Chunk = k
	return nil
}

// layout returns the value of the key layout.
func (r *Renderer) layout() string {
	if r.variant.Chunk > 0 {
		return "chunk=" + strconv.Itoa(r.variant.Chunk)
	}
	return r.variant.Layout
}

// Queries renders all queries about one document. Their types have natural names with
// any wording.
func (r *Renderer) Queries(d *ner.Document) ([]ner.Query, error) {
	asked := r.listed
	if r.settings.Order == "shuffle:document" {
		asked = r.order(d)
	}
	if r.querySet.kind != "all" {
		chosen := r.querySet.choose(r, d)
		asked = slices.DeleteFunc(slices.Clone(asked), func(i int) bool { return !chosen[i] })
	}
	return r.ask(d, asked)
}

// AllQueries renders the queries about all types, with any query set. They are about as
// long as the longest of [Renderer.Queries]. Chunks may have other types.
func (r *Renderer) AllQueries(d *ner.Document) ([]ner.Query, error) { return r.ask(d, r.listed) }

func (r *Renderer) ask(d *ner.Document, asked []int) ([]ner.Query, error) {
	if len(asked) == 0 {
		return nil, nil
	}
	queries, err := r.form.queries(r, d, asked)
	if err != nil {
		return nil, err
	}
	for i := range queries {
		reshape(&queries[i].Prompt, r.Shape())
	}
	return queries, nil
}

// order returns the order of the types as indexes in the dataset (docs/spec/prompts.md
// §2.3). d is nil if the order is the same for all documents.
func (r *Renderer) order(d *ner.Document) []int {
	names := r.dataset.names()
	switch {
	case r.settings.Order == "name":
		places := listedPlaces(len(names))
		slices.SortFunc(places, func(a, b int) int { return strings.Compare(names[a], names[b]) })
		return places
	case r.settings.Order == "shuffle:row":
		return orderedPlaces(r.settings.Seed, "types", []string{r.dataset.ID}, names)
	case r.settings.Order == "shuffle:document" && d != nil:
		return orderedPlaces(r.settings.Seed, "types", []string{r.dataset.ID, d.ID}, names)
	}
	return listedPlaces(len(names))
}

// Words returns the word for each type of the dataset, in listed order.
func (r *Renderer) Words() []string { return slices.Clone(r.words) }

// Words returns the word for each type of a dataset in prompts with these settings, in
// listed order. Parsers need nothing else of the prompts.
func Words(dataset Dataset, s Settings) ([]string, error) {
	if err := checkChoice("wording", s.Wording); err != nil {
		return nil, err
	}
	var words []string
	for _, t := range dataset.Types {
		words = append(words, worded(t, s.Wording))
	}
	if err := paraphrase(dataset, s.Paraphrase, words); err != nil {
		return nil, err
	}
	if word := wordOf(s.Family, s.Variant); word != nil {
		for i, w := range words {
			words[i] = word(w)
		}
	}
	return words, nil
}

// wordOf returns the function by which a variant of an embedded family changes the
// words for types; nil: unchanged.
func wordOf(family, variant string) func(string) string {
	f, err := Find(family)
	if err != nil || f.style == nil {
		return nil
	}
	v, _, err := f.variant(variant)
	if err != nil {
		return nil
	}
	return f.style(v.Name).word
}

// namesDataset reports whether the prompt has the name of the dataset outside a dataset
// line.
func (r *Renderer) namesDataset() bool {
	for _, p := range r.family.templates.parts(r.variant.Name) {
		if strings.Contains(p.Text, "{"+slotNames[slotDatasetName]+"}") {
			return true
		}
	}
	return false
}

// Shape returns "completion" or "chat", as sent.
func (r *Renderer) Shape() string {
	if r.settings.As != "" {
		return r.settings.As
	}
	return r.variant.Shape
}

// Variant returns the full name of the variant, with its dataset line.
func (r *Renderer) Variant() string {
	if r.line == "" {
		return r.variant.Name
	}
	return r.variant.Name + "+" + r.line
}

// Family returns the prompt family.
func (r *Renderer) Family() Family { return r.family }

// Answers returns how the answers are parsed.
func (r *Renderer) Answers() Answers { return r.family.Answers(r.variant.Name) }

// Keys returns the keys of a run that determine its prompts. Defaults are left out, and
// a seed that no choice uses, so that settings without effect give the same run.
func (r *Renderer) Keys() map[string]string {
	s := r.settings
	keys := map[string]string{
		"family": r.family.Name, "family_hash": r.family.Hash(), "variant": r.Variant(), "layout": r.layout(),
	}
	set := func(name, value, standard string) {
		if value != "" && value != standard {
			keys[name] = value
		}
	}
	set("order", s.Order, "listed")
	set("wording", s.Wording, "natural")
	set("queries", s.Queries, "all")
	set("constrained", s.Constrained, "off")
	set("paraphrase", s.Paraphrase, "")
	set("dataset_name", s.DatasetName, "table6")
	set("answer", r.family.ownForm(), "")
	if f, ok := r.form.(*textForm); ok && f.described {
		keys["descriptions"] = describedHash(r.dataset.Types)
	}
	if r.shots != nil {
		keys["shots"] = r.shots.key()
	}
	if s.Seed != 0 && r.draws() {
		keys["seed"] = strconv.Itoa(s.Seed)
	}
	set("as", s.As, r.variant.Shape)
	if s.MaxTokens > 0 && s.MaxTokens != r.standardLimit() {
		keys["max_tokens"] = strconv.Itoa(s.MaxTokens)
	}
	if r.added != nil {
		keys["stop"] = ner.JSONList(r.added, ", ")
	}
	return keys
}

// standardLimit is the limit of an answer without the setting; 0: it depends on the
// query.
func (r *Renderer) standardLimit() int {
	if f, ok := r.form.(*textForm); ok && f.style.limit != nil && !r.settings.Think {
		return 0
	}
	standard := Settings{Think: r.settings.Think}
	return standard.limit(r.variant.MaxTokens)
}

// draws reports whether the prompts depend on the seed.
func (r *Renderer) draws() bool {
	return r.shots != nil || r.querySet.draws() || strings.HasPrefix(r.settings.Order, "shuffle:")
}

// prompt returns the prompt with a text.
func (r *Renderer) prompt(text string) ner.Prompt {
	return ner.Prompt{Text: text, Stop: r.variant.Stop, MaxTokens: r.settings.limit(r.variant.MaxTokens)}
}

// thinkingTokens is the limit of an answer with thinking (docs/spec/prompts.md §2.5).
const thinkingTokens = 4096

// limit returns the limit of an answer in tokens, given that of the family.
func (s *Settings) limit(family int) int {
	switch {
	case s.MaxTokens > 0:
		return s.MaxTokens
	case s.Think:
		return thinkingTokens
	}
	return family
}

// Answer returns the gold of a document as a strict answer to a query about some types
// (docs/spec/prompts.md §4).
func (r *Renderer) Answer(d *ner.Document, types []ner.EntityType) string {
	asked := make([]int, len(types))
	for i, t := range types {
		asked[i] = r.dataset.place(string(t))
	}
	return r.form.answer(r, d, asked)
}
