package sweeps_test

import (
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"nerbench/sweeps"
)

// FuzzRead: each plan is refused with its file, or has its points.
func FuzzRead(f *testing.F) {
	plans := os.DirFS("plans")
	names, err := fs.Glob(plans, "*.toml")
	if err != nil || len(names) == 0 {
		f.Fatal(names, err)
	}
	for _, name := range names {
		text, err := fs.ReadFile(plans, name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := sweeps.Read(fstest.MapFS{"x.toml": {Data: []byte(text)}}, "x.toml")
		if err != nil {
			if !strings.Contains(err.Error(), "x.toml") {
				t.Errorf("error without its file: %v", err)
			}
			return
		}
		s.All()
	})
}
