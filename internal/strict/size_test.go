package strict_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"nerbench/internal/strict"
)

func read(text string, v any) error {
	return strict.ReadTOML(fstest.MapFS{"f.toml": {Data: []byte(text)}}, "f.toml", v)
}

func lines(n int, format string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

// TestLimits: a file that would need much time or memory is an error at once.
func TestLimits(t *testing.T) {
	for _, tc := range []struct{ name, text, want string }{
		{"5 MB of brackets", strings.Repeat("[", 5<<20), "read f.toml: more than 1048576 bytes"},
		{"brackets", "\n" + strings.Repeat("[", 1000), "f.toml:2: arrays or tables nested"},
		{"nested arrays", "x = " + strings.Repeat("[", 1<<19), "f.toml:1: arrays or tables nested more than 16 levels deep"},
		{"nested tables", "x = " + strings.Repeat("{a=", 1<<18), "f.toml:1: arrays or tables nested"},
		{"a key of many parts", "x = 1\n" + strings.Repeat("a . ", 200_000) + "a = 1", "f.toml:2: a key of more than 16 parts"},
		{"a key of many quoted parts", strings.Repeat(`"a".`, 20_000) + "a = 1", "f.toml:1: a key of more than 16 parts"},
		{"many dotted keys", lines(100_000, "a.%d=1\n"), "f.toml:10001: more than 10000 keys"},
		{"many tables", lines(100_000, "\t[a%d]\n"), "f.toml:10002: more than 10000 keys"},
		{"unknown keys", lines(9_000, "a%d = 1\n"), `f.toml:1: key "a0": unknown`},
		{"an open string", `x = "` + strings.Repeat("a", 1000), "f.toml:1: "},
		{"an open long string", `x = """` + strings.Repeat("a\n", 1000), "f.toml:"},
		{"an unknown empty key", "X = 1\n'' = ''\n", `f.toml: key`},
		{"a quote", `x = '`, "f.toml:1: "},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var v struct{ X any }
			err := read(tc.text, &v)
			if err == nil || !strings.HasPrefix(err.Error(), tc.want) || len(err.Error()) > 1000 {
				t.Errorf("error %.1000v, want %q", err, tc.want)
			}
		})
	}
}

// TestNoLimit: marks in strings and comments are not counted.
func TestNoLimit(t *testing.T) {
	marks := strings.Repeat("[a.=", 20_000)
	text := "# " + marks + "\nx = [\"" + marks + `\"` + marks + "\", '" + marks + "', '''\n" + marks + "'\n" + marks + "''',\n\"\"\"" + marks + "\\\"\"\"\"]\n"
	var v struct{ X []string }
	if err := read(text, &v); err != nil || len(v.X) != 4 || len(v.X[0]) != 2*len(marks)+1 {
		t.Errorf("%d strings, %v", len(v.X), err)
	}
}

// FuzzReadTOML: each text ends in values or in an error that names the file.
func FuzzReadTOML(f *testing.F) {
	f.Add("x = 1\n[y]\nz = ['a', \"b\"]\n")
	f.Add("a.b.c = {d = [[1]]}\n[[t]]\n# no\nx = '''\n''' \n")
	f.Fuzz(func(t *testing.T, text string) {
		var v struct {
			X int
			Y struct{ Z []string }
		}
		if err := read(text, &v); err != nil && !strings.HasPrefix(err.Error(), "f.toml") {
			t.Errorf("error %v", err)
		}
	})
}
