package names

import (
	"errors"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
)

func TestLocal(t *testing.T) {
	long := strings.Repeat("x", MaxElement)
	for name, tc := range map[string]struct {
		name, want string
		err        error
	}{
		"file":                      {"a.txt", "a.txt", nil},
		"folders":                   {"a/b/c.txt", "a/b/c.txt", nil},
		"current folder":            {"./a//b/./c.txt", "a/b/c.txt", nil},
		"dots in a name":            {"a..b/...c/d..", "a..b/...c/d..", nil},
		"hidden":                    {".a/.b", ".a/.b", nil},
		"letters":                   {"Zoë/文.txt", "Zoë/文.txt", nil},
		"not UTF-8":                 {"Zo\xeb.txt", "Zo\xeb.txt", nil},
		"longest element":           {long, long, nil},
		"begins like a device":      {"console.txt", "console.txt", nil},
		"a device as an ending":     {"x.con", "x.con", nil},
		"com and a word":            {"com10/lpt.txt", "com10/lpt.txt", nil},
		"parent":                    {"../x", "", ErrOutside},
		"parent inside":             {"a/../x", "", ErrOutside},
		"parent under a pattern":    {"conll-2012-test/data/english/annotations/a/b/../../../../../../../x.gold_conll", "", ErrOutside},
		"parent that remains local": {"conll-2012-test/a/b/../../../x", "", ErrOutside},
		"parent with blanks":        {"a/.. /x", "", ErrOutside},
		"more dots":                 {"a/.../x", "", ErrOutside},
		"parent, backslash":         {`a\..\..\x`, "", ErrOutside},
		"absolute":                  {"/etc/passwd", "", ErrOutside},
		"absolute, backslash":       {`\\host\share`, "", ErrOutside},
		"empty":                     {"", "", ErrOutside},
		"dot":                       {"./", "", ErrOutside},
		"backslash":                 {`a\b`, "", ErrUnusable},
		"line end":                  {"a\n.txt", "", ErrUnusable},
		"zero":                      {"a\x00.txt", "", ErrUnusable},
		"escape":                    {"a\x1b[2J.txt", "", ErrUnusable},
		"C1":                        {"a\u009b2J.txt", "", ErrUnusable},
		"device":                    {"a/NUL", "", ErrUnusable},
		"device with ending":        {"con.txt", "", ErrUnusable},
		"device with blanks":        {"aux .txt", "", ErrUnusable},
		"device in a folder":        {"Com1/x", "", ErrUnusable},
		"device, superscript":       {"LPT².txt", "", ErrUnusable},
		"blank":                     {"a/ /b", "", ErrUnusable},
		"long element":              {long + "x", "", ErrUnusable},
		"long name":                 {strings.Repeat("x/", MaxName/2) + "x", "", ErrUnusable},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Local(tc.name)
			if got != tc.want || !errors.Is(err, tc.err) || (err == nil) != (tc.err == nil) {
				t.Errorf("%q: %q, %v; want %q, %v", tc.name, got, err, tc.want, tc.err)
			}
		})
	}
}

func TestElement(t *testing.T) {
	for name, ok := range map[string]bool{"a.txt": true, "a/b": false, "./a": false, "a/": false, "..": false, "nul": false} {
		if got, err := Element(name); (err == nil) != ok || ok && got != name {
			t.Errorf("%q: %q, %v", name, got, err)
		}
	}
}

// FuzzLocal writes each name that is permitted, without an os.Root: the file is below
// the folder, and nothing is beside the folder.
func FuzzLocal(f *testing.F) {
	for _, name := range []string{
		"a/b", "./a", "../x", "a/../../x", `a\..\..\x`, "/x", "nul", "a\x00b", "C:x", "//x/y", ".../x", "a/./b//c", strings.Repeat("../", 9) + "x",
	} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		local, err := Local(name)
		if err != nil {
			if local != "" || !errors.Is(err, ErrOutside) && !errors.Is(err, ErrUnusable) {
				t.Fatalf("%q: %q, %v", name, local, err)
			}
			return
		}
		if again, err := Local(local); err != nil || again != local || path.Clean(local) != local {
			t.Fatalf("%q: %q is not clean: %q, %v", name, local, again, err)
		}
		if strings.ContainsFunc(local, unicode.IsControl) || strings.Contains(local, `\`) || len(local) > MaxName {
			t.Fatalf("%q: %q", name, local)
		}
		outer := t.TempDir()
		folder := filepath.Join(outer, "a", "b")
		to := filepath.Join(folder, filepath.FromSlash(local))
		if rel, err := filepath.Rel(folder, to); err != nil || rel == "." || !filepath.IsLocal(rel) {
			t.Fatalf("%q: %s is not below the folder", name, to)
		}
		if err := errors.Join(os.MkdirAll(filepath.Dir(to), 0o700), os.WriteFile(to, nil, 0o600)); err != nil {
			t.Fatalf("%q cannot be written: %v", local, err)
		}
		for _, of := range []string{outer, filepath.Dir(folder)} {
			if entries, err := os.ReadDir(of); err != nil || len(entries) != 1 {
				t.Fatalf("%q: %d entries of %s, %v", name, len(entries), of, err)
			}
		}
	})
}
