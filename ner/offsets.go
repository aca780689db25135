package ner

import (
	"fmt"
	"unicode/utf8"
)

// CodePoints converts offsets of one text between bytes, which the program uses
// inside, and Unicode code points, which its files use.
// The zero value is for the empty text.
type CodePoints struct {
	n     int   // length of the text in bytes
	bytes []int // byte offset of each code point and of the end; nil if ASCII
}

// NewCodePoints scans text once. It allocates nothing for ASCII.
func NewCodePoints(text string) CodePoints {
	c := CodePoints{n: len(text)}
	if isASCII(text) {
		return c
	}
	c.bytes = make([]int, 0, utf8.RuneCountInString(text)+1)
	for i := range text {
		c.bytes = append(c.bytes, i)
	}
	c.bytes = append(c.bytes, len(text))
	return c
}

func isASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// Len is the length of the text in code points.
func (c CodePoints) Len() int {
	if c.bytes == nil {
		return c.n
	}
	return len(c.bytes) - 1
}

// Byte returns the byte offset of code point i, 0 <= i <= Len.
func (c CodePoints) Byte(i int) (int, error) {
	if i < 0 || i > c.Len() {
		return 0, fmt.Errorf("offset %d: outside the text of %d code points", i, c.Len())
	}
	if c.bytes == nil {
		return i, nil
	}
	return c.bytes[i], nil
}

// CodePoint returns the number of code points before byte offset b, which must
// be a boundary of the text (see [Boundary]).
func (c CodePoints) CodePoint(b int) int {
	if c.bytes == nil {
		return b
	}
	lo, hi := 0, len(c.bytes)
	for lo < hi {
		mid := (lo + hi) / 2
		if c.bytes[mid] < b {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}
