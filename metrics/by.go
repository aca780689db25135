package metrics

import (
	"fmt"
	"strings"

	"nerbench/ner"
)

// By selects the counts that are computed in addition to those of the whole.
type By struct {
	Types      bool        // by entity type
	Attributes []Attribute // by bucket
}

// ParseBy parses names of [By]: type, none, or bucket:NAME. The default is type.
func ParseBy(names []string) (By, error) {
	by := By{Types: len(names) == 0}
	for _, name := range names {
		attribute, isBucket := strings.CutPrefix(name, "bucket:")
		switch {
		case name == "type" || name == "bucket:type":
			by.Types = true
		case name == "none":
		case isBucket:
			a, known := FindAttribute(attribute)
			if !known {
				return by, fmt.Errorf("by %s: unknown attribute%s", name, ner.Choices(attribute, AttributeNames()))
			}
			by.Attributes = append(by.Attributes, a)
		default:
			return by, fmt.Errorf("by %s: want type, none, or bucket:NAME with one of %s%s", name, strings.Join(AttributeNames(), ", "), ner.DidYouMean(name, []string{"type", "none"}))
		}
	}
	return by, nil
}

// AttributeNames lists the valid values of NAME in bucket:NAME.
func AttributeNames() []string {
	var names []string
	for _, a := range Attributes {
		names = append(names, a.Name)
	}
	return append(names, "type")
}

// NeedsTrain is the first attribute that needs the train split; empty if there is
// none.
func (b By) NeedsTrain() string {
	for _, a := range b.Attributes {
		if a.NeedsTrain {
			return a.Name
		}
	}
	return ""
}
