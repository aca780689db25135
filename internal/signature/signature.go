// Package signature writes the lines that describe how a score was computed, as in
// sacreBLEU: fields name:value, separated by vertical bars.
package signature

import (
	"fmt"
	"strings"

	"nerbench/ner"
)

// Start is the beginning of every signature.
const Start = "nerbench|"

// Head holds the fields that every signature has.
type Head struct {
	Metric string    // metric id with options
	Counts ner.Score // as counted: doubled for half-point metrics
	// Complete is the number of scored passages, of Passages in total.
	Complete, Passages int
	// Parsers and Metrics are the versions of the parsers and of the metrics.
	Parsers, Metrics string
}

// Field is a name with its value.
type Field struct{ Name, Value string }

// Line writes a signature: the head, then the other fields in order. Bars, percent
// signs and white space in values are percent-encoded.
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
