package llama

import (
	"fmt"
	"runtime"
	"unsafe"
)

// goString copies a string of C.
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

// Tokens splits a text into tokens. If begin is set, the BOS of the vocabulary is added.
// Control strings in the text become their tokens (docs/spec/prompts.md §2.4).
func (l *Library) Tokens(v Vocab, text string, begin bool) ([]Token, error) {
	bytes := append([]byte(text), 0)     // not empty, because C gets its address
	tokens := make([]Token, len(text)+8) // a token has at least one byte
	n := l.Tokenize(v, &bytes[0], int32(len(text)), &tokens[0], int32(len(tokens)), begin, true)
	runtime.KeepAlive(bytes)
	if n < 0 {
		return nil, fmt.Errorf("%d bytes of text do not fit %d tokens", len(text), len(tokens))
	}
	return tokens[:n:n], nil
}

// Piece is the text of a token. Control tokens have no text.
func (l *Library) Piece(v Vocab, t Token) []byte {
	buf := make([]byte, 64)
	n := l.TokenPiece(v, t, &buf[0], int32(len(buf)), 0, false)
	if n < 0 { // -n is the size that it needs
		buf = make([]byte, -n)
		n = l.TokenPiece(v, t, &buf[0], int32(len(buf)), 0, false)
	}
	return buf[:max(n, 0):max(n, 0)]
}

// Text is the text of a token in the vocabulary; empty: there is no such token.
func (l *Library) Text(v Vocab, t Token) string {
	if t < 0 || int32(t) >= l.VocabSize(v) {
		return ""
	}
	return l.TokenText(v, t)
}

// Logits are those of the token at a position of the batch, one for each token of the
// vocabulary; nil: not computed. The next [Library.Decode] overwrites them.
func (l *Library) Logits(ctx Context, place int32, size int) []float32 {
	first := l.LogitsAt(ctx, place)
	if first == nil {
		return nil
	}
	return unsafe.Slice(first, size)
}
