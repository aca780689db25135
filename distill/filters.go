package distill

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"nerbench/answers"
	"nerbench/ner"
)

// Passage is a part of a corpus.
type Passage struct {
	ID     string `json:"id"`
	Text   string `json:"text"`
	Source string `json:"source,omitempty"` // part of the corpus that it is from
}

// Entity is a string of a passage and the type that the teacher gave it.
type Entity struct {
	Text string `json:"text"`
	Type string `json:"type"`
}

// Kept is a passage with the entities that no filter dropped, in the order of the
// teacher's answer.
type Kept struct {
	Passage
	Entities []Entity `json:"entities"`
	// Unclosed is set if the answer ended inside its list. Such a passage gets no negatives:
	// the teacher did not say all that is in it.
	Unclosed bool `json:"unclosed,omitempty"`
}

// Types lists the distinct types of the entities, in order of first appearance.
func (k *Kept) Types() []string {
	var types []string
	for _, e := range k.Entities {
		if !slices.Contains(types, e.Type) {
			types = append(types, e.Type)
		}
	}
	return types
}

// Reason is the name of a filter.
type Reason string

// The filters (docs/spec/prompts.md §6.3), in the order in which they are tried. The
// first that applies counts.
const (
	Unparseable  Reason = "unparseable"    // of a passage: no list of pairs
	BadPair      Reason = "bad_pair"       // an item that is no pair of two strings, or has no entity
	ElseType     Reason = "else_type"      // a type that says nothing
	NotEnglish   Reason = "not_english"    // most letters are neither Latin nor Greek
	NotInPassage Reason = "not_in_passage" // the entity does not occur
	Repeat       Reason = "repeat"         // the same entity and type again
	Echo         Reason = "echo"           // the type is the entity
	Conflict     Reason = "conflict"       // more than two types for one entity
	NoEntityLeft Reason = "no_entity_left" // of a passage
)

// Dropped is an entity, or a passage, that a filter dropped.
type Dropped struct {
	Passage string `json:"passage"` // its ID
	Why     Reason `json:"why"`
	Entity  string `json:"entity,omitempty"`
	Type    string `json:"type,omitempty"`
	// Kept is set for a conflict that is only counted: its entities stay.
	Kept bool `json:"kept,omitempty"`
}

// Filters are the choices about filters. The zero value is the default.
type Filters struct {
	// KeepUnclosed reads the complete pairs of an unclosed list, up to the first repeat.
	KeepUnclosed bool `toml:"keep_unclosed" json:"keep_unclosed"`
	// KeepElsewhere keeps entities that do not occur in their passage.
	KeepElsewhere bool `toml:"keep_elsewhere" json:"keep_elsewhere"`
	// DropConflicts drops all entities of a passage that have more than two types in it.
	DropConflicts bool `toml:"drop_conflicts" json:"drop_conflicts"`
}

// Apply filters the answer about a passage. keep is nil if the passage is dropped; the
// reason is then the last of dropped.
func (f Filters) Apply(p Passage, answer ner.Completion) (keep *Kept, dropped []Dropped) {
	drop := func(why Reason, e Entity) {
		dropped = append(dropped, Dropped{Passage: p.ID, Why: why, Entity: e.Text, Type: e.Type})
	}
	list, ok := answers.ReadOpenPairs(answer)
	if !ok || list.Unclosed && !f.KeepUnclosed {
		drop(Unparseable, Entity{})
		return nil, dropped
	}
	pairs := list.Pairs
	if list.Unclosed {
		pairs = untilRepeat(pairs)
	}
	for range list.Bad {
		drop(BadPair, Entity{})
	}
	keep = &Kept{Passage: p, Unclosed: list.Unclosed}
	for _, pair := range pairs {
		e := Entity{Text: pair.Entity, Type: pair.Type}
		if why := f.why(keep, e); why != "" {
			drop(why, e)
		} else {
			keep.Entities = append(keep.Entities, e)
		}
	}
	dropped = append(dropped, f.conflicts(keep)...)
	if len(keep.Entities) == 0 {
		drop(NoEntityLeft, Entity{})
		return nil, dropped
	}
	return keep, dropped
}

// untilRepeat cuts pairs at the first that was there before: a model that does not end
// its list repeats itself.
func untilRepeat(pairs []answers.OpenPair) []answers.OpenPair {
	seen := map[answers.OpenPair]bool{}
	for i, p := range pairs {
		if seen[p] {
			return pairs[:i]
		}
		seen[p] = true
	}
	return pairs
}

// why returns the filter that drops an entity of a passage; "": none does.
func (f Filters) why(p *Kept, e Entity) Reason {
	entityType := answers.Fold(e.Type)
	switch {
	case saysNothing(entityType):
		return ElseType
	case !isEnglish(e.Text):
		return NotEnglish
	case !f.KeepElsewhere && !strings.Contains(p.Text, e.Text):
		return NotInPassage
	case slices.Contains(p.Entities, e):
		return Repeat
	case entityType == answers.Fold(e.Text):
		return Echo
	}
	return ""
}

// saysNothing reports whether a folded type is one of the "ELSE" categories of the paper. "n a",
// "miscellaneous" and "other" are added to those that it names.
func saysNothing(entityType string) bool {
	switch entityType {
	case "", "none", "na", "n a", "misc", "miscellaneous", "else", "other":
		return true
	}
	return false
}

// isEnglish reports whether at most half of the letters are neither Latin nor Greek. The
// paper drops "non-English entities" and gives no test.
func isEnglish(s string) bool {
	letters, others := 0, 0
	for _, r := range s {
		if unicode.IsLetter(r) {
			letters++
			if !unicode.In(r, unicode.Latin, unicode.Greek) {
				others++
			}
		}
	}
	return 2*others <= letters
}

// mostTypes is the largest number of types of one entity in a passage that is no
// conflict.
const mostTypes = 2

// conflicts returns the entities with too many types, and removes them if they are to be
// dropped.
func (f Filters) conflicts(p *Kept) (found []Dropped) {
	types := map[string]int{}
	for _, e := range p.Entities { // no pair is there twice
		types[e.Text]++
	}
	for _, e := range p.Entities {
		if types[e.Text] > mostTypes {
			found = append(found, Dropped{Passage: p.ID, Why: Conflict, Entity: e.Text, Type: e.Type, Kept: !f.DropConflicts})
		}
	}
	if f.DropConflicts {
		p.Entities = slices.DeleteFunc(p.Entities, func(e Entity) bool { return types[e.Text] > mostTypes })
	}
	return found
}

// ParseFilters reads the values of --unclosed, --verbatim and --conflict: "keep" or
// "drop"; empty: the default, which is to drop unclosed lists and entities that do not
// occur, and to keep conflicts.
func ParseFilters(unclosed, verbatim, conflict string) (Filters, error) {
	for _, choice := range [][2]string{{"unclosed", unclosed}, {"verbatim", verbatim}, {"conflict", conflict}} {
		if !slices.Contains([]string{"", "keep", "drop"}, choice[1]) {
			return Filters{}, fmt.Errorf("%s=%s: want keep or drop", choice[0], choice[1])
		}
	}
	return Filters{KeepUnclosed: unclosed == "keep", KeepElsewhere: verbatim == "keep", DropConflicts: conflict == "drop"}, nil
}
