package site

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"math"
	"slices"

	"nerbench/ner"
)

// runIndex has the counts and the errors of one run in all passages of its dataset:
// what filters and comparisons need, without any text.
type runIndex struct {
	passages []passageIndex
	errors   []errorIndex // by passage
	types    map[ner.EntityType][]byte
}

// passageIndex has the counts of a passage.
type passageIndex struct {
	tp, fp, fn int
	outcome    ner.Outcome // the worst of its answers; empty: none
	classes    uint8       // a bit for each of Classes, by its index
	unreadable bool        // an answer counts as failed
	answers    bool        // the chunks have the passage
	complete   bool
}

// wrong reports whether the passage has an error or an answer that counts as failed.
func (p *passageIndex) wrong() bool { return p.fp > 0 || p.fn > 0 || p.unreadable }

// errorIndex is a gold entity that a run missed, or a prediction that is not gold.
type errorIndex struct {
	passage int
	missed  bool
	key     uint32 // equal where two runs make the same error in the passage
	span    ner.PointSpan
	placed  bool // the entity has offsets
}

// The bits of the last byte of a passage, above those of Classes.
const (
	bitUnreadable = 1 << 5
	bitAnswers    = 1 << 6
	bitComplete   = 1 << 7
)

// newRunIndex returns the index of a run without answers.
func newRunIndex(passages int) *runIndex {
	return &runIndex{passages: make([]passageIndex, passages), types: map[ner.EntityType][]byte{}}
}

// add adds the prediction for the passage with number p. Without permission to show
// text, the key of a mention that is not in the text is cut to 16 bits, from which it
// cannot be found again.
func (x *runIndex) add(p int, a *Answered, points ner.CodePoints, text bool) *passageIndex {
	at := &x.passages[p]
	*at = passageIndex{tp: a.Score.TP, fp: a.Score.NPred - a.Score.TP, fn: a.Score.NGold - a.Score.TP, complete: true}
	for _, answer := range a.Answers {
		at.unreadable = at.unreadable || answer.Outcome.Failure()
		if rank(answer.Outcome) > rank(at.outcome) {
			at.outcome = answer.Outcome
		}
	}
	first := len(x.errors)
	for _, e := range a.Errors {
		at.classes |= 1 << slices.Index(Classes, e.Class)
		if e.Class != Spurious {
			x.addError(first, errorIndex{passage: p, missed: true, span: pointSpan(e.Gold, points), placed: true}, "", math.MaxUint32)
		}
		if e.Class != Missed {
			wrong, mask := errorIndex{passage: p, span: ner.PointSpan{Type: e.Predicted.Type}}, uint32(math.MaxUint32)
			if wrong.placed = !e.Unaligned && ner.ValidSpan(a.Text, e.Predicted); wrong.placed {
				wrong.span = pointSpan(e.Predicted, points)
			} else if !text {
				mask = math.MaxUint16
			}
			x.addError(first, wrong, cmp.Or(e.Mention, outside(e.Predicted)), mask)
		}
	}
	return at
}

// outside names a prediction that is not a range of the text.
func outside(s ner.Span) string { return fmt.Sprintf("[%d,%d)", s.Start, s.End) }

// addError adds an error, unless the passage, whose errors begin at first, has it. The
// mask selects the bits of its key.
func (x *runIndex) addError(first int, e errorIndex, mention string, mask uint32) {
	h := fnv.New32a()
	var b [9]byte
	if e.placed {
		b[8] = 1
		binary.LittleEndian.PutUint32(b[:], uint32(e.span.Start))
		binary.LittleEndian.PutUint32(b[4:], uint32(e.span.End))
	}
	h.Write(b[:])
	h.Write([]byte(e.span.Type))
	h.Write([]byte{0})
	h.Write([]byte(mention))
	e.key = h.Sum32() & mask
	x.mark(e.span.Type, e.passage)
	if !slices.ContainsFunc(x.errors[first:], func(o errorIndex) bool { return o.missed == e.missed && o.key == e.key }) {
		x.errors = append(x.errors, e)
	}
}

// mark records that a passage has an error about a type.
func (x *runIndex) mark(t ner.EntityType, passage int) {
	bits := x.types[t]
	if bits == nil {
		bits = make([]byte, (len(x.passages)+7)/8)
		x.types[t] = bits
	}
	bits[passage/8] |= 1 << (passage % 8)
}

func pointSpan(s ner.Span, points ner.CodePoints) ner.PointSpan {
	return ner.PointSpan{Start: points.CodePoint(s.Start), End: points.CodePoint(s.End), Type: s.Type}
}

// rank orders outcomes by how much a reader wants to see them: failures first.
func rank(o ner.Outcome) int {
	switch o {
	case "":
		return 0
	case ner.Empty:
		return 1
	case ner.OK:
		return 2
	case ner.Repaired:
		return 3
	}
	return 4
}

// indexFile is the data file of a run's index. All numbers are little endian.
type indexFile struct {
	// Passages has 8 bytes for each passage: tp, fp and fn with 2 bytes each, the
	// outcome (its number in [ner.Outcomes], from 1), and the bits of the classes of its
	// errors, of an unreadable answer, of answers in the chunks, and of completeness.
	Passages []byte `json:"passages"`
	// Types has for each type a bit for each passage: an error about the type.
	Types map[ner.EntityType][]byte `json:"types"`
	// Errors has for each passage with errors two numbers of 2 bytes, of missed gold
	// entities and of wrong predictions, and then their keys, with 4 bytes each.
	Errors []byte `json:"errors"`
}

func (x *runIndex) file() indexFile {
	f := indexFile{Passages: make([]byte, 0, 8*len(x.passages)), Types: x.types, Errors: []byte{}}
	at := 0
	for p := range x.passages {
		f.Passages = x.passages[p].append(f.Passages)
		end := at
		for end < len(x.errors) && x.errors[end].passage == p {
			end++
		}
		if x.passages[p].fp > 0 || x.passages[p].fn > 0 {
			f.Errors = appendErrors(f.Errors, x.errors[at:end])
		}
		at = end
	}
	return f
}

func (p *passageIndex) append(b []byte) []byte {
	for _, n := range []int{p.tp, p.fp, p.fn} {
		b = binary.LittleEndian.AppendUint16(b, uint16(min(n, math.MaxUint16)))
	}
	bits := p.classes
	for bit, set := range map[uint8]bool{bitUnreadable: p.unreadable, bitAnswers: p.answers, bitComplete: p.complete} {
		if set {
			bits |= bit
		}
	}
	return append(b, uint8(slices.Index(ner.Outcomes, p.outcome)+1), bits)
}

func appendErrors(b []byte, errors []errorIndex) []byte {
	var missed, spurious []errorIndex
	for _, e := range errors {
		if e.missed {
			missed = append(missed, e)
		} else {
			spurious = append(spurious, e)
		}
	}
	missed, spurious = missed[:min(len(missed), math.MaxUint16)], spurious[:min(len(spurious), math.MaxUint16)]
	b = binary.LittleEndian.AppendUint16(b, uint16(len(missed)))
	b = binary.LittleEndian.AppendUint16(b, uint16(len(spurious)))
	for _, e := range slices.Concat(missed, spurious) {
		b = binary.LittleEndian.AppendUint32(b, e.key)
	}
	return b
}
