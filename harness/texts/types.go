package texts

import (
	"strings"

	"nerbench/internal/terminal"
	"nerbench/ner"
)

// typeNames lists types in one line.
func typeNames(types []ner.EntityType) string {
	names := make([]string, len(types))
	for i, t := range types {
		names[i] = terminal.Printable(string(t))
	}
	return strings.Join(names, ", ")
}
