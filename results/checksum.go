package results

import (
	"encoding/binary"
	"hash/crc32"
	"maps"
	"slices"

	"nerbench/ner"
)

// Every row that a number depends on has a CRC-32C over its fields and over the fields
// that identify it: a row that was changed, lost, or exchanged for another one is an
// error when it is read. The checksum detects faults of disks and of programs. It is no
// protection against a person, who can compute it, too.
//
// The checksum of a row depends on ids and names, not on row numbers, so that stores
// with the same content have the same checksums.

// castagnoli is the polynomial that processors compute in hardware.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// fields collects the fields of a row. Each text has its length before it, so that no
// byte can move from one field to the next.
type fields []byte

func (f *fields) text(s string)  { *f = append(binary.AppendUvarint(*f, uint64(len(s))), s...) }
func (f *fields) bytes(b []byte) { *f = append(binary.AppendUvarint(*f, uint64(len(b))), b...) }
func (f *fields) number(n int64) { *f = binary.AppendVarint(*f, n) }

// sum returns the checksum, and empties the fields for the next row. It is never 0,
// which is the value of a row without a checksum.
func (f *fields) sum() int64 {
	sum := crc32.Checksum(*f, castagnoli)
	*f = (*f)[:0]
	return max(int64(sum), 1)
}

// answer returns the checksum of an answer.
func (f *fields) answer(key []byte, c *ner.Completion) int64 {
	f.bytes(key)
	f.text(c.Text)
	f.text(c.Thinking)
	f.text(string(c.Finish))
	f.number(int64(c.PromptTokens))
	f.number(int64(c.AnswerTokens))
	f.number(int64(c.Duration))
	return f.sum()
}

// passage returns the checksum of a passage. types are the types of its layout.
func (f *fields) passage(runID string, place int, document string, complete bool, types string, keys []byte) int64 {
	f.text(runID)
	f.number(int64(place))
	f.text(document)
	f.number(number(complete))
	f.text(types)
	f.bytes(keys)
	return f.sum()
}

func number(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// sum returns the checksum of all facts of a run; 0 if there are none.
func (f facts) sum(runID string) int64 {
	if len(f) == 0 {
		return 0
	}
	var row fields
	row.text(runID)
	for _, source := range slices.Sorted(maps.Keys(f)) {
		row.text(source)
		row.number(int64(len(f[source])))
		for _, name := range slices.Sorted(maps.Keys(f[source])) {
			row.text(name)
			row.text(f[source][name])
		}
	}
	return row.sum()
}

// countsSum returns the checksum of the counts by passage.
func countsSum(counts []byte) int64 {
	f := fields(nil)
	f.bytes(counts)
	return f.sum()
}

// scoreRow is a row of the table scores without the counts by passage.
type scoreRow struct {
	metric, reader, version string
	total                   ner.Score
	types                   string
	countsSum               int64
}

// sum returns the checksum of a score.
func (r *scoreRow) sum(runID string) int64 {
	var f fields
	for _, s := range []string{runID, r.metric, r.reader, r.version, r.types} {
		f.text(s)
	}
	for _, n := range []int{r.total.TP, r.total.NPred, r.total.NGold} {
		f.number(int64(n))
	}
	f.number(r.countsSum)
	return f.sum()
}

// scoringRow is a row of the table scorings, with the checksums of its scores by metric.
type scoringRow struct {
	passages           int
	outcomes, counters string
	scored             int64
	scores             map[string]int64
}

// sum returns the checksum of a scoring.
func (r *scoringRow) sum(runID string) int64 {
	var f fields
	f.text(runID)
	f.number(int64(r.passages))
	f.text(r.outcomes)
	f.text(r.counters)
	f.number(r.scored)
	for _, metric := range slices.Sorted(maps.Keys(r.scores)) {
		f.text(metric)
		f.number(r.scores[metric])
	}
	return f.sum()
}
