package files

import (
	"fmt"

	"nerbench/answers"
	"nerbench/internal/signature"
)

// origin returns the fields of a signature with the chosen options and the family of
// the answers.
func (p Predictions) origin(r *Report) []signature.Field {
	fields := []signature.Field{{Name: "input", Value: "documents"}}
	add := func(name, value string) {
		if value != "" {
			fields = append(fields, signature.Field{Name: name, Value: value})
		}
	}
	o := p.Parsing
	add("align", o.Alignment.Mode)
	add("boundary", o.Alignment.Boundary)
	if o.Alignment.Tiers != 0 {
		add("tiers", fmt.Sprint(o.Alignment.Tiers))
	}
	if r.family != "" {
		add("family", r.family)
	} else {
		add("family", o.Family)
	}
	add("variant", o.Variant)
	add("types", answers.FormatTypeNames(o.Types))
	add("unknown", o.Unknown)
	if p.Partial {
		add("partial", "true")
	}
	return fields
}
