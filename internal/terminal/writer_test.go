package terminal_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"nerbench/internal/terminal"
)

const red, off = "\x1b[31m", "\x1b[0m"

func TestWriter(t *testing.T) {
	for _, tc := range []struct {
		name, text, want string
		styles           []string
	}{
		{"plain", "größe\t模型\n", "größe\t模型\n", nil},
		{"title", "\x1b]0;x\a", `\u001b]0;x\u0007`, nil},
		{"clear", "\x1b[2J", `\u001b[2J`, nil},
		{"C1", "\u009b2J", `\u009b2J`, nil},
		{"C1 as a byte", "\x9b2J", `\x9b2J`, nil},
		{"direction", "\u202ea\u2066b", `\u202ea\u2066b`, nil},
		{"over the line", "good\rbad\b", `good\rbad\u0008`, nil},
		{"delete", "\x7f", `\u007f`, nil},
		{"tags", "\U000e0041", `\udb40\udc41`, nil},
		{"replacement", "\ufffd", "\ufffd", nil},
		{"colour", red + "x" + off, red + "x" + off, []string{red, off}},
		{"other colour", "\x1b[32mx" + off, `\u001b[32mx` + off, []string{red, off}},
		{"no colour", red + "x", `\u001b[31mx`, nil},
		{"the end of a sequence is missing", "x\x1b[3", `x\u001b[3`, []string{red}},
		{"the end of a character is missing", "x\xe2\x80", `x\xe2\x80`, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for size := 1; size <= len(tc.text); size++ {
				if got := writtenIn(t, size, tc.text, tc.styles...); got != tc.want {
					t.Errorf("in pieces of %d: %q, want %q", size, got, tc.want)
				}
			}
		})
	}
}

func writtenIn(t *testing.T, size int, text string, styles ...string) string {
	t.Helper()
	var b bytes.Buffer
	var known []terminal.Style
	for _, s := range styles {
		known = append(known, terminal.Style{Mark: s, Sequence: s})
	}
	w := terminal.NewWriter(&b, func() []terminal.Style { return known })
	for rest := text; rest != ""; {
		n := min(size, len(rest))
		if done, err := w.Write([]byte(rest[:n])); done != n || err != nil {
			t.Fatalf("wrote %d of %d bytes, %v", done, n, err)
		}
		rest = rest[n:]
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestMarks: only the mark becomes a sequence, not the sequence itself.
func TestMarks(t *testing.T) {
	var b bytes.Buffer
	w := terminal.NewWriter(&b, func() []terminal.Style { return []terminal.Style{{Mark: "\x1b[31;123m", Sequence: red}} })
	if _, err := w.Write([]byte("\x1b[31;123mown\x1b[31mother\x1b[31;12m")); err != nil || w.Flush() != nil {
		t.Fatal(err)
	}
	if got, want := b.String(), red+`own\u001b[31mother\u001b[31;12m`; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestWriterReportsErrors(t *testing.T) {
	w := terminal.NewWriter(full{}, nil)
	if _, err := w.Write([]byte("x")); err == nil {
		t.Error("a failed write is no error")
	}
	if _, err := w.Write([]byte("\xe2")); err != nil {
		t.Error(err)
	}
	if w.Flush() == nil {
		t.Error("a failed flush is no error")
	}
}

// FuzzWriter: nothing that could disturb a terminal passes, whatever the pieces are;
// harmless text is unchanged; JSON keeps its meaning.
func FuzzWriter(f *testing.F) {
	for _, text := range []string{"größe\n", "\x1b]0;x\a", "\x1b[31mx\x1b[0m", "\u009b\u202e\U000e0041\x7f", "\xe2\x80", `{"a":"b"}`} {
		f.Add(text, uint8(1), true)
	}
	f.Fuzz(func(t *testing.T, text string, size uint8, colours bool) {
		var styles []string
		if colours {
			styles = []string{red, off}
		}
		got := writtenIn(t, int(size)+1, text, styles...)
		if whole := writtenIn(t, len(text)+1, text, styles...); whole != got {
			t.Errorf("whole: %q, in pieces: %q", whole, got)
		}
		bare := got
		for _, s := range styles {
			bare = strings.ReplaceAll(bare, s, "")
		}
		for _, r := range bare {
			if r != '\n' && r != '\t' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Bidi_Control, r)) {
				t.Errorf("%q has %U", got, r)
			}
		}
		if !utf8.ValidString(got) {
			t.Errorf("%q is not UTF-8", got)
		}
		if again := writtenIn(t, 7, got, styles...); again != got {
			t.Errorf("again: %q, was %q", again, got)
		}
		if line := terminal.Line(text); !colours && utf8.ValidString(text) && strings.ReplaceAll(got, "\n", `\n`) != line {
			t.Errorf("Line returns %q, the writer %q", line, got)
		}
		b, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		var before, after string
		if err := errors.Join(json.Unmarshal(b, &before), json.Unmarshal([]byte(writtenIn(t, 5, string(b), styles...)), &after)); err != nil || before != after {
			t.Errorf("JSON %s: %v, %q, was %q", b, err, after, before)
		}
	})
}
