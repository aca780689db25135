package cards_test

import (
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"nerbench/runners/cards"
)

// FuzzRead: each card is refused with its file, or has a title and can be found.
func FuzzRead(f *testing.F) {
	data := os.DirFS("data")
	names, err := fs.Glob(data, "*.toml")
	if err != nil || len(names) == 0 {
		f.Fatal(names, err)
	}
	for _, name := range names {
		text, err := fs.ReadFile(data, name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Fuzz(func(t *testing.T, text string) {
		all, err := cards.Read(fstest.MapFS{"x.toml": {Data: []byte(text)}})
		if err != nil {
			if !strings.Contains(err.Error(), "x.toml") {
				t.Errorf("error without its file: %v", err)
			}
			return
		}
		if c, err := cards.Find(all, "x"); err != nil || c.Title == "" {
			t.Errorf("card %+v, %v", c, err)
		}
	})
}
