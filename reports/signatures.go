package reports

import (
	"fmt"
	"slices"
	"strings"
)

// fewSignatures is the largest number of signatures below a table. Those of a whole
// benchmark would be longer than the table.
const fewSignatures = 12

// shownFields are the fields of a signature that its abbreviation has.
var shownFields = []string{"nerbench", "metric", "counts", "passages", "readers", "metrics", "model", "dataset", "limit"}

// signatureLines returns the block of signatures below a table: its title, and a line
// for each score with the run and the abbreviated signature. Many signatures are
// counted only. JSON has them in full.
func (t *Table) signatureLines() []string {
	var lines []string
	for _, id := range sortedKeys(t.Signatures) {
		for _, metric := range sortedKeys(t.Signatures[id]) {
			lines = append(lines, id+"  "+abbreviated(t.Signatures[id][metric]))
		}
	}
	switch {
	case len(lines) == 0:
		return nil
	case len(lines) > fewSignatures:
		return []string{fmt.Sprintf("%d signatures of scores: see --format json", len(lines))}
	}
	return append([]string{"signatures of scores, abbreviated (in full: --format json; to check one: nerbench reproduce RUN):"}, lines...)
}

// abbreviated returns the fields of a signature that tell scores apart for a reader.
func abbreviated(signature string) string {
	fields := strings.Split(signature, "|")
	kept := slices.DeleteFunc(slices.Clone(fields), func(field string) bool {
		name, _, _ := strings.Cut(field, ":")
		return !slices.Contains(shownFields, name)
	})
	if len(kept) < len(fields) {
		kept = append(kept, "…")
	}
	return strings.Join(kept, "|")
}
