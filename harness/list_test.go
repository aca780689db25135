package harness

import (
	"errors"
	"io"
	"strings"
	"testing"

	"nerbench/internal/fault"
)

func TestWriteList(t *testing.T) {
	broken, partial := errors.New("broken"), &fault.PartialError{Err: errors.New("one failed")}
	for _, tc := range []struct {
		name   string
		pieces []string // as they are written
		err    error
		want   string
	}{
		{"no line", nil, nil, "[]\n"},
		{"one line", []string{"{}\n"}, nil, "[\n{}\n]\n"},
		{"a line in pieces", []string{"{", "}\n1", "\n"}, nil, "[\n{},\n1\n]\n"},
		{"failure before the first line", nil, broken, ""},
		{"failure after a line", []string{"1\n"}, broken, "[\n1\n]\n"},
		{"part failed, no line", nil, partial, "[]\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var b strings.Builder
			err := WriteList(&b, func(w io.Writer) error {
				for _, p := range tc.pieces {
					if _, err := io.WriteString(w, p); err != nil {
						return err
					}
				}
				return tc.err
			})
			if err != tc.err || b.String() != tc.want {
				t.Errorf("wrote %q, error %v; want %q, %v", b.String(), err, tc.want, tc.err)
			}
		})
	}
}
