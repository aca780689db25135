package loaders

import (
	"archive/zip"
	"bytes"
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"nerbench/datasets"
	"nerbench/internal/names"
	"nerbench/ner"
)

// archived is a dataset whose test split is a zip archive of its files.
func archived(t *testing.T, files ...[2]string) (fs.FS, *datasets.Dataset) {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, f := range files {
		m, err := w.Create(f[0])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := m.Write([]byte(f[1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return fstest.MapFS{"own/texts.zip": {Data: b.Bytes()}}, &datasets.Dataset{
		ID: "own", DataDir: "own", Families: []string{"brat"}, Labels: []datasets.Label{{Native: "PER", Type: "person"}},
		Sets: []datasets.Set{{Name: "own", Family: "brat", Primary: true, Unit: "document", Splits: []datasets.Part{
			{Name: ner.Test, Files: []datasets.File{{Path: "texts/*"}}},
		}}},
	}
}

// The temporary files of archives are closed at the end of the reading, even if it
// stops early or fails.
func TestArchivesAreClosed(t *testing.T) {
	good, bad := [2]string{"a.ann", "T1\tPER 0 4\tMira\n"}, [2]string{"a.ann", "T1\tORG 0 4\tMira\n"}
	for name, tc := range map[string]struct {
		annotations [2]string
		yield       func(*ner.Document, error) bool
	}{
		"read to the end": {good, func(*ner.Document, error) bool { return true }},
		"stopped":         {good, func(*ner.Document, error) bool { return false }},
		"failed":          {bad, func(*ner.Document, error) bool { return true }},
	} {
		t.Run(name, func(t *testing.T) {
			data, dataset := archived(t, [2]string{"a.txt", "Mira left."}, tc.annotations)
			r, err := newReading(t.Context(), data, dataset, Options{Split: ner.Test})
			if err != nil {
				t.Fatal(err)
			}
			r.start(&Tally{}, tc.yield)
			err = r.read()
			if (err != nil) != (name != "read to the end") || len(r.archives) != 1 {
				t.Fatalf("error %v, %d archives", err, len(r.archives))
			}
			for _, files := range r.archives {
				if _, err := fs.ReadFile(files, "a.txt"); !errors.Is(err, os.ErrClosed) {
					t.Errorf("error %v, want that of a closed file", err)
				}
			}
		})
	}
}

// An archive with a member outside the archive's folder is refused as a whole.
func TestArchiveNames(t *testing.T) {
	data, dataset := archived(t, [2]string{"a.txt", "Mira left."}, [2]string{"a.ann", ""}, [2]string{"../b.txt", "x"})
	docs, _, err := Documents(t.Context(), data, dataset, Options{Split: ner.Test})
	if err != nil {
		t.Fatal(err)
	}
	var last error
	for _, err := range docs {
		last = err
	}
	if !errors.Is(last, names.ErrOutside) || !strings.HasPrefix(last.Error(), `dataset own: texts.zip: member "../b.txt": `) {
		t.Errorf("error %v", last)
	}
}
