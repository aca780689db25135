package texts

import (
	"fmt"
	"strings"

	"nerbench/ner"
)

// OutcomesLine lists the numbers of queries by outcome.
func OutcomesLine(outcomes map[ner.Outcome]int) string {
	var parts []string
	for _, o := range ner.Outcomes {
		if n := outcomes[o]; n > 0 {
			parts = append(parts, fmt.Sprintf("%s %d", o, n))
		}
	}
	return strings.Join(parts, ", ")
}
