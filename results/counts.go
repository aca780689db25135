package results

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"nerbench/ner"
)

// Counts by passage are stored as unsigned varints: the number of passages, then
// tp, n_pred and n_gold of each, in order of index. Most passages take three bytes.

func encodeCounts(counts []ner.Score) ([]byte, error) {
	b := binary.AppendUvarint(make([]byte, 0, 8+3*len(counts)), uint64(len(counts)))
	for i, c := range counts {
		for _, n := range [...]int{c.TP, c.NPred, c.NGold} {
			if n < 0 {
				return nil, fmt.Errorf("passage %d: negative count %d", i, n)
			}
			b = binary.AppendUvarint(b, uint64(n))
		}
	}
	return b, nil
}

var errCounts = errors.New("counts by passage: malformed")

func decodeCounts(b []byte) ([]ner.Score, error) {
	n, b, err := uvarint(b)
	if err != nil {
		return nil, err
	}
	if n > len(b)/3 { // checked before allocation
		return nil, errCounts
	}
	counts := make([]ner.Score, n)
	for i := range counts {
		for _, field := range [...]*int{&counts[i].TP, &counts[i].NPred, &counts[i].NGold} {
			if *field, b, err = uvarint(b); err != nil {
				return nil, err
			}
		}
	}
	if len(b) > 0 {
		return nil, errCounts
	}
	return counts, nil
}

// uvarint decodes one number and returns the rest.
func uvarint(b []byte) (int, []byte, error) {
	v, size := binary.Uvarint(b)
	if size <= 0 || v > min(1<<62, math.MaxInt) {
		return 0, nil, errCounts
	}
	return int(v), b[size:], nil
}
