package prompts

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

//go:embed templates
var embedded embed.FS

// slot is a placeholder of templates. docs/add-a-prompt.md describes those for all
// families. The others are for single families.
type slot uint8

const (
	slotText slot = iota
	slotDataset
	slotDatasetName
	slotExamples
	slotOpen
	slotClose
	slotDemonstrations // from here on: what differs by the types that are asked for
	slotAnswer
	slotType
	slotTypes
	slotDefinition
	slotGuidelines
	slotPhrase
	slotSuch
	slotCapitalised
	slotTag
	slotTags
	slotClass
	slotFormat
	slotDescriptions
	slots // their number
)

// slotNames are the names of the placeholders, by slot.
var slotNames = [slots]string{
	slotText: "text", slotDataset: "dataset", slotDatasetName: "dataset_name", slotExamples: "examples", slotOpen: "open", slotClose: "close",
	slotDemonstrations: "demonstrations", slotAnswer: "answer", slotType: "type", slotTypes: "types", slotDefinition: "definition",
	slotGuidelines: "guidelines", slotPhrase: "phrase", slotSuch: "such", slotCapitalised: "capitalised", slotTag: "tag", slotTags: "tags",
	slotClass: "class", slotFormat: "format", slotDescriptions: "descriptions",
}

// byType reports whether the value depends on the types of the query.
func (s slot) byType() bool { return s >= slotDemonstrations }

// values are the values of placeholders, by slot.
type values [slots]string

// template is a text with placeholders in braces. It is filled in one pass, so that
// inserted text is not searched for placeholders (docs/spec/prompts.md §2.1).
type template []segment

// segment is literal text, or a placeholder.
type segment struct {
	literal string
	slot    slot // where literal is empty
}

// parseTemplate parses a template. A placeholder is a word of lower-case letters and
// underscores in braces, one of known. Other braces are literal text. Errors have the
// line.
func parseTemplate(text string, known []slot) (template, error) {
	var t template
	from := 0
	for i := 0; i < len(text); i++ {
		if text[i] != '{' {
			continue
		}
		end := strings.IndexFunc(text[i+1:], func(r rune) bool { return (r < 'a' || r > 'z') && r != '_' })
		if end < 1 || text[i+1+end] != '}' {
			continue
		}
		name := text[i+1 : i+1+end]
		at := slices.IndexFunc(known, func(s slot) bool { return slotNames[s] == name })
		if at < 0 {
			return nil, fmt.Errorf("%d: placeholder {%s}: not valid here (valid: %s)", 1+strings.Count(text[:i], "\n"), name, namesOf(known))
		}
		if from < i {
			t = append(t, segment{literal: text[from:i]})
		}
		t = append(t, segment{slot: known[at]})
		i += 1 + end
		from = i + 1
	}
	if from < len(text) {
		t = append(t, segment{literal: text[from:]})
	}
	return t, nil
}

func namesOf(known []slot) string {
	names := make([]string, len(known))
	for i, s := range known {
		names[i] = "{" + slotNames[s] + "}"
	}
	return strings.Join(names, ", ")
}

// fill appends the template with its placeholders replaced.
func (t template) fill(b []byte, v *values) []byte {
	for i := range t {
		if t[i].literal != "" {
			b = append(b, t[i].literal...)
		} else {
			b = append(b, v[t[i].slot]...)
		}
	}
	return b
}

// has reports whether the template has a placeholder.
func (t template) has(s slot) bool {
	return slices.ContainsFunc(t, func(p segment) bool { return p.literal == "" && p.slot == s })
}

// split returns the part before the first placeholder that depends on the types, and
// the rest.
func (t template) split() (head, tail template) {
	i := slices.IndexFunc(t, func(s segment) bool { return s.literal == "" && s.slot.byType() })
	if i < 0 {
		return t, nil
	}
	return t[:i], t[i:]
}

// templateFolder is the folder with the templates of the families. Each part of a
// variant has a file VARIANT.txt or VARIANT.PART.txt.
type templateFolder struct {
	files fs.FS
	dir   string
	own   bool // the user's own
}

// partNames are the parts of a variant, in the order of output and hash: the prompt of a
// completion; system and user message of a chat; one demonstration; the text before the
// demonstrations; one type of a list; the text for a type with a definition, or with a
// phrase.
var partNames = []string{"", "system", "user", "demonstration", "examples", "type", "definition", "phrase"}

// Part is one template of a variant: its name (empty for the prompt of a completion,
// else system, user, demonstration, examples, type, definition, phrase), its file in the
// folder of the family, and its text.
type Part struct{ Name, File, Text string }

// parts reads the templates of a variant. A family without a folder has none.
func (f templateFolder) parts(variant string) []Part {
	if f.files == nil {
		return nil
	}
	var found []Part
	for _, name := range partNames {
		file := variant + ".txt"
		if name != "" {
			file = variant + "." + name + ".txt"
		}
		b, err := fs.ReadFile(f.files, path.Join(f.dir, file))
		if err != nil || f.own && name != "" && !slices.Contains(ownParts, name) {
			continue
		}
		text := string(b)
		if f.own && (name == "" || name == "system" || name == "user") {
			text = strings.TrimSuffix(text, "\n") // which editors add
		}
		found = append(found, Part{name, file, text})
	}
	return found
}

// folder returns the folder of an embedded family.
func folder(family string) templateFolder {
	return templateFolder{embedded, "templates/" + family, false}
}
