package jsonl_test

import (
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"

	"nerbench/internal/jsonl"
)

func TestRead(t *testing.T) {
	long := `"` + strings.Repeat("x", 100_000) + `"`
	broken := errors.New("broken pipe")
	for _, tc := range []struct {
		name string
		in   io.Reader
		want []string // number:line
		err  string
	}{
		{"empty", strings.NewReader(""), nil, ""},
		{"lines", strings.NewReader("1\n2\n"), []string{"1:1\n", "2:2\n"}, ""},
		{"no line end", strings.NewReader("1\n2"), []string{"1:1\n", "2:2"}, ""},
		{"blank lines count", strings.NewReader("\n \r\n3\n"), []string{"3:3\n"}, ""},
		{"byte order mark", strings.NewReader("\uFEFF1\n\uFEFF2\n"), []string{"1:1\n", "2:\uFEFF2\n"}, ""},
		{"longer than the buffer", strings.NewReader(long + "\n" + long), []string{"1:" + long + "\n", "2:" + long}, ""},
		{"not UTF-8", strings.NewReader("1\na\xff\n"), []string{"1:1\n"}, "line 2: byte 2 of the line: not valid UTF-8"},
		{"read error", io.MultiReader(strings.NewReader("1\n"), iotest.ErrReader(broken)), []string{"1:1\n"}, "line 2: broken pipe"},
		{"error of f", strings.NewReader("1\nfail\n3\n"), []string{"1:1\n"}, "line 2: a bad line"},
		{"stopped", strings.NewReader("1\nstop\n3\n"), []string{"1:1\n"}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var got []string
			err := jsonl.Read(tc.in, func(number int, line []byte) error {
				switch strings.TrimSpace(string(line)) {
				case "fail":
					return errors.New("a bad line")
				case "stop":
					return jsonl.ErrStop
				}
				got = append(got, strconv.Itoa(number)+":"+string(line))
				return nil
			})
			if !slices.Equal(got, tc.want) {
				t.Errorf("lines are %q, want %q", got, tc.want)
			}
			text := ""
			if err != nil {
				text = err.Error()
				if !errors.As(err, new(*jsonl.LineError)) {
					t.Errorf("error is not a LineError: %v", err)
				}
			}
			if text != tc.err {
				t.Errorf("error is %q, want %q", text, tc.err)
			}
		})
	}
}

func TestReadBoundsALine(t *testing.T) {
	err := jsonl.Read(io.LimitReader(letters{}, 1<<30), func(int, []byte) error { return nil })
	if err == nil || !strings.Contains(err.Error(), "line 1: a line of more than 64 MiB") {
		t.Errorf("error is %v", err)
	}
}

// letters is a line without an end.
type letters struct{}

func (letters) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

func TestWriter(t *testing.T) {
	var out strings.Builder
	w := jsonl.NewWriter(&out)
	for _, v := range []any{map[string]string{"a": "<é>"}, []int{1}} {
		if err := w.Write(v); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if want := "{\"a\":\"<é>\"}\n[1]\n"; out.String() != want {
		t.Errorf("wrote %q, want %q", out.String(), want)
	}
}
