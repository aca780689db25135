package jsonl

import (
	"bufio"
	"encoding/json"
	"io"
)

// Writer writes JSON values, one per line, through a buffer. It does not escape
// HTML.
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

// Write writes one value and a line end to the buffer, which is flushed when it is
// full, or by [Writer.Flush].
func (w *Writer) Write(value any) error { return w.encode.Encode(value) }

// Flush writes the content of the buffer.
func (w *Writer) Flush() error { return w.buffer.Flush() }
