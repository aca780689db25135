package llama

import "unsafe"

// Batch holds tokens to compute.
type Batch struct {
	BatchData
	// The arrays of the library.
	tokens        []Token
	positions     []Pos
	sequenceCount []int32
	sequences     []*SeqID
	continued     []int8
}

// NewBatch makes a batch for room tokens of one sequence each. Free it with
// [LlamaFunctions.BatchFree].
func (l *Library) NewBatch(room int) *Batch {
	b := &Batch{BatchData: l.BatchInit(int32(room), 0, 1)}
	b.Count = 0
	b.tokens = unsafe.Slice(b.Tokens, room)
	b.positions = unsafe.Slice(b.Positions, room)
	b.sequenceCount = unsafe.Slice(b.SequenceCount, room)
	b.sequences = unsafe.Slice(b.Sequences, room)
	b.continued = unsafe.Slice(b.Continued, room)
	return b
}

// Room is the number of tokens that can be added.
func (b *Batch) Room() int { return len(b.tokens) - int(b.Count) }

// Add adds a token. Its logits are computed if continued is set. Add panics if there is
// no room.
func (b *Batch) Add(t Token, pos Pos, seq SeqID, continued bool) {
	i := b.Count
	b.tokens[i], b.positions[i], b.sequenceCount[i] = t, pos, 1
	*b.sequences[i] = seq
	b.continued[i] = 0
	if continued {
		b.continued[i] = 1
	}
	b.Count++
}
