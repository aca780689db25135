package terminal

import (
	"bytes"
	"io"
	"sync"
	"unicode/utf8"
)

// Writer escapes what could disturb a terminal in all that is written to it, as [Line]
// does; ends of lines stay. It is the last stage before a stream. An incomplete
// character or sequence at the end of a write waits for the next one, or for
// [Writer.Flush]. Several goroutines may use it at once.
type Writer struct {
	to     io.Writer
	styles func() []string // sequences that pass

	mu   sync.Mutex
	rest []byte // an incomplete character or sequence
}

// NewWriter returns a writer. styles returns the sequences of the program itself, such as
// those for colours, which pass unchanged; nil: there are none. It is called for each
// escape character.
func NewWriter(to io.Writer, styles func() []string) *Writer { return &Writer{to: to, styles: styles} }

// Unwrap returns the stream to which the writer writes.
func (w *Writer) Unwrap() io.Writer { return w.to }

// Write implements [io.Writer].
func (w *Writer) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	text := p
	if len(w.rest) > 0 {
		text = append(w.rest, p...)
	}
	out, rest := w.escaped(text, false)
	w.rest = bytes.Clone(rest)
	if len(out) == 0 {
		return len(p), nil
	}
	if _, err := w.to.Write(out); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Flush writes an incomplete character or sequence, with escapes.
func (w *Writer) Flush() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.rest) == 0 {
		return nil
	}
	out, _ := w.escaped(w.rest, true)
	w.rest = nil
	_, err := w.to.Write(out)
	return err
}

// escaped escapes a text up to an incomplete character or sequence at its end; if last is
// set, there is none.
func (w *Writer) escaped(text []byte, last bool) (out, rest []byte) {
	out = make([]byte, 0, len(text))
	for len(text) > 0 {
		if style, part := w.style(text); style > 0 {
			out, text = append(out, text[:style]...), text[style:]
			continue
		} else if part && !last {
			return out, text
		}
		if !utf8.FullRune(text) && !last {
			return out, text
		}
		r, size := utf8.DecodeRune(text)
		if r == '\n' || r == '\t' || safe(r) && !(r == utf8.RuneError && size == 1) {
			out = append(out, text[:size]...)
		} else {
			out = escape(out, r, string(text[:size]))
		}
		text = text[size:]
	}
	return out, nil
}

// style returns the length of a sequence of the program at the beginning of a text; part
// is set if the whole text is the beginning of one.
func (w *Writer) style(text []byte) (size int, part bool) {
	if w.styles == nil || text[0] != 0x1b {
		return 0, false
	}
	for _, s := range w.styles() {
		switch {
		case len(text) >= len(s) && string(text[:len(s)]) == s:
			return len(s), false
		case len(text) < len(s) && s[:len(text)] == string(text):
			part = true
		}
	}
	return 0, part
}
