package terminal_test

import (
	"testing"

	"nerbench/internal/terminal"
)

func TestPrintable(t *testing.T) {
	for _, tc := range []struct{ name, text, want string }{
		{"plain", "ollama/llama3.2", "ollama/llama3.2"},
		{"letters of any script", "größe 模型", "größe 模型"},
		{"empty", "", `""`},
		{"escape sequence", "a\x1b[2J", `"a\u001b[2J"`},
		{"line end", "a\nb", `"a\nb"`},
		{"change of direction", "a\u202eb", `"a\u202eb"`},
		{"quote", `a"b`, `"a\"b"`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := terminal.Printable(tc.text); got != tc.want {
				t.Errorf("%s, want %s", got, tc.want)
			}
		})
	}
}

func TestLine(t *testing.T) {
	for _, tc := range []struct{ name, text, want string }{
		{"plain", `["größe", 'x'] \ 模型`, `["größe", 'x'] \ 模型`},
		{"empty", "", ""},
		{"tab", "a\tb", "a\tb"},
		{"escape sequence", "a\x1b[2J", `a\u001b[2J`},
		{"carriage return", "a\rb", `a\rb`},
		{"change of direction", "a\u202eb", `a\u202eb`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := terminal.Line(tc.text); got != tc.want {
				t.Errorf("%s, want %s", got, tc.want)
			}
		})
	}
}
