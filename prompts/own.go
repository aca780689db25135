package prompts

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"nerbench/internal/names"
	"nerbench/internal/strict"
)

// AnswerShapes are the forms of the answers to prompts of the user's own. For one type:
// a list of strings. For all types: an object of lists, a list of objects with text
// and type, a list of pairs of mention and type, or the text with tags around mentions.
var AnswerShapes = []string{"list", "object", "objects", "pairs", "tags"}

// header is the file family.toml of a family of the user's own.
// docs/add-a-prompt.md describes every field; keep it up to date.
type header struct {
	Meaning     string          `toml:"meaning"`
	Answer      string          `toml:"answer"` // one of AnswerShapes
	Shape       string          `toml:"shape"`  // chat, completion
	Stop        []string        `toml:"stop"`
	MaxTokens   int             `toml:"max_tokens"`
	Fewshot     bool            `toml:"fewshot"`
	DatasetLine bool            `toml:"dataset_line"`
	Variants    []headerVariant `toml:"variant"`
}

type headerVariant struct {
	Name    string `toml:"name"`
	Meaning string `toml:"meaning"`
}

const headerFile = "family.toml"

// typesFolder is the folder with descriptions of types, beside the families.
const typesFolder = "types"

var namePattern = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

// ReadFamilies reads the families of the user's own. Each folder of fsys is a family,
// except types, the folder with descriptions of types. Reading is strict. The error of
// an invalid family joins all its faults, with file and line; the others are still read.
func ReadFamilies(fsys fs.FS) (strict.Folder[Family], error) {
	folder := strict.Folder[Family]{Faults: map[string]error{}}
	entries, err := fs.ReadDir(fsys, ".")
	if err != nil {
		return folder, fmt.Errorf("read prompts: %w", err)
	}
	for _, e := range entries {
		if !e.IsDir() || e.Name() == typesFolder || strings.HasPrefix(e.Name(), ".") {
			continue
		}
		f, err := ReadFamily(fsys, e.Name())
		if err != nil {
			folder.Faults[e.Name()] = err
			continue
		}
		folder.Items = append(folder.Items, f)
	}
	return folder, nil
}

// ReadFamily reads the family in one folder.
func ReadFamily(fsys fs.FS, name string) (Family, error) {
	var h header
	file := path.Join(name, headerFile)
	if err := strict.ReadTOML(fsys, file, &h); err != nil {
		return Family{}, err
	}
	f := Family{
		Name: name, Meaning: h.Meaning, Layout: "all", Shape: h.Shape, Stop: h.Stop, MaxTokens: h.MaxTokens,
		Fewshot: h.Fewshot, own: true, answers: byVariant{"": {Form: h.Answer}}, templates: templateFolder{fsys, name, true},
	}
	if h.Answer == "list" {
		f.Layout = "per-type"
	}
	if slices.Contains([]string{"list", "object", "objects"}, h.Answer) {
		f.Schema = h.Answer
	}
	if h.DatasetLine {
		f.DatasetLine = []string{"dataset"}
	}
	f.style = func(string) style { return ownStyle(h.Answer) }
	l := &familyLint{family: &f, file: file}
	l.header(h)
	for _, v := range h.Variants {
		f.Variants = append(f.Variants, l.variant(v))
	}
	l.files(fsys)
	if len(l.faults) > 0 {
		return f, errors.Join(l.faults...)
	}
	return f, nil
}

// ownForm returns the form of the answers if the family is one of the user's own; else
// "".
func (f *Family) ownForm() string {
	if !f.own {
		return ""
	}
	return f.answers[""].Form
}

// ownStyle returns the style for a form of answers.
func ownStyle(answer string) style {
	switch answer {
	case "list":
		return style{answer: listAnswer}
	case "object":
		return style{answer: objectAnswer}
	case "objects":
		return style{answer: objectsAnswer}
	case "pairs":
		return style{answer: pairsAnswer}
	}
	s := inlineXMLStyle("plain")
	s.limit = nil
	return s
}

// familyLint collects all faults of a family.
type familyLint struct {
	family *Family
	file   string // of the header
	faults []error
}

func (l *familyLint) fault(file, format string, args ...any) {
	l.faults = append(l.faults, fmt.Errorf("%s: %s", file, fmt.Sprintf(format, args...)))
}

// unusable is the error of a name that cannot be the name of a file everywhere.
func unusable(name string) error {
	_, err := names.Element(name)
	return err
}

func (l *familyLint) header(h header) {
	f := l.family
	known := func(other Family) bool { return other.Name == f.Name }
	switch {
	case !namePattern.MatchString(f.Name):
		l.fault(l.file, "folder %q: want lower-case letters, digits and underscores, because it is the name of the family", f.Name)
	case unusable(f.Name) != nil:
		l.fault(l.file, "family %v", unusable(f.Name))
	case slices.ContainsFunc(Families, known):
		l.fault(l.file, "family %q: an embedded family of that name exists", f.Name)
	}
	if h.Meaning == "" || strings.Contains(h.Meaning, "\n") {
		l.fault(l.file, "meaning: want one line")
	}
	if !slices.Contains(AnswerShapes, h.Answer) {
		l.fault(l.file, "answer: %q is not one of %s", h.Answer, strings.Join(AnswerShapes, ", "))
	}
	if h.Shape != "chat" && h.Shape != "completion" {
		l.fault(l.file, "shape: %q is not one of chat, completion", h.Shape)
	}
	if h.MaxTokens < 1 {
		l.fault(l.file, "max_tokens: %d: want a number of tokens above 0", h.MaxTokens)
	}
	if slices.Contains(h.Stop, "") {
		l.fault(l.file, "stop: an empty string would end every answer")
	}
	if len(h.Variants) == 0 {
		l.fault(l.file, "variant: missing: want at least one [[variant]]")
	}
	seen := map[string]bool{}
	for i, v := range h.Variants {
		if !namePattern.MatchString(v.Name) {
			l.fault(l.file, "variant[%d].name: %q: want lower-case letters, digits and underscores", i, v.Name)
		}
		if err := unusable(v.Name); err != nil && namePattern.MatchString(v.Name) {
			l.fault(l.file, "variant[%d].name: %v", i, err)
		}
		if seen[v.Name] {
			l.fault(l.file, "variant[%d].name: %q occurs twice", i, v.Name)
		}
		seen[v.Name] = true
	}
}

// variant lints the templates of a variant, and determines the descriptions that types
// must have.
func (l *familyLint) variant(v headerVariant) Variant {
	f := l.family
	parsed, files := map[string]template{}, map[string]string{}
	for _, p := range f.templates.parts(v.Name) {
		file := path.Join(f.Name, p.File)
		files[p.Name] = file
		if line := badLine(p.Text); line > 0 {
			l.fault(fmt.Sprintf("%s:%d", file, line), "want UTF-8 with line ends of one line feed")
			continue
		}
		t, err := parseTemplate(p.Text, slotsOf(f, p.Name))
		if err != nil {
			l.faults = append(l.faults, fmt.Errorf("%s:%w", file, err))
			continue
		}
		parsed[p.Name] = t
	}
	main := ""
	if f.Shape == "chat" {
		main = "user"
	}
	if _, there := files[main]; !there {
		l.fault(l.file, "variant %s: no template %s", v.Name, path.Join(f.Name, strings.TrimSuffix(v.Name+"."+main, ".")+".txt"))
		return Variant{Name: v.Name, Meaning: v.Meaning}
	}
	prompt, read := parsed[main]
	if !read {
		return Variant{Name: v.Name, Meaning: v.Meaning}
	}
	l.prompt(prompt, files[main])
	l.demonstrations(prompt, parsed, files, main)
	if _, there := files["type"]; there && f.Layout == "per-type" {
		l.fault(files["type"], "template for a list of types, but answer %s has one type per query", f.ownForm())
	}
	if t, there := parsed["type"]; there && !t.has(slotType) && !t.has(slotTag) {
		l.fault(files["type"]+":1", "template without {type}")
	}
	out := Variant{Name: v.Name, Meaning: v.Meaning}
	for _, need := range []struct {
		slot slot
		name string
	}{{slotDefinition, "definition"}, {slotGuidelines, "guidelines"}} {
		if prompt.has(need.slot) || parsed["type"].has(need.slot) {
			out.Needs = append(out.Needs, need.name)
		}
	}
	return out
}

// prompt lints the template of the query.
func (l *familyLint) prompt(t template, file string) {
	f := l.family
	want := slotTypes
	if f.Layout == "per-type" {
		want = slotType
	}
	for _, s := range []slot{slotText, want} {
		if !t.has(s) {
			l.fault(file+":1", "template without {%s}", slotNames[s])
		}
	}
	if line := len(f.DatasetLine) > 0; line != t.has(slotDataset) {
		if line {
			l.fault(file+":1", "template without {dataset}, but dataset_line is true")
		} else {
			l.fault(file+":1", "template with {dataset}, but dataset_line is not true")
		}
	}
}

// demonstrations lints the templates of demonstrations, in the prompt or as messages.
func (l *familyLint) demonstrations(prompt template, parsed map[string]template, files map[string]string, main string) {
	f := l.family
	turn, there := parsed["demonstration"]
	switch {
	case !f.Fewshot && prompt.has(slotDemonstrations):
		l.fault(files[main]+":1", "template with {demonstrations}, but fewshot is not true")
	case !f.Fewshot && there:
		l.fault(files["demonstration"], "template for demonstrations, but fewshot is not true")
	case there && !prompt.has(slotDemonstrations):
		l.fault(files[main]+":1", "template without {demonstrations}, but there is a template for demonstrations")
	case prompt.has(slotDemonstrations) && !there, f.Fewshot && f.Shape == "completion" && !there:
		l.fault(files[main]+":1", "demonstrations need a template of their own, %s", strings.TrimSuffix(path.Base(files[main]), ".txt")+".demonstration.txt")
	}
	if _, examples := files["examples"]; examples && !there {
		l.fault(files["examples"], "template for the text before demonstrations, but the prompt has no {demonstrations}")
	}
	for _, s := range []slot{slotText, slotAnswer} {
		if there && !turn.has(s) {
			l.fault(files["demonstration"]+":1", "template without {%s}", slotNames[s])
		}
	}
}

// files reports files that belong to no variant, because the name may be misspelt.
func (l *familyLint) files(fsys fs.FS) {
	known := []string{headerFile}
	for _, v := range l.family.Variants {
		for _, p := range l.family.templates.parts(v.Name) {
			known = append(known, p.File)
		}
	}
	entries, err := fs.ReadDir(fsys, l.family.Name)
	if err != nil {
		l.faults = append(l.faults, err)
	}
	for _, e := range entries {
		if !slices.Contains(known, e.Name()) && !strings.HasPrefix(e.Name(), ".") {
			l.fault(path.Join(l.family.Name, e.Name()), "not a file of a variant (want VARIANT.txt or VARIANT.PART.txt; parts: %s)", strings.Join(ownParts, ", "))
		}
	}
}

// ownParts are the template parts of families of the user's own.
var ownParts = []string{"system", "user", "demonstration", "examples", "type"}

// badLine returns the first line, from 1, that is not UTF-8 or ends in a carriage
// return; 0: no such line.
func badLine(text string) int {
	for i, line := range strings.Split(text, "\n") {
		if !utf8.ValidString(line) || strings.HasSuffix(line, "\r") {
			return i + 1
		}
	}
	return 0
}

// slotsOf returns the placeholders that are valid in a part.
func slotsOf(f *Family, part string) []slot {
	if !f.own {
		all := make([]slot, slots)
		for i := range all {
			all[i] = slot(i)
		}
		return all
	}
	one := []slot{slotType, slotDefinition, slotGuidelines}
	switch part {
	case "system", "examples":
		return nil
	case "type":
		if f.ownForm() == "tags" {
			one = append(one, slotTag)
		}
		return one
	}
	known := []slot{slotText, slotDataset, slotDatasetName}
	if f.Layout == "per-type" {
		known = append(known, one...)
	} else {
		known = append(known, slotTypes)
	}
	if f.ownForm() == "tags" {
		known = append(known, slotTags)
	}
	if part == "demonstration" {
		return append(known, slotAnswer)
	}
	return append(known, slotExamples, slotDemonstrations)
}
