package reports

import "fmt"

// fewSignatures is the number of signatures that stand below a table: those of
// all rows of a benchmark would be longer than the table.
const fewSignatures = 12

// signatureLines are the signatures of a table for people, or the place where
// they are.
func (t *Table) signatureLines() []string {
	var lines []string
	for _, id := range sortedKeys(t.Signatures) {
		for _, metric := range sortedKeys(t.Signatures[id]) {
			lines = append(lines, t.Signatures[id][metric])
		}
	}
	if len(lines) > fewSignatures {
		return []string{fmt.Sprintf("%d signatures of scores: --format json has them", len(lines))}
	}
	return lines
}
