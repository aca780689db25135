package answers

import (
	"encoding/json"
	"fmt"
	"strings"

	"nerbench/ner"
)

// ParseTypeNames parses a list of types: names separated by commas, where "PER=person"
// also gives the native label. Names with commas need a JSON list of names or of
// {"native", "natural"}.
func ParseTypeNames(list string) []TypeName {
	var names []TypeName
	var parsed []typeName
	if json.Unmarshal([]byte(list), &parsed) == nil {
		for _, n := range parsed {
			names = append(names, TypeName(n))
		}
		return names
	}
	for t := range strings.SplitSeq(list, ",") {
		t = strings.TrimSpace(t)
		if t == "" {
			continue
		}
		native, natural, both := strings.Cut(t, "=")
		if !both {
			natural = native
		}
		names = append(names, TypeName{Natural: ner.EntityType(natural), Native: native})
	}
	return names
}

// FormatTypeNames returns a list for [ParseTypeNames], with commas if possible, else as
// JSON.
func FormatTypeNames(names []TypeName) string {
	parts := make([]string, len(names))
	items := make([]string, len(names))
	plain := true
	for i, n := range names {
		natural := string(n.Natural)
		parts[i], items[i] = natural, ner.JSONString(natural)
		if n.Native != "" && n.Native != natural {
			parts[i] = n.Native + "=" + natural
			items[i] = `{"native":` + ner.JSONString(n.Native) + `,"natural":` + ner.JSONString(natural) + `}`
		}
		plain = plain && strings.TrimSpace(parts[i]) == parts[i] && parts[i] != "" &&
			!strings.ContainsAny(n.Native, ",=") && !strings.Contains(natural, ",") && (items[i] != ner.JSONString(natural) || !strings.Contains(natural, "="))
	}
	list := strings.Join(parts, ",")
	if plain && !json.Valid([]byte(list)) {
		return list
	}
	return "[" + strings.Join(items, ",") + "]"
}

// typeName is an element of a JSON list of types: a name, or an object with the
// native label.
type typeName TypeName

func (n *typeName) UnmarshalJSON(data []byte) error {
	var natural string
	if json.Unmarshal(data, &natural) == nil {
		*n = typeName{Natural: ner.EntityType(natural), Native: natural}
		return nil
	}
	var both struct{ Native, Natural *string }
	if err := json.Unmarshal(data, &both); err != nil {
		return err
	}
	if both.Native == nil || both.Natural == nil {
		return fmt.Errorf(`want {"native", "natural"}`)
	}
	*n = typeName{Natural: ner.EntityType(*both.Natural), Native: *both.Native}
	return nil
}
