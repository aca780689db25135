package site

import (
	"flag"
	"testing"
)

// written is a folder for the generated site, to be looked at.
var written = flag.String("site", "", "write the generated site into this `folder`")

func TestWriteGenerated(t *testing.T) {
	dir := *written
	if dir == "" {
		dir = t.TempDir()
	}
	if _, err := Build(t.Context(), dir, generated(50, 49), nil, Options{}); err != nil {
		t.Fatal(err)
	}
}
