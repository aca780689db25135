package distill

import (
	"fmt"
	"slices"
	"testing"

	"nerbench/distill/corpus"
)

// TestFileDifferences: each file is compared, also those that corpus.toml does not name.
func TestFileDifferences(t *testing.T) {
	var files []corpus.File
	for i := range FilesNamed + 2 {
		files = append(files, corpus.File{Name: fmt.Sprintf("%05d.txt", i), SHA256: fmt.Sprintf("%064d", i), Bytes: 7})
	}
	var c Corpus
	c.SetFiles(&corpus.Report{Files: files})
	changed := func(i int, change func(*corpus.File)) []corpus.File {
		list := slices.Clone(files)
		change(&list[i])
		return list
	}
	for name, tc := range map[string]struct {
		files []corpus.File
		want  string
	}{
		"the same":                      {files, ""},
		"one less":                      {files[1:], "corpus"},
		"another name":                  {changed(3, func(f *corpus.File) { f.Name = "x.txt" }), "corpus"},
		"another text":                  {changed(3, func(f *corpus.File) { f.SHA256 = "00" }), "00003.txt"},
		"another text of the last file": {changed(FilesNamed+1, func(f *corpus.File) { f.SHA256 = "00" }), "corpus"},
		"another name of the last file": {changed(FilesNamed+1, func(f *corpus.File) { f.Name = "x.txt" }), "corpus"},
	} {
		t.Run(name, func(t *testing.T) {
			got := c.FileDifferences(tc.files)
			if (len(got) == 0) != (tc.want == "") || len(got) > 0 && got[0].Name != tc.want {
				t.Errorf("the differences are %v, want one of %q", got, tc.want)
			}
		})
	}
	without := changed(FilesNamed+1, func(*corpus.File) {})
	for i := range without {
		without[i].SHA256 = ""
	}
	if got := c.FileDifferences(without); got != nil {
		t.Errorf("without checksums the differences are %v", got)
	}
}
