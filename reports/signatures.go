package reports

import "fmt"

// fewSignatures is the largest number of signatures below a table. Those of a whole
// benchmark would be longer than the table.
const fewSignatures = 12

// signatureLines returns the signatures of a table, or a reference to them if there
// are many.
func (t *Table) signatureLines() []string {
	var lines []string
	for _, id := range sortedKeys(t.Signatures) {
		for _, metric := range sortedKeys(t.Signatures[id]) {
			lines = append(lines, t.Signatures[id][metric])
		}
	}
	if len(lines) > fewSignatures {
		return []string{fmt.Sprintf("%d signatures of scores: see --format json", len(lines))}
	}
	return lines
}
