package answers

import (
	"strings"

	"golang.org/x/text/cases"

	"nerbench/ner"
)

// Fold returns a common form for spellings of a type (docs/spec/prompts.md §3.4): case
// folded, runs of hyphens, underscores, slashes and white space replaced by one space,
// edges stripped.
func Fold(s string) string {
	s = cases.Fold().String(s)
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool {
		return r == '-' || r == '_' || r == '/' || isSpace(r)
	}), " ")
	return strings.Trim(s, " .,;:*\"'`")
}

// resolver finds the type for a string of an answer.
type resolver struct {
	exact  map[string]ner.EntityType
	folded map[string]ner.EntityType // "" where two types fold alike
}

func newResolver(types []TypeName) *resolver {
	r := &resolver{exact: map[string]ner.EntityType{}, folded: map[string]ner.EntityType{}}
	for _, t := range types {
		prompt := t.word()
		r.exact[prompt] = t.Natural
		for _, name := range []string{prompt, string(t.Natural), t.Native} {
			if name == "" {
				continue
			}
			f := Fold(name)
			if other, seen := r.folded[f]; seen && other != t.Natural {
				r.folded[f] = ""
			} else {
				r.folded[f] = t.Natural
			}
		}
	}
	return r
}

// resolve returns the type for a string, and whether folding was needed. A string that
// is no type may be the plural of one, or its singular.
func (r *resolver) resolve(s string) (t ner.EntityType, folded, ok bool) {
	if t, ok := r.exact[s]; ok {
		return t, false, true
	}
	f := Fold(s)
	if t, seen := r.folded[f]; seen {
		return t, true, t != ""
	}
	for _, number := range otherNumbers(f) {
		if t := r.folded[number]; t != "" {
			return t, true, true
		}
	}
	return "", true, false
}

// otherNumbers returns the words that a folded string is the plural or singular of, by
// the regular endings of English.
func otherNumbers(f string) []string {
	if len(f) < len("abc") {
		return nil
	}
	var out []string
	for _, ending := range [][2]string{{"ies", "y"}, {"es", ""}, {"s", ""}} {
		if stem, cut := strings.CutSuffix(f, ending[0]); cut && len(stem) > 1 {
			out = append(out, stem+ending[1])
		}
	}
	return append(out, f+"s")
}
