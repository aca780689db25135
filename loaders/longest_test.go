package loaders_test

import (
	"io"
	"io/fs"
	"strings"
	"testing"
	"time"

	"nerbench/loaders"
	"nerbench/ner"
)

// unended is a data folder of one file, without an end: a head, and a text again and
// again.
type unended struct {
	name, head, again string
}

func (e unended) Open(name string) (fs.File, error) {
	switch name {
	case "own/" + e.name:
		return &unendedFile{e, strings.NewReader(e.head)}, nil
	case ".", "own":
		return nil, fs.ErrInvalid // the name is fixed, nothing is searched
	}
	return nil, fs.ErrNotExist
}

type unendedFile struct {
	unended
	now *strings.Reader
}

func (f *unendedFile) Read(p []byte) (int, error) {
	n, err := f.now.Read(p)
	if err == io.EOF {
		f.now.Reset(f.again)
		return n, nil
	}
	return n, err
}

func (f *unendedFile) Close() error               { return nil }
func (f *unendedFile) Stat() (fs.FileInfo, error) { return f, nil }
func (f *unendedFile) Name() string               { return f.name }
func (f *unendedFile) Size() int64                { return 1 << 40 }
func (f *unendedFile) Mode() fs.FileMode          { return 0o444 }
func (f *unendedFile) ModTime() time.Time         { return time.Time{} }
func (f *unendedFile) IsDir() bool                { return false }
func (f *unendedFile) Sys() any                   { return nil }

// TestEndlessDocument: a document that does not end is an error, before the memory is
// full.
func TestEndlessDocument(t *testing.T) {
	text := strings.Repeat("abcdefg ", 4096)
	for _, tc := range []struct {
		family, unit string
		unended
	}{
		{"dygie-json", "document", unended{"a", `{"sentences": [["`, text}},
		{"conllu", "sentence", unended{"a", "", strings.Repeat(word("1", strings.Repeat("Zoë", 1000), "_"), 16)}},
		{"bioc-xml", "document", unended{"a", "<collection><document><id>1</id><passage><offset>0</offset><text>", text}},
		{"csv-tokens", "document", unended{"a", "token,tag,doc\n", strings.Repeat(strings.Repeat("Zoë", 1000)+",0,0\n", 16)}},
	} {
		t.Run(tc.family, func(t *testing.T) {
			docs, _, err := loaders.Documents(t.Context(), tc.unended, familyDataset(tc.family, tc.unit, "a"), loaders.Options{Split: ner.Test})
			if err == nil {
				for _, err = range docs {
					if err != nil {
						break
					}
				}
			}
			if err == nil || !strings.Contains(err.Error(), "64 MiB") && !strings.Contains(err.Error(), "65 MiB") || len(err.Error()) > 300 {
				t.Errorf("error %.300v", err)
			}
		})
	}
}
