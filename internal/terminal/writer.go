package terminal

import (
	"bytes"
	"io"
	"sync"
	"unicode/utf8"
)

// Style is a sequence of the program itself, such as that for a colour. Where the
// program writes Mark, the terminal gets Sequence.
type Style struct{ Mark, Sequence string }

// Writer escapes what could disturb a terminal in all that is written to it, as [Line]
// does; ends of lines stay. It is the last stage before a stream. An incomplete
// character or sequence at the end of a write waits for the next one, or for
// [Writer.Flush]. Several goroutines may use it at once.
type Writer struct {
	to     io.Writer
	styles func() []Style

	mu   sync.Mutex
	rest []byte // an incomplete character or sequence
}

// NewWriter returns a writer. styles is called for each escape character, with which all
// marks begin; nil: there are no styles. A mark that text from outside cannot contain
// keeps that text from having a style.
func NewWriter(to io.Writer, styles func() []Style) *Writer { return &Writer{to: to, styles: styles} }

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
		if s, part := w.style(text); s.Mark != "" {
			out, text = append(out, s.Sequence...), text[len(s.Mark):]
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

// style returns the style at the beginning of a text; part is set if the whole text is
// the beginning of a mark.
func (w *Writer) style(text []byte) (found Style, part bool) {
	if w.styles == nil || text[0] != 0x1b {
		return Style{}, false
	}
	for _, s := range w.styles() {
		switch {
		case bytes.HasPrefix(text, []byte(s.Mark)):
			return s, false
		case bytes.HasPrefix([]byte(s.Mark), text):
			part = true
		}
	}
	return Style{}, part
}
