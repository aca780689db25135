package llama

import (
	"fmt"
	"runtime"
	"unsafe"
)

// goString copies a text of C's.
func goString(text *byte) string {
	if text == nil {
		return ""
	}
	n := 0
	for *(*byte)(unsafe.Add(unsafe.Pointer(text), n)) != 0 {
		n++
	}
	return string(unsafe.Slice(text, n))
}

// Tokens cuts a text into tokens. The vocabulary's beginning of a text is added if
// begin is set. Control strings in the text become their tokens (docs/spec/prompts.md §2.4).
func (l *Library) Tokens(v Vocab, text string, begin bool) ([]Token, error) {
	bytes := append([]byte(text), 0)     // never empty: C gets an address
	tokens := make([]Token, len(text)+8) // no token is less than a byte
	n := l.Tokenize(v, &bytes[0], int32(len(text)), &tokens[0], int32(len(tokens)), begin, true)
	runtime.KeepAlive(bytes)
	if n < 0 {
		return nil, fmt.Errorf("%d bytes of text do not fit %d tokens", len(text), len(tokens))
	}
	return tokens[:n:n], nil
}

// Piece is the text of a token; control tokens have none.
func (l *Library) Piece(v Vocab, t Token) []byte {
	buf := make([]byte, 64)
	n := l.TokenPiece(v, t, &buf[0], int32(len(buf)), 0, false)
	if n < 0 { // the room that it needs
		buf = make([]byte, -n)
		n = l.TokenPiece(v, t, &buf[0], int32(len(buf)), 0, false)
	}
	return buf[:max(n, 0):max(n, 0)]
}

// Text is how the vocabulary writes a token; empty if it has no such token.
func (l *Library) Text(v Vocab, t Token) string {
	if t < 0 || int32(t) >= l.VocabSize(v) {
		return ""
	}
	return l.TokenText(v, t)
}

// Logits are those of the token at a place of the batch, as many as the vocabulary
// has tokens; nil if they were not computed. The next [Library.Decode] overwrites
// them.
func (l *Library) Logits(ctx Context, place int32, size int) []float32 {
	first := l.LogitsAt(ctx, place)
	if first == nil {
		return nil
	}
	return unsafe.Slice(first, size)
}
