package onnx

import (
	"fmt"
	"unicode"
	"unicode/utf8"

	"github.com/knights-analytics/hugot/backends"
)

// piece is a token of the model, with its offsets in the text in bytes.
type piece struct {
	id         uint32
	text       string
	start, end int
	word       bool // begins a word
}

// encoder splits texts into the tokens of a model. It encodes word by word, because the
// offsets of the library are right only in ASCII text. All tokens of a non-ASCII word
// have the offsets of the whole word.
type encoder struct {
	tokenizer *backends.GoTokenizer
	begin     []uint32 // special tokens before every text
	end       []uint32 // special tokens after every text
	blank     bool     // a blank before a word is part of its first token
}

func newEncoder(t *backends.Tokenizer) (encoder, error) {
	e := encoder{tokenizer: t.GoTokenizer}
	switch ids := e.tokenizer.Tokenizer.Encode(""); len(ids) {
	case 0:
	case 2:
		e.begin, e.end = []uint32{uint32(ids[0])}, []uint32{uint32(ids[1])}
	default:
		return e, fmt.Errorf("%s: adds %d tokens to a text, want 0 or 2", tokenizerFile, len(ids))
	}
	if len(e.pieces("a")) == 0 {
		return e, fmt.Errorf("%s: returns no tokens for a text", tokenizerFile)
	}
	with, without := e.tokenizer.Tokenizer.Encode(" a"), e.tokenizer.Tokenizer.Encode("a")
	e.blank = fmt.Sprint(with) != fmt.Sprint(without)
	return e, nil
}

// pieces splits a text into tokens.
func (e encoder) pieces(text string) []piece {
	var out []piece
	for _, w := range words(text) {
		prefix := ""
		if e.blank && w.start > 0 && text[w.start-1] <= ' ' {
			prefix = " "
		}
		word := text[w.start:w.end]
		ascii := len(word) == utf8.RuneCountInString(word)
		encoded := e.tokenizer.Tokenizer.EncodeWithAnnotations(prefix + word)
		first := true
		for i, id := range encoded.IDs {
			if encoded.SpecialTokensMask[i] != 0 {
				continue
			}
			p := piece{id: uint32(id), start: w.start, end: w.end, word: first}
			if ascii {
				p.start = w.start + max(encoded.Spans[i].Start-len(prefix), 0)
				p.end = min(w.start+encoded.Spans[i].End-len(prefix), w.end)
				p.word = first || !letter(text[p.start-1]) || !letter(text[p.start])
			}
			if p.start >= p.end {
				continue
			}
			p.text, first = text[p.start:p.end], false
			out = append(out, p)
		}
	}
	return out
}

func letter(b byte) bool {
	return '0' <= b && b <= '9' || 'A' <= b && b <= 'Z' || 'a' <= b && b <= 'z'
}

// place is a range of bytes of a text.
type place struct{ start, end int }

// words are the parts of a text between white space. Words that are not ASCII are split
// further, into runs of letters and single marks.
func words(text string) []place {
	var out []place
	start := -1
	for i, c := range text + " " {
		switch {
		case !unicode.IsSpace(c) && c != 0:
			if start < 0 {
				start = i
			}
		case start >= 0:
			out = append(out, parts(text, start, i)...)
			start = -1
		}
	}
	return out
}

// parts splits a non-ASCII word.
func parts(text string, start, end int) []place {
	word := text[start:end]
	if len(word) == utf8.RuneCountInString(word) {
		return []place{{start, end}}
	}
	var out []place
	run := -1
	for i, c := range word {
		if unicode.IsLetter(c) || unicode.IsNumber(c) || unicode.IsMark(c) || c == '\u200d' {
			if run < 0 {
				run = i
			}
			continue
		}
		if run >= 0 {
			out = append(out, place{start + run, start + i})
			run = -1
		}
		out = append(out, place{start + i, start + i + utf8.RuneLen(c)})
	}
	if run >= 0 {
		out = append(out, place{start + run, end})
	}
	return out
}
