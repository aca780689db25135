// Package signature writes the lines that say how a score came about, as sacreBLEU
// does: fields name:value, separated by vertical bars.
package signature

import (
	"fmt"
	"strings"

	"nerbench/ner"
)

// Start begins every signature.
const Start = "nerbench|"

// Head holds the fields that every signature has.
type Head struct {
	Metric string    // its id, with options
	Counts ner.Score // as counted: doubled in metrics that give half points
	// Complete of Passages are scored.
	Complete, Passages int
	// Parsers and Metrics are the versions of the parsers and of the metrics.
	Parsers, Metrics string
}

// Field is a name with its value.
type Field struct{ Name, Value string }

// Line writes a signature: its head, then the other fields in order. In values,
// bars, percent signs and white space are escaped as in URLs.
func Line(h Head, fields ...Field) string {
	parts := []string{
		"metric:" + escape(h.Metric), fmt.Sprintf("counts:%d/%d/%d", h.Counts.TP, h.Counts.NPred, h.Counts.NGold),
		fmt.Sprintf("passages:%d/%d", h.Complete, h.Passages), "readers:" + escape(h.Parsers), "metrics:" + escape(h.Metrics),
	}
	for _, f := range fields {
		parts = append(parts, f.Name+":"+escape(f.Value))
	}
	return Start + strings.Join(parts, "|")
}

func escape(value string) string {
	var b strings.Builder
	for i := 0; i < len(value); i++ {
		if c := value[i]; c <= ' ' || c == '|' || c == '%' || c == 0x7F {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}
