package jsonl

import (
	"bufio"
	"encoding/json"
	"io"
)

// Writer writes JSON values, one a line, through a buffer. Letters are not escaped
// for HTML.
type Writer struct {
	buffer *bufio.Writer
	encode *json.Encoder
}

// NewWriter returns a writer of lines to w.
func NewWriter(w io.Writer) *Writer {
	buffer := bufio.NewWriterSize(w, 1<<16)
	encode := json.NewEncoder(buffer)
	encode.SetEscapeHTML(false)
	return &Writer{buffer, encode}
}

// Write writes one value and a line end. It is not written out before the buffer
// is full, or [Writer.Flush] is called.
func (w *Writer) Write(value any) error { return w.encode.Encode(value) }

// Flush writes out the buffer.
func (w *Writer) Flush() error { return w.buffer.Flush() }
