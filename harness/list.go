package harness

import (
	"bufio"
	"bytes"
	"errors"
	"io"

	"nerbench/internal/fault"
)

// WriteList writes the JSON Lines that lines writes as one JSON list. If lines fails
// before its first value, nothing is written, unless the error is a
// [fault.PartialError].
func WriteList(w io.Writer, lines func(io.Writer) error) error {
	list := &jsonList{out: bufio.NewWriter(w)}
	err := lines(list)
	if err != nil && !list.begun && !errors.As(err, new(*fault.PartialError)) {
		return err
	}
	if closed := list.close(); closed != nil {
		return errors.Join(err, closed)
	}
	return err
}

// jsonList writes the JSON values of lines as one list.
type jsonList struct {
	out   *bufio.Writer
	rest  []byte // of a line without its end
	begun bool
}

func (l *jsonList) Write(p []byte) (int, error) {
	l.rest = append(l.rest, p...)
	for {
		line, rest, found := bytes.Cut(l.rest, []byte("\n"))
		if !found {
			return len(p), nil
		}
		separator := ",\n"
		if !l.begun {
			separator, l.begun = "[\n", true
		}
		if _, err := l.out.WriteString(separator); err != nil {
			return 0, err
		}
		if _, err := l.out.Write(line); err != nil {
			return 0, err
		}
		l.rest = rest
	}
}

// close ends the list; one without a line is empty.
func (l *jsonList) close() error {
	end := "\n]\n"
	if !l.begun {
		end = "[]\n"
	}
	if _, err := l.out.WriteString(end); err != nil {
		return err
	}
	return l.out.Flush()
}
